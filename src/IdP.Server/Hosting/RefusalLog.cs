using Microsoft.AspNetCore.Http.Features;

namespace IdP.Server.Hosting;

/// <summary>
/// One line for each refusal, with the reference that the page shows: libraries hide the errors they are answered with, and a person who calls the
/// operator has the reference only. Never a secret (I-7): of what was sent only the client's id and the redirect URI without its query.
/// </summary>
internal sealed class RefusalLog(ILogger<RefusalLog> log)
{
    private const int Longest = 200;

    /// <param name="code">The standard's error code.</param>
    /// <param name="detail">The description; constant text, never what was sent.</param>
    /// <param name="redirectUri">The address that the answer goes to, where it goes to one.</param>
    public void Write(HttpContext http, string code, string? detail, string? redirectUri = null)
    {
        if (!log.IsEnabled(LogLevel.Information))
            return;
        log.LogInformation("{Method} {Path} was refused with {Code}: {Detail} (client {ClientId}, redirect URI {RedirectUri}, reference {Reference})",
            http.Request.Method, http.Request.Path.Value, code, detail ?? "-", Shown(Sent(http, "client_id")),
            Shown(redirectUri ?? Sent(http, "redirect_uri")), http.TraceIdentifier);
    }

    private static string? Sent(HttpContext http, string name) =>
        http.Request.Query.TryGetValue(name, out var value) ? value.ToString() : http.Features.Get<IFormFeature>()?.Form?[name].ToString();

    /// <summary>Without query and fragment, which may hold secrets, and without what could forge a line.</summary>
    private static string Shown(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return "-";
        var plain = value.IndexOfAny(['?', '#']) is >= 0 and var cut ? value[..cut] : value;
        return string.Create(Math.Min(plain.Length, Longest), plain, static (shown, plain) =>
        {
            for (var i = 0; i < shown.Length; i++)
                shown[i] = plain[i] is > ' ' and <= '~' ? plain[i] : '?';
        });
    }
}
