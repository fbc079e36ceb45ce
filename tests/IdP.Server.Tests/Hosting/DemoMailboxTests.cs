using System.Diagnostics;
using System.Globalization;
using AngleSharp.Dom;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Hosting;

/// <summary>The demo as it comes: the built program in Development, no mail server, nothing set. Its mailbox shows what the server has just sent.</summary>
public sealed class DemoMailboxTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("idp-demo-").FullName;
    private readonly int port = TestIdp.FreePort();
    private ChildProcess server = null!;

    private string Issuer => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");

    public async ValueTask InitializeAsync()
    {
        server = new ChildProcess(BuiltServer.Program, [], new Dictionary<string, string>
        {
            ["DOTNET_ENVIRONMENT"] = "Development", ["ASPNETCORE_ENVIRONMENT"] = "Development", ["IDP__Issuer"] = Issuer, ["IDP__Listen__Urls"] = Issuer, ["IDP__Listen__Management"] = "", ["IDP__DataDirectory"] = folder,
        }, folder);
        await server.ListeningAsync(port);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A forgotten password needs two mails: the link, and the notice of what was done with it.</summary>
    [Fact]
    public async Task A_mail_that_was_just_sent_is_shown_newest_first_and_its_link_works()
    {
        using var browser = new Browser(new Uri(Issuer), [port]);
        foreach (var (header, value) in ((string, string)[])
            [("Host", "rebound.example"), ("Host", $"rebound.example:{port}"), ("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=203.0.113.7"), ("CF-Connecting-IP", "203.0.113.7"), ("Via", "1.1 tunnel")])
        {
            foreach (var path in (string[])["/demo", "/demo/mail", "/demo/code", "/demo/api", "/demo/sign-in"])
                Assert.Equal(404, (int)await StatusAsync(path, header, value));
        }

        Assert.Empty((await MailsAsync(browser)));
        var demo = (await browser.VisitAsync("/demo")).Page!;
        var name = demo.QuerySelector("#demo-user")!.TextContent;

        await browser.SubmitAsync(await browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = name }, "/forgot");
        var mail = Assert.Single(await MailsAsync(browser, 1));
        Assert.Equal("Set a new IdP password", mail.QuerySelector("h2")!.TextContent);
        Assert.Contains("demo@example.com", mail.QuerySelector("p")!.TextContent, StringComparison.Ordinal);
        Assert.Contains(name, mail.QuerySelector("pre")!.TextContent, StringComparison.Ordinal);

        var page = await browser.VisitAsync(mail.QuerySelector("pre a")!.GetAttribute("href")!);
        Assert.Equal("/reset", page.At);
        page = await browser.SubmitAsync(page, new Dictionary<string, string> { ["code"] = demo.QuerySelector("#demo-code")!.TextContent }, "/reset");
        await browser.SubmitAsync(page, new Dictionary<string, string> { ["newPassword"] = "an entirely new password", ["again"] = "an entirely new password" }, "/reset");
        var mails = await MailsAsync(browser, 2);
        Assert.Equal(mail.TextContent, mails[1].TextContent);
        Assert.NotEqual(mail.QuerySelector("h2")!.TextContent, mails[0].QuerySelector("h2")!.TextContent);
        Assert.Contains(mails[0].QuerySelectorAll("pre a"), link => link.GetAttribute("href")!.StartsWith(Issuer + "/not-me?", StringComparison.Ordinal));
    }

    private async Task<System.Net.HttpStatusCode> StatusAsync(string path, string header, string value)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Issuer + path);
        request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>Waits until the mailbox has so many.</summary>
    private static async Task<IReadOnlyList<IElement>> MailsAsync(Browser browser, int many = 0)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var page = await browser.VisitAsync("/demo/mail");
            Assert.Equal("/demo/mail", page.At);
            IElement[] mails = [.. page.Page!.QuerySelectorAll(".mails > li")];
            if (mails.Length >= many || watch.Elapsed > TimeSpan.FromSeconds(10))
                return mails;
        }
    }
}
