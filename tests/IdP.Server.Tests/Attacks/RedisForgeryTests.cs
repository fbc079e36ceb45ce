using System.Net;
using System.Text;
using System.Text.Json;
using IdP.Server.Accounts;
using IdP.Server.Factors.Totp;
using IdP.Server.SignIn;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;
using StackExchange.Redis;

namespace IdP.Server.Tests.Attacks;

/// <summary>Whoever can write to Redis opens no door: what they forge or move is missing, and what they put back has been used.</summary>
public sealed class RedisForgeryTests(RedisForgeryTests.Host host) : IClassFixture<RedisForgeryTests.Host>
{
    private static readonly byte[] Browser = Handles.Hash("a browser");

    private readonly TestIdp idp = host.Idp;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sign_in_that_names_another_person_is_missing()
    {
        using var thief = idp.Browser();
        var at = await ToConsentAsync(thief, idp.Plain());
        var key = "signin:" + at.SignInId;
        var progress = JsonSerializer.Deserialize((await idp.Service<SealedStore>().GetAsync(key, Cancel))!.Value.Value, SignInJson.Default.SignInProgress)!;
        var victim = await IdOfAsync(idp.WithOtp());

        await WriteAsync(key, JsonSerializer.SerializeToUtf8Bytes(progress with { UserId = victim }, SignInJson.Default.SignInProgress));
        await ExpiredAsync(thief.VisitAsync("/connect/continue?tx=" + at.SignInId));
        // Nor does it open under another name, where what it says would be true of somebody else.
        using var other = idp.Browser();
        var elsewhere = await ToConsentAsync(other, idp.Plain());
        await WriteAsync(key, (await ReadAsync("signin:" + elsewhere.SignInId))!);
        await ExpiredAsync(thief.VisitAsync("/connect/continue?tx=" + at.SignInId));

        Assert.Single(idp.Log.Lines, line => line.Contains("not written by this server", StringComparison.Ordinal) && line.Contains("signin:", StringComparison.Ordinal));
        Assert.Empty(idp.Log.Errors);
    }

    [Fact]
    public async Task A_sign_in_that_was_answered_is_not_answered_again()
    {
        using var browser = idp.Browser();
        var at = await ToConsentAsync(browser, idp.Plain());
        var (key, cookie) = ("signin:" + at.SignInId, "idp.owner-" + at.SignInId);
        var (before, owner) = (await ReadAsync(key), browser.Cookies.GetCookies(new Uri(idp.Issuer))[cookie]!.Value);
        (await AllowAsync(browser, at)).MustAnswer();

        await WriteAsync(key, before!);
        browser.Cookies.Add(new Uri(idp.Issuer), new Cookie(cookie, owner));
        var again = await browser.VisitAsync("/connect/continue?tx=" + at.SignInId);
        Assert.Equal("/consent", again.At);
        await ExpiredAsync(AllowAsync(browser, again));
        Assert.Empty(idp.Log.Errors);
    }

    [Fact]
    public async Task A_rewritten_code_is_worth_nothing()
    {
        var web = idp.App(TestClient.Web);
        var (ask, code) = await CodeAsync(idp.Plain());
        var key = "code:" + Handles.HashText(code);
        var content = JsonSerializer.Deserialize((await idp.Service<SealedStore>().GetAsync(key, Cancel))!.Value.Value, StorageJson.Default.CodeContent)!;
        var genuine = (await ReadAsync(key))!;

        await WriteAsync(key, JsonSerializer.SerializeToUtf8Bytes(
            content with { Grant = content.Grant with { Acr = "mfa", Amr = ["pwd", "otp", "mfa"] } }, StorageJson.Default.CodeContent));
        Assert.Equal("invalid_grant", (await web.RedeemAsync(code, ask)).Error);
        var (_, other) = await CodeAsync(idp.WithOtp());
        await WriteAsync(key, (await ReadAsync("code:" + Handles.HashText(other)))!);
        Assert.Equal("invalid_grant", (await web.RedeemAsync(code, ask)).Error);

        await WriteAsync(key, genuine);
        var tokens = (await web.RedeemAsync(code, ask)).MustSucceed();
        // Put back once more it is a replay, and ends what the first use gave.
        await WriteAsync(key, genuine);
        Assert.Equal("invalid_grant", (await web.RedeemAsync(code, ask)).Error);
        Assert.False(await web.IsActiveAsync(tokens.AccessToken));
    }

    [Fact]
    public async Task A_challenge_that_is_put_back_has_no_more_tries()
    {
        var person = idp.WithOtp();
        var (id, stepUp) = (await IdOfAsync(person), idp.Service<StepUpService>());
        var challenge = (await stepUp.StartAsync(id, TotpSecret.Factor, "here", Browser, null, Cancel)).Challenge!.Id;
        var fresh = (await ReadAsync("challenge:" + challenge))!;
        for (var n = 0; n < 5; n++)
        {
            Assert.IsType<StepUpOutcome.Wrong>(await stepUp.AnswerAsync(challenge, id, "here", Browser, new Answer.Code(person.WrongCodeAt(idp.Clock)), Cancel));
            // The last one is left as it is.
            if (n < 4)
                await ReplayCountsAsync();
        }

        await WriteAsync("challenge:" + challenge, fresh);
        Assert.IsType<StepUpOutcome.Over>(await stepUp.AnswerAsync(challenge, id, "here", Browser, new Answer.Code(person.CodeAt(idp.Clock)), Cancel));

        async Task ReplayCountsAsync()
        {
            var current = (await ReadAsync("challenge:" + challenge))!;
            await WriteAsync("challenge:" + challenge, fresh);
            Assert.IsType<StepUpOutcome.Over>(await stepUp.AnswerAsync(challenge, id, "here", Browser, new Answer.Code(person.CodeAt(idp.Clock)), Cancel));
            await WriteAsync("challenge:" + challenge, current);
        }
    }

    [Fact]
    public async Task A_challenge_that_was_cancelled_or_rewritten_proves_nobody()
    {
        var person = idp.WithOtp();
        var (id, stepUp) = (await IdOfAsync(person), idp.Service<StepUpService>());
        var challenge = (await stepUp.StartAsync(id, TotpSecret.Factor, "here", Browser, null, Cancel)).Challenge!;
        var key = "challenge:" + challenge.Id;
        var fresh = (await ReadAsync(key))!;

        await WriteAsync(key, JsonSerializer.SerializeToUtf8Bytes(challenge with { State = ChallengeState.Approved, Binding = "any" }, ChallengeJson.Default.Challenge));
        Assert.IsType<StepUpOutcome.Over>(await stepUp.ClaimAsync(challenge.Id, id, "here", Browser, Cancel));

        await WriteAsync(key, fresh);
        await stepUp.StartAsync(id, "recovery", "here", Browser, challenge.Id, Cancel);
        await WriteAsync(key, fresh);
        Assert.IsType<StepUpOutcome.Over>(await stepUp.AnswerAsync(challenge.Id, id, "here", Browser, new Answer.Code(person.CodeAt(idp.Clock)), Cancel));
    }

    [Fact]
    public async Task A_proof_for_the_settings_is_used_once_and_cannot_be_made()
    {
        var person = (await idp.Service<Users>().FindAsync(await IdOfAsync(idp.Plain()), Cancel))!;
        var (proofs, asker, action) = (idp.Service<RecentProof>(), new Asker(person, Handles.NewId(), Browser), new GuardedAction("bind:totp"));
        var key = $"proof:{asker.SessionId}:{action.Name}";

        await WriteAsync(key, JsonSerializer.SerializeToUtf8Bytes(
            new KeptProof(Handles.NewId(), person.Id, Browser, action.Name, null, null, idp.Clock.GetUtcNow()), KeptProofJson.Default.KeptProof));
        Assert.False(await proofs.IsThereAsync(asker, action, Cancel));

        await proofs.PasswordGivenAsync(asker, action, Cancel);
        var kept = (await ReadAsync(key))!;
        Assert.True(await proofs.TakeAsync(asker, action, Cancel));
        await WriteAsync(key, kept);
        Assert.False(await proofs.TakeAsync(asker, action, Cancel));
        // One that was made for another action does not open for this one.
        await proofs.PasswordGivenAsync(asker, GuardedAction.Password, Cancel);
        await WriteAsync(key, (await ReadAsync($"proof:{asker.SessionId}:password"))!);
        Assert.False(await proofs.TakeAsync(asker, action, Cancel));
    }

    [Fact]
    public async Task An_offer_that_is_put_back_binds_nothing_more()
    {
        var person = idp.Plain();
        var (id, enrolments) = (await IdOfAsync(person), idp.Service<Enrolments>());
        var by = By.Tool("tests") with { SettingUp = true };
        var offer = (await enrolments.OfferAsync(enrolments.Find(TotpSecret.Factor)!, new(id, person.UserName), Browser, null, null, Cancel)).OfferId!;
        var (fresh, secret) = ((await ReadAsync("offer:" + offer))!, (await enrolments.FindAsync(offer, id, Browser, Cancel))!.Show["secret"]);

        Assert.IsType<EnrolmentOutcome.Wrong>(await ConfirmAsync("000000"));
        await WriteAsync("offer:" + offer, fresh);
        Assert.IsType<EnrolmentOutcome.Over>(await ConfirmAsync(Otp.CodeAt(secret, idp.Clock.GetUtcNow())));
        Assert.IsType<EnrolmentOutcome.Bound>(await ConfirmAsync(Otp.CodeAt(secret, idp.Clock.GetUtcNow())));
        var bound = await ReadAsync("offer:" + offer);
        await WriteAsync("offer:" + offer, Encoding.UTF8.GetBytes("{}"));
        Assert.IsType<EnrolmentOutcome.Over>(await ConfirmAsync(Otp.CodeAt(secret, idp.Clock.GetUtcNow())));
        foreach (var old in new[] { fresh, bound! })
        {
            await WriteAsync("offer:" + offer, old);
            Assert.IsType<EnrolmentOutcome.Over>(await ConfirmAsync(Otp.CodeAt(secret, idp.Clock.GetUtcNow())));
        }

        Task<EnrolmentOutcome> ConfirmAsync(string code) => enrolments.ConfirmAsync(offer, id, Browser, new Answer.Code(code), by, Cancel);
    }

    [Fact]
    public async Task A_pushed_request_is_used_once_and_cannot_be_rewritten()
    {
        var suite = idp.App(TestClient.Suite);
        var ask = suite.Ask();
        var uri = (await suite.PushAsync(ask)).MustSucceed()["request_uri"]!;
        var key = "par:" + uri.Split(':')[^1];
        var kept = (await ReadAsync(key))!;

        await WriteAsync(key, Encoding.UTF8.GetBytes($$"""{"clientId":"suite","parameters":{"client_id":"suite"},"expiresAt":"2099-01-01T00:00:00Z","pushed":true}"""));
        using var browser = idp.Browser();
        Assert.Equal("invalid_request_uri", (await browser.OpenAsync(ask.BehindHandle(uri))).PersonError);
        await WriteAsync(key, kept);
        var person = idp.Plain();
        (await idp.PassAsync(browser, await browser.OpenAsync(ask.BehindHandle(uri)), person)).MustAnswer();
        await WriteAsync(key, kept);
        Assert.Equal("invalid_request_uri", (await idp.PassAsync(browser, await browser.OpenAsync(ask.BehindHandle(uri)), person)).PersonError);
    }

    private async Task<Stop> ToConsentAsync(Browser browser, Person person)
    {
        var at = await idp.SignInAsync(browser, idp.App(TestClient.Asking).Ask().With("prompt", "consent"), person with { Password = "none" });
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.True(at.At == "/consent", at.Describe());
        return at;
    }

    private static Task<Stop> AllowAsync(Browser browser, Stop at) => browser.SubmitAsync(at, new Dictionary<string, string> { ["decision"] = "allow" }, "/consent");

    private async Task<(AuthorizationAsk Ask, string Code)> CodeAsync(Person person)
    {
        using var browser = idp.Browser();
        var ask = idp.App(TestClient.Web).Ask();
        return (ask, (await idp.SignInAsync(browser, ask, person)).MustAnswer().Code);
    }

    private static async Task ExpiredAsync(Task<Stop> move)
    {
        var stop = await move;
        Assert.True(stop is { PersonError: "session_expired", Answer: null }, stop.Describe());
    }

    private async Task<string> IdOfAsync(Person person) => (await idp.Service<Users>().FindByLoginAsync(person.UserName, Cancel))!.Id;

    private async Task<byte[]?> ReadAsync(string key) => await host.Redis.GetDatabase().StringGetAsync("idp:" + key);

    private Task WriteAsync(string key, byte[] value) => host.Redis.GetDatabase().StringSetAsync("idp:" + key, value, TimeSpan.FromMinutes(5));

    public sealed class Host : IAsyncLifetime
    {
        public TestIdp Idp { get; private set; } = null!;

        public ConnectionMultiplexer Redis { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Idp = await TestIdp.StartAsync(StorePair.PostgresAndRedis, new TestIdpOptions { Seed = new Seed(otpPeople: 6) });
            Redis = await ConnectionMultiplexer.ConnectAsync(Idp.Ephemeral["redis:".Length..]);
        }

        public async ValueTask DisposeAsync()
        {
            await Redis.DisposeAsync();
            await Idp.DisposeAsync();
        }
    }
}
