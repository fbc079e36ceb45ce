using Deque.AxeCore.Playwright;
using IdP.Server.Accounts;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>Every page in both languages, light and dark, from 320 px: reachable by everybody, nothing cut off, nothing blocked. With IDP_SCREENSHOTS set, pictures go to artifacts/.</summary>
[Collection(nameof(OnSqlite))]
public sealed class PageTests(SqliteJourneyHost host)
{
    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData("en", ColorScheme.Light, 1280)]
    [InlineData("en", ColorScheme.Dark, 320)]
    [InlineData("zh-CN", ColorScheme.Light, 320)]
    [InlineData("zh-CN", ColorScheme.Dark, 1280)]
    public async Task Every_page_is_good(string language, ColorScheme scheme, int width)
    {
        await using var context = await Chromium.PersonAsync(language, scheme, width);
        var page = await context.NewPageAsync();
        List<string> complaints = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("the server responded with a status of", StringComparison.Ordinal))
                complaints.Add($"{page.Url}: {message.Text}");
        };
        var person = idp.WithOtp();

        await LookAsync("front", idp.Issuer + "/");
        await LookAsync("error", idp.Issuer + "/connect/authorize?client_id=nobody");
        await page.Locator("summary").ClickAsync();
        await LookAsync("error-details");
        await LookAsync("not-found", idp.Issuer + "/no/such/page");
        await LookAsync("demo", idp.Issuer + "/demo");
        await LookAsync("demo-mail", idp.Issuer + "/demo/mail");
        await LookAsync("setup", (await idp.Service<FirstAdministrator>().MakeLinkAsync("tests", CancellationToken.None)).Url);
        await FillSetUpAsync(idp.Plain().UserName, "a-long-enough-password");
        await page.Locator("form button").ClickAsync();
        await LookAsync("setup-wrong");
        await FillSetUpAsync($"admin-{language}-{scheme}", "a-long-enough-password");
        await page.Locator("form button").ClickAsync();
        await LookAsync("setup-done");
        await LookAsync("sign-in", idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(person with { Password = "not-the-right-one" });
        await LookAsync("sign-in-wrong");
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/verify");
        await LookAsync("verify");
        await page.GiveCodeAsync(person.WrongCodeAt(idp.Clock));
        await LookAsync("verify-wrong");

        await page.GotoAsync(idp.App(TestClient.Asking).Ask("openid profile email offline_access").Url);
        await page.GivePasswordAsync(idp.Plain());
        await page.ArrivesAsync("/consent");
        await LookAsync("consent");
        await using (var still = await Chromium.PersonAsync(language, scheme, width))
        {
            // As it stays where its script cannot be had; axe itself needs scripts.
            var waiting = await still.NewPageAsync();
            await waiting.RouteAsync("**/form-post*.js", route => route.AbortAsync());
            await waiting.GotoAsync(idp.App(TestClient.Calm).Ask(responseMode: "form_post").Url);
            await waiting.GivePasswordAsync(idp.Plain());
            await waiting.ArrivesAsync("/connect/continue");
            await LookAsync("form-post", on: waiting);
        }

        await page.GotoAsync(idp.Issuer + "/demo/sign-in");
        await page.GivePasswordAsync(idp.Plain());
        await page.Locator("main[data-signed-in=yes]").WaitForAsync();
        await LookAsync("demo-signed-in");
        await page.GotoAsync(idp.Issuer + "/demo/money?again=1");
        await LookAsync("demo-money-refused");
        await LookAsync("end-session", idp.Issuer + "/connect/endsession");
        await page.Locator("button[value=sign-out]").ClickAsync();
        await page.WaitForLoadStateAsync();
        await LookAsync("signed-out");

        await using (var own = await Chromium.PersonAsync(language, scheme, width))
            await AccountAsync(await own.NewPageAsync());

        Assert.Empty(complaints);

        // The personal pages of somebody without a factor, who binds one and makes recovery codes.
        async Task AccountAsync(IPage mine)
        {
            var owner = await idp.NewPersonAsync();
            await mine.GotoAsync(idp.Issuer + "/account");
            await mine.GivePasswordAsync(owner);
            await mine.ArrivesAsync("/account");
            await LookAsync("account", on: mine);
            await LookAsync("account-two-step-none", idp.Issuer + "/account/two-step", mine);
            await mine.Locator("[data-factor=totp] a.button").First.ClickAsync();
            await mine.ArrivesAsync("/account/confirm");
            await LookAsync("account-confirm-password", on: mine);
            await mine.Locator("input[name=password]").FillAsync(owner.Password);
            await mine.Locator("form button").First.ClickAsync();
            await mine.ArrivesAsync("offer=");
            await mine.Locator("summary").ClickAsync();
            await LookAsync("account-bind-totp", on: mine);
            var secret = (await mine.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
            await mine.Locator("input[name=code]").FillAsync(Otp.CodeAt(secret, idp.Clock.GetUtcNow()));
            await mine.Locator("form button").First.ClickAsync();
            await mine.ArrivesAsync("done=bound");
            await LookAsync("account-two-step", on: mine);
            await mine.Locator("[data-factor=recovery] a.button").ClickAsync();
            await mine.ArrivesAsync("/account/confirm");
            await LookAsync("account-confirm-code", on: mine);
            await idp.ForwardAsync(TimeSpan.FromSeconds(31));
            await mine.Locator("input[name=code]").FillAsync(Otp.CodeAt(secret, idp.Clock.GetUtcNow()));
            await mine.Locator("form button").First.ClickAsync();
            await mine.ArrivesAsync("offer=");
            await LookAsync("account-recovery-codes", on: mine);
            await mine.Locator("button[name=kept]").ClickAsync();
            await mine.ArrivesAsync("done=bound");
            await LookAsync("account-two-step-all", on: mine);
            await LookAsync("account-sessions", idp.Issuer + "/account/sessions", mine);
            await LookAsync("account-profile", idp.Issuer + "/account/profile", mine);
            await mine.GotoAsync(idp.Issuer + "/account/two-step");
            await mine.Locator("[data-factor=totp] .thing a.button").Last.ClickAsync();
            await ProveAsync();
            await mine.ArrivesAsync("/account/two-step/unbind");
            await LookAsync("account-unbind", on: mine);
            await LookAsync("account-devices", idp.Issuer + "/account/devices", mine);
            await mine.GotoAsync(idp.Issuer + "/account/two-step/bind?factor=email");
            await ProveAsync();
            await mine.ArrivesAsync("/account/two-step/bind");
            await LookAsync("account-bind-email", on: mine);
            await mine.Locator("input[name=said]").FillAsync("me@elsewhere.example");
            await mine.Locator("form button").First.ClickAsync();
            await mine.ArrivesAsync("offer=");
            await LookAsync("account-bind-email-code", on: mine);
            await mine.GotoAsync(idp.Issuer + "/account/password");
            await ProveAsync();
            await mine.ArrivesAsync("/account/password");
            await LookAsync("account-password", on: mine);
            await LookAsync("forgot", idp.Issuer + "/forgot", mine);
            await LookAsync("forgot-asked", idp.Issuer + "/forgot?done=asked", mine);
            await LookAsync("link-used", idp.Issuer + "/not-me?token=nothing", mine);
            await LookAsync("demo-mail-full", idp.Issuer + "/demo/mail", mine);
            var link = System.Text.RegularExpressions.Regex.Match(await mine.ContentAsync(), @"http://[^\s""<]+/not-me\?token=[A-Za-z0-9_-]+").Value;
            await LookAsync("not-me", link, mine);
            await mine.Locator("form button").ClickAsync();
            await mine.ArrivesAsync("/reset");
            await LookAsync("reset", on: mine);

            async Task ProveAsync()
            {
                await mine.ArrivesAsync("/account/confirm");
                await idp.ForwardAsync(TimeSpan.FromSeconds(31));
                await mine.Locator("input[name=code]").FillAsync(Otp.CodeAt(secret, idp.Clock.GetUtcNow()));
                await mine.Locator("form button").First.ClickAsync();
            }
        }

        async Task LookAsync(string name, string? url = null, IPage? on = null)
        {
            var shown = on ?? page;
            if (url is not null)
                await shown.GotoAsync(url);
            Assert.StartsWith(language[..2], await shown.Locator("html").GetAttributeAsync("lang"), StringComparison.Ordinal);
            var found = await shown.RunAxe();
            Assert.True(found.Violations.Length == 0, $"{name} ({language}, {scheme}, {width}): {string.Join("; ", found.Violations.Select(v => $"{v.Id} {v.Help} {v.Nodes[0].Html}"))}");
            await PictureAsync(shown, name);
        }

        async Task PictureAsync(IPage shown, string name)
        {
            foreach (var wide in (int[])[320, 1280])
            {
                await shown.SetViewportSizeAsync(wide, 800);
                Assert.True(await shown.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{name} is wider than {wide} px");
                if (Environment.GetEnvironmentVariable("IDP_SCREENSHOTS") is { Length: > 0 })
                    await shown.ScreenshotAsync(new() { Path = Path.Combine(Folders.Artifacts, "pages", $"{name}-{language}-{scheme}-{wide}.png"), FullPage = true });
            }

            await shown.SetViewportSizeAsync(width, 800);
        }

        async Task FillSetUpAsync(string userName, string password)
        {
            await page.Locator("input[name=userName]").FillAsync(userName);
            await page.Locator("input[name=email]").FillAsync("admin@example.com");
            await page.Locator("input[name=password]").FillAsync(password);
        }
    }
}
