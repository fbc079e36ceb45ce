using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>The Fetch standard, as the script of another origin meets it: what it may read, and that pages are never among it.</summary>
public abstract class CorsTests(TestIdp idp)
{
    private const string Ours = CorsHost.Origin;
    private const string AnotherClients = CorsHost.AnotherOrigin;
    private const string Foreign = "https://elsewhere.example";

    /// <summary>What is not the registered origin, character for character.</summary>
    private static readonly string[] Strangers = [Foreign, "null", Ours + "/", Ours + ":8443", "http://spa.example", "https://SPA.example", "https://www.spa.example", Ours + ".elsewhere.example"];

    public static TheoryData<string> Others => [AnotherClients, .. Strangers];

    [Theory]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/.well-known/oauth-authorization-server")]
    [InlineData("/.well-known/jwks.json")]
    public async Task A_public_document_is_everybodys_to_read(string path)
    {
        var preflight = await SendAsync(HttpMethod.Options, path, Foreign, asks: "GET");
        Assert.Equal((204, "*", "GET, HEAD"), (preflight.Status, preflight.Head["Access-Control-Allow-Origin"], preflight.Head["Access-Control-Allow-Methods"]));
        var answer = await SendAsync(HttpMethod.Get, path, Foreign);
        Assert.Equal((200, "*"), (answer.Status, answer.Head["Access-Control-Allow-Origin"]));
        NeverWithCookies(preflight, answer);
    }

    /// <summary>It names no client: any client's origin may go on and ask.</summary>
    [Theory]
    [InlineData("/connect/token", "POST")]
    [InlineData("/connect/userinfo", "GET, POST")]
    [InlineData("/connect/revocation", "POST")]
    public async Task Before_a_call_is_made_a_browser_hears_whether_any_app_has_that_origin(string path, string methods)
    {
        foreach (var origin in (string[])[Ours, AnotherClients])
        {
            var answer = await SendAsync(HttpMethod.Options, path, origin, asks: "POST");
            Assert.Equal((204, origin, methods), (answer.Status, answer.Head["Access-Control-Allow-Origin"], answer.Head["Access-Control-Allow-Methods"]));
            Assert.Equal("authorization, content-type", answer.Head["Access-Control-Allow-Headers"]);
            Assert.Contains("Origin", answer.Head["Vary"], StringComparison.Ordinal);
            NeverWithCookies(answer);
        }

        foreach (var origin in Strangers)
        {
            var answer = await SendAsync(HttpMethod.Options, path, origin, asks: "POST");
            Assert.True(answer.Status == 204 && Allowed(answer) == "", $"{origin}: {answer.Status} {Allowed(answer)}");
        }
    }

    [Fact]
    public async Task An_apps_script_reads_tokens_claims_and_refusals()
    {
        var app = idp.App(CorsHost.Spa);
        foreach (var answer in await CallAsync(app, Ours))
        {
            Assert.Equal(Ours, answer.Head["Access-Control-Allow-Origin"]);
            Assert.Equal("WWW-Authenticate", answer.Head["Access-Control-Expose-Headers"]);
            Assert.Contains("Origin", answer.Head["Vary"], StringComparison.Ordinal);
            NeverWithCookies(answer);
        }
    }

    [Theory]
    [MemberData(nameof(Others))]
    public async Task Nobody_elses_script_reads_them(string origin)
    {
        var app = idp.App(CorsHost.Spa);
        foreach (var answer in await CallAsync(app, origin))
        {
            Assert.Equal("", Allowed(answer));
            // The same address may be answered from a cache: the next origin must not get this one's answer.
            Assert.Contains("Origin", answer.Head["Vary"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/connect/authorize")]
    [InlineData("/connect/continue")]
    [InlineData("/connect/endsession")]
    [InlineData("/connect/par")]
    [InlineData("/connect/introspect")]
    [InlineData("/sign-in")]
    [InlineData("/verify")]
    [InlineData("/consent")]
    [InlineData("/forgot")]
    [InlineData("/account")]
    [InlineData("/account/password")]
    [InlineData("/signed-out")]
    [InlineData("/")]
    public async Task Where_a_person_or_a_server_speaks_no_script_of_another_origin_reads(string path)
    {
        foreach (var (method, asks) in ((HttpMethod, string?)[])[(HttpMethod.Options, "POST"), (HttpMethod.Options, "GET"), (HttpMethod.Get, null), (HttpMethod.Post, null)])
        {
            var answer = await SendAsync(method, path, Ours, asks);
            Assert.True(Allowed(answer) == "", $"{method} {path}: {Allowed(answer)}");
        }
    }

    /// <summary>A token, its claims, a call that is refused, a token taken back, and the claims of a token that is none any more.</summary>
    private async Task<List<TokenAnswer>> CallAsync(RelyingParty app, string origin)
    {
        using var browser = idp.Browser();
        var ask = app.Ask();
        var code = (await idp.SignInAsync(browser, ask, idp.Plain())).MustAnswer().Code;
        (string, string)[] redeem = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", app.Client.RedirectUri), ("code_verifier", ask.Verifier!), ("client_id", app.Client.Id)];
        List<TokenAnswer> answers = [await FormAsync("/connect/token", origin, redeem)];
        var token = answers[0].MustSucceed().AccessToken;
        answers.Add((await SendAsync(HttpMethod.Get, "/connect/userinfo", origin, bearer: token)).MustSucceed());
        answers.Add(await FormAsync("/connect/revocation", origin, ("token", token), ("client_id", app.Client.Id)));
        answers.Add(await FormAsync("/connect/token", origin, redeem));
        Assert.Equal([200, 200, 200, 400], answers.Select(answer => answer.Status));
        return answers;
    }

    private async Task<TokenAnswer> FormAsync(string path, string origin, params (string Name, string Value)[] fields)
    {
        using var body = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await SendAsync(HttpMethod.Post, path, origin, body: body);
    }

    private async Task<TokenAnswer> SendAsync(HttpMethod method, string path, string origin, string? asks = null, string? bearer = null, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, idp.Issuer + path) { Content = body };
        request.Headers.TryAddWithoutValidation("Origin", origin);
        if (asks is not null)
            request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", asks);
        if (bearer is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bearer);
        return await idp.SendAsync(request);
    }

    private static string Allowed(TokenAnswer answer) => string.Concat(
        ((string[])["Origin", "Methods", "Headers", "Credentials"]).Select(what => answer.Head["Access-Control-Allow-" + what]));

    private static void NeverWithCookies(params TokenAnswer[] answers) => Assert.All(answers, answer => Assert.Null(answer.Head["Access-Control-Allow-Credentials"]));
}

/// <summary>Two apps without a server of their own, known before anybody has asked for the origins of all.</summary>
public abstract class CorsHost(StorePair pair) : IAsyncLifetime
{
    internal const string Origin = "https://spa.example";
    internal const string AnotherOrigin = "https://another-spa.example";

    internal static readonly TestClient Spa = new("spa", null);

    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 0) });
        await Idp.RegisterAsync(Spa.ToClient() with { AllowedCorsOrigins = [Origin] });
        await Idp.RegisterAsync(new TestClient("another-spa", null).ToClient() with { AllowedCorsOrigins = [AnotherOrigin] });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteCorsHost() : CorsHost(StorePair.SqliteAndMemory);

public sealed class PostgresCorsHost() : CorsHost(StorePair.PostgresAndRedis);

public sealed class Cors_on_SQLite_and_memory(SqliteCorsHost host) : CorsTests(host.Idp), IClassFixture<SqliteCorsHost>;

[Thorough]
public sealed class Cors_on_PostgreSQL_and_Redis(PostgresCorsHost host) : CorsTests(host.Idp), IClassFixture<PostgresCorsHost>;
