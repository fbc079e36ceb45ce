using IdP.Journeys.RelyingParties;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>Relying parties that others wrote, a real browser, a real server: sign in, step up, refuse what was forged or used, sign out.</summary>
/// <param name="alg">What signs their ID tokens; the other one on the other pair of stores.</param>
public abstract class RelyingPartyJourneys(JourneyHost host, string alg)
{
    private readonly TestIdp idp = host.Idp;

    public static TheoryData<string> Parties => ["apache", "npm-openid-client", "aspnet"];

    private static RealParty New(string name) => name switch
    {
        "apache" => new ApacheParty(),
        "npm-openid-client" => new OpenIdClientParty(),
        _ => new AspNetParty(),
    };

    private async Task<RealParty> StartAsync(string name)
    {
        var party = New(name);
        await idp.RegisterAsync(party.Registration(alg));
        await party.StartAsync(idp.Issuer);
        return party;
    }

    /// <summary>J-09 and J-02: password and OTP in one go, then out.</summary>
    [Theory]
    [MemberData(nameof(Parties))]
    public async Task Password_and_OTP_sign_a_person_in_and_out(string name)
    {
        await using var party = await StartAsync(name);
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var person = idp.WithOtp();

        await page.GotoAsync(party.Base + "/money");
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/verify");
        await page.GiveCodeAsync(person.CodeAt(idp.Clock));
        var claims = await page.ClaimsAsync(party.Base);
        Assert.Contains("acr=mfa", claims, StringComparison.Ordinal);
        Assert.All((string[])["pwd", "otp", "mfa"], method => Assert.Contains(method, claims[claims.IndexOf("amr=", StringComparison.Ordinal)..], StringComparison.Ordinal));

        await page.GotoAsync(party.Base + party.SignOut);
        await page.ArrivesAsync(url => url.StartsWith(party.Base, StringComparison.Ordinal));
        await page.GotoAsync(party.Base + "/");
        await page.ArrivesAsync("/sign-in");
    }

    /// <summary>J-11: the second step alone, without the password.</summary>
    [Theory]
    [MemberData(nameof(Parties))]
    public async Task A_session_is_stepped_up_without_a_second_password(string name)
    {
        await using var party = await StartAsync(name);
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var person = idp.WithOtp();

        await page.GotoAsync(party.Base + "/");
        await page.GivePasswordAsync(person);
        var before = await page.ClaimsAsync(party.Base);
        Assert.Contains("acr=pwd", before, StringComparison.Ordinal);

        var passwordPages = 0;
        page.FrameNavigated += (_, frame) => passwordPages += frame.Url.Contains("/sign-in", StringComparison.Ordinal) ? 1 : 0;
        await page.GotoAsync(party.Base + "/money");
        await page.ArrivesAsync("/verify");
        await page.GiveCodeAsync(person.CodeAt(idp.Clock));
        var after = await page.ClaimsAsync(party.Base);
        Assert.Contains("acr=mfa", after, StringComparison.Ordinal);
        Assert.Equal(0, passwordPages);
        Assert.Equal(Part(before, "sub="), Part(after, "sub="));
        Assert.Equal(Part(before, "auth_time="), Part(after, "auth_time="));
    }

    /// <summary>form_post included: the answer waits for a press of its button.</summary>
    [Fact]
    public async Task A_person_without_scripts_signs_in_to_an_app_that_wants_its_answer_posted()
    {
        await using var party = await StartAsync("aspnet");
        await using var context = await Chromium.PersonAsync(javaScript: false);
        var page = await context.NewPageAsync();
        var person = idp.WithOtp();

        await page.GotoAsync(party.Base + "/money");
        await page.GivePasswordAsync(person);
        await page.ArrivesAsync("/verify");
        await page.GiveCodeAsync(person.CodeAt(idp.Clock));
        await page.ArrivesAsync("/connect/continue");
        await page.Locator($"form[action='{party.RedirectUri}'] button").ClickAsync();
        Assert.Contains("acr=mfa", await page.ClaimsAsync(party.Base), StringComparison.Ordinal);
    }

    /// <summary>The one request to the token endpoint was the relying party's own, whole but for the code.</summary>
    [Theory]
    [MemberData(nameof(Parties))]
    public async Task A_forged_code_signs_nobody_in(string name)
    {
        await using var party = await StartAsync(name);
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();
        var forged = "";
        await using var middle = await AnswerSwap.BetweenAsync(page, party.RedirectUri, "code", seen => forged = Forgery.Of(seen));

        host.Tap.Listen();
        await page.GotoAsync(party.Base + "/");
        await page.GivePasswordAsync(idp.WithOtp());
        await middle.Swapped;
        await RefusedAsync(page, party);
        var call = Assert.Single(host.Tap.Calls);
        Assert.Equal((forged, 400), (call.Code, call.Status));
        Assert.True(call.IsAboutTheCode, call.Reason);
    }

    /// <summary>Somebody was faster with the very same request: right client, right address, right verifier, and still the second one.</summary>
    [Theory]
    [MemberData(nameof(Parties))]
    public async Task A_used_code_signs_nobody_in(string name)
    {
        await using var party = await StartAsync(name);
        await using var context = await Chromium.PersonAsync();
        var page = await context.NewPageAsync();

        host.Tap.Listen(beFaster: true);
        await page.GotoAsync(party.Base + "/");
        await page.GivePasswordAsync(idp.WithOtp());
        await RefusedAsync(page, party);
        var call = Assert.Single(host.Tap.Calls);
        Assert.Equal((200, 400), (call.Copied, call.Status));
        Assert.True(call.IsAboutTheCode, call.Reason);

        // Nothing else stood in the way.
        host.Tap.Listen();
        await page.GotoAsync(party.Base + "/");
        Assert.Contains("acr=pwd", await page.ClaimsAsync(party.Base), StringComparison.Ordinal);
        Assert.Equal(200, Assert.Single(host.Tap.Calls).Status);
    }

    /// <summary>The relying party says no, and knows nobody afterwards: its own page sends this browser to the server again.</summary>
    private async Task RefusedAsync(IPage page, RealParty party)
    {
        await page.ArrivesAsync(url => url.StartsWith(party.RedirectUri, StringComparison.Ordinal));
        var text = await page.Locator("body").InnerTextAsync();
        Assert.DoesNotContain("sub=", text, StringComparison.Ordinal);
        Assert.DoesNotContain("acr=", text, StringComparison.Ordinal);

        using var home = new HttpRequestMessage(HttpMethod.Get, party.Base + "/");
        home.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", (await page.Context.CookiesAsync([party.Base])).Select(cookie => $"{cookie.Name}={cookie.Value}")));
        home.Headers.TryAddWithoutValidation("Accept", "text/html");
        using var sender = Browser.Through(party.Port);
        using var answer = await sender.SendAsync(home, CancellationToken.None);
        Assert.True(answer.Headers.Location?.OriginalString.StartsWith(idp.Issuer + "/connect/authorize?", StringComparison.Ordinal), $"{(int)answer.StatusCode} {answer.Headers.Location}");
    }

    private static string Part(string claims, string name) =>
        claims.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).First(part => part.StartsWith(name, StringComparison.Ordinal));
}

[Collection(nameof(OnSqlite))]
public sealed class RelyingParties_on_SQLite_and_memory(SqliteJourneyHost host) : RelyingPartyJourneys(host, "ES256");

[Collection(nameof(OnPostgres))]
public sealed class RelyingParties_on_PostgreSQL_and_Redis(PostgresJourneyHost host) : RelyingPartyJourneys(host, "RS256");
