using System.Net;
using System.Text.RegularExpressions;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>Looks for secrets in all that a server printed with every category turned up to Trace.</summary>
internal static class LogSearch
{
    public static readonly Dictionary<string, string> Loudest = ((string[])
    [
        "LogLevel:Default", "LogLevel:Microsoft.AspNetCore", "LogLevel:Microsoft.EntityFrameworkCore", "LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics",
        "Console:LogLevel:Default", "Console:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Console:LogLevel:Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure.PageActionInvoker",
    ]).ToDictionary(name => "Logging:" + name, _ => "Trace");

    public static void AddCookies(Dictionary<string, string> secrets, Browser browser, TestIdp idp, string whose = "")
    {
        foreach (var cookie in browser.Cookies.GetCookies(new Uri(idp.Issuer)).Cast<Cookie>().Where(cookie => cookie.Name is not ("idp.lang" or "idp.theme")))
            secrets[whose + cookie.Name] = cookie.Value;
    }

    /// <summary>Ends the server, which is a process of its own, and reads what it has said.</summary>
    public static async Task AssertNoneAsync(TestIdp idp, Dictionary<string, string> secrets)
    {
        await idp.KillAsync();
        var log = idp.PrintedBy();
        Assert.Contains("Microsoft.AspNetCore.Routing", log, StringComparison.Ordinal);
        Assert.Contains("Microsoft.AspNetCore.Server.Kestrel", log, StringComparison.Ordinal);
        Assert.DoesNotContain(secrets, secret => secret.Value.Length < 6);
        // As words of their own: six digits also occur inside longer numbers.
        var leaks = secrets.Select(pair => (pair.Key, Line: Regex.Match(log, $@"^.*(?<![0-9A-Za-z]){Regex.Escape(pair.Value)}(?![0-9A-Za-z]).*$", RegexOptions.Multiline)))
            .Where(leak => leak.Line.Success).Select(leak => $"the {leak.Key}: {leak.Line.Value[..Math.Min(leak.Line.Length, 600)]}").ToList();
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
    }
}
