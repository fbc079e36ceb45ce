using IdP.Journeys.Account;
using IdP.Journeys.RelyingParties;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>
/// Chromium holds the form-action of a page against every redirect that follows its form, the app's own included. Whatever an app does after its
/// callback, each page that posts ends where the app wants.
/// </summary>
[Collection(nameof(OnSqlite))]
public sealed class RoamingJourneys(SqliteJourneyHost host) : IAsyncLifetime
{
    private readonly TestIdp idp = host.Idp;
    private readonly RoamingParty party = new();

    public async ValueTask InitializeAsync() => await party.StartAsync();

    /// <summary>Without scripts, since none is needed.</summary>
    [Fact]
    public async Task An_app_may_redirect_on_after_every_page_that_posts()
    {
        var client = party.Client("roaming");
        await idp.RegisterAsync(party.Registration(client));
        var app = idp.App(client);
        await using var context = await Chromium.PersonAsync(javaScript: false);
        var page = await context.NewPageAsync();
        var person = idp.WithOtp();

        await page.GotoAsync(app.Ask().Url);
        await page.GivePasswordAsync(person);
        await EndsAsync(page, "code=", "the password");

        await page.GotoAsync(app.Ask().With("acr_values", "mfa").Url);
        await page.GiveCodeAsync(person.CodeAt(idp.Clock));
        await EndsAsync(page, "code=", "the second factor");

        await page.GotoAsync(app.Ask().With("prompt", "consent").Url);
        await page.Locator("button[value=allow]").ClickAsync();
        await EndsAsync(page, "code=", "the consent");

        await page.GotoAsync(app.Ask().With("prompt", "consent").Url);
        await page.Locator("button[value=deny]").ClickAsync();
        await EndsAsync(page, "error=access_denied", "a refused consent");

        await page.GotoAsync(app.Ask().With("prompt", "login").Url);
        await page.Locator("form[action*='/connect/cancel'] button").ClickAsync();
        await EndsAsync(page, "error=access_denied", "the way back to the app");

        await page.GotoAsync($"{idp.Issuer}/connect/endsession?client_id={client.Id}&state=s&post_logout_redirect_uri="
            + Uri.EscapeDataString(client.RedirectUri.Replace("/callback", "/bye", StringComparison.Ordinal)));
        await page.Locator("button[value=sign-out]").ClickAsync();
        await EndsAsync(page, "state=s", "the question whether to sign out");
    }

    [Fact]
    public async Task An_app_may_redirect_on_after_a_forced_binding()
    {
        var client = party.Client("roaming-bind");
        await idp.RegisterAsync(party.Registration(client));
        await Policies.DemandAsync(idp, new BindingPolicy { Name = client.Id, Clients = [client.Id] });
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var person = idp.Plain();

        await page.GotoAsync(idp.App(client).Ask().Url);
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/bind");
        await page.Locator("button[value=totp]").ClickAsync();
        await page.Locator("details summary").First.ClickAsync();
        var key = (await page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
        await page.Locator("input[name=code]").FillAsync(Otp.CodeAt(key, idp.Clock.GetUtcNow()));
        await page.Locator("form[action*='/bind?'] button").ClickAsync();
        await EndsAsync(page, "code=", "a binding");
    }

    [Fact]
    public async Task An_app_may_redirect_on_after_a_posted_answer()
    {
        var client = party.Client("roaming-form-post");
        await idp.RegisterAsync(party.Registration(client));
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();

        await page.GotoAsync(idp.App(client).Ask(responseMode: "form_post").Url);
        await page.GivePasswordAsync(idp.WithOtp());
        await EndsAsync(page, "code=", "form_post");
    }

    /// <summary>No page on the way severs the popup: its opener sees it come back, and the popup can answer.</summary>
    [Fact]
    public async Task A_popup_stays_with_the_page_that_opened_it()
    {
        var client = party.Client("roaming-popup");
        await idp.RegisterAsync(party.Registration(client));
        await using var context = await Chromium.PersonAsync();
        var opener = await context.NewPageAsync();
        var person = idp.WithOtp();

        await opener.GotoAsync(party.End);
        var popup = await context.RunAndWaitForPageAsync(() => opener.EvaluateAsync(
            "url => { window.popup = window.open(url, 'popup', 'popup'); }", idp.App(client).Ask().With("acr_values", "mfa").Url));
        await popup.GivePasswordAsync(person);
        await popup.ArrivesAsync("/verify");
        Assert.False(await opener.EvaluateAsync<bool>("window.popup.closed"));
        await popup.GiveCodeAsync(person.CodeAt(idp.Clock));
        await EndsAsync(popup, "code=", "a popup");
        Assert.Contains("code=", await opener.EvaluateAsync<string>("window.popup.location.href"), StringComparison.Ordinal);
        Assert.True(await popup.EvaluateAsync<bool>("window.opener !== null"));
    }

    private async Task EndsAsync(IPage page, string with, string after)
    {
        for (var tries = 0; tries < 200; tries++)
        {
            if (page.Url.StartsWith(party.End, StringComparison.Ordinal))
            {
                Assert.Contains(with, page.Url, StringComparison.Ordinal);
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"After {after} the browser stays at {page.Url}");
    }

    public ValueTask DisposeAsync() => party.DisposeAsync();
}
