using IdP.Server.Accounts;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>The pages of a sign-in, of errors and of the demo, all looked at.</summary>
[Collection(nameof(OnSqlite))]
public sealed class PageTests(SqliteJourneyHost host)
{
    private readonly TestIdp idp = host.Idp;

    [Theory, ClassData(typeof(Tastes))]
    public async Task Every_page_is_good(string language, ColorScheme scheme, int width)
    {
        var look = new PageLook(language, scheme, width);
        var page = await look.PersonAsync();
        await using var context = page.Context;
        var person = idp.WithOtp();

        await look.AtAsync(page, "front", idp.Issuer + "/");
        await look.AtAsync(page, "error", idp.Issuer + "/connect/authorize?client_id=nobody");
        await page.Locator("summary").ClickAsync();
        await look.AtAsync(page, "error-details");
        await look.AtAsync(page, "not-found", idp.Issuer + "/no/such/page");
        await look.AtAsync(page, "demo", idp.Issuer + "/demo");
        await look.AtAsync(page, "demo-mail", idp.Issuer + "/demo/mail");
        await look.AtAsync(page, "setup", (await idp.Service<FirstAdministrator>().MakeLinkAsync("tests", CancellationToken.None)).Url);
        await FillSetUpAsync(idp.Plain().UserName, "a-long-enough-password");
        await page.Locator("form button").ClickAsync();
        await look.AtAsync(page, "setup-wrong");
        await FillSetUpAsync($"admin-{language}-{scheme}", "a-long-enough-password");
        await page.Locator("form button").ClickAsync();
        await look.AtAsync(page, "setup-done");
        var admin = await look.PersonAsync();
        await using (admin.Context)
        {
            await admin.GotoAsync(idp.Issuer + "/account");
            await admin.GivePasswordAsync(new Person($"admin-{language}-{scheme}", "a-long-enough-password"));
            await admin.ArrivesAsync("/account");
            await look.AtAsync(admin, "account-admin");
        }

        await look.AtAsync(page, "sign-in", idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(person with { Password = "not-the-right-one" });
        await look.AtAsync(page, "sign-in-wrong");
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/verify");
        await look.AtAsync(page, "verify");
        await page.GiveCodeAsync(person.WrongCodeAt(idp.Clock));
        await look.AtAsync(page, "verify-wrong");

        await page.GotoAsync(idp.App(TestClient.Asking).Ask("openid profile email offline_access").Url);
        await page.GivePasswordAsync(idp.Plain());
        await page.ArrivesAsync("/consent");
        await look.AtAsync(page, "consent");
        // As it stays where its script cannot be had; axe itself needs scripts.
        var waiting = await look.PersonAsync(withheld: "/form-post");
        await using (waiting.Context)
        {
            await waiting.RouteAsync("**/form-post*.js", route => route.AbortAsync());
            await waiting.GotoAsync(idp.App(TestClient.Calm).Ask(responseMode: "form_post").Url);
            await waiting.GivePasswordAsync(idp.Plain());
            await waiting.ArrivesAsync("/connect/continue");
            await look.AtAsync(waiting, "form-post");
            // As it stays where the app cannot be reached.
            await waiting.RouteAsync("https://calm.example/**", route => route.AbortAsync("aborted"));
            await waiting.GotoAsync(idp.App(TestClient.Calm).Ask().With("prompt", "login").Url);
            await waiting.Locator("form[action*='/connect/cancel'] button").ClickAsync();
            await waiting.ArrivesAsync("/connect/cancel?");
            await look.AtAsync(waiting, "leaving");
        }

        await page.GotoAsync(idp.Issuer + "/demo/sign-in");
        await page.GivePasswordAsync(idp.Plain());
        await page.Locator("main[data-signed-in=yes]").WaitForAsync();
        await look.AtAsync(page, "demo-signed-in");
        await page.GotoAsync(idp.Issuer + "/demo/money?again=1");
        await look.AtAsync(page, "demo-money-refused");
        await page.GotoAsync(idp.Issuer + "/demo/money");
        await page.GivePasswordAsync(idp.Plain());
        await page.ArrivesAsync("/bind");
        await look.AtAsync(page, "bind-on-demand");
        await page.Locator("form[action*='/connect/cancel'] button").ClickAsync();
        await page.Locator("[data-demo-error]").WaitForAsync();
        await look.AtAsync(page, "demo-declined");
        await look.AtAsync(page, "end-session", idp.Issuer + "/connect/endsession");
        await page.Locator("button[value=sign-out]").ClickAsync();
        await page.WaitForLoadStateAsync();
        await look.AtAsync(page, "signed-out");
        Assert.Empty(look.Complaints);

        async Task FillSetUpAsync(string userName, string password)
        {
            await page.Locator("input[name=userName]").FillAsync(userName);
            await page.Locator("input[name=email]").FillAsync("admin@example.com");
            await page.Locator("input[name=password]").FillAsync(password);
        }
    }
}
