using System.Globalization;
using CsCheck;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>I-8: each parameter of each endpoint missing, repeated, over-long, of another type, with control characters: the standard's error or a page, never 5xx, never a stranger's address.</summary>
public abstract partial class BadInputTests(TestIdp idp)
{
    // What the others of a row look like: good enough for the request to go as deep as it can. Empty counts as not sent.
    private static readonly Dictionary<string, KeyValuePair<string, string>[]> Endpoints = new()
    {
        ["/connect/authorize"] =
        [
            new("client_id", "suite"), new("redirect_uri", TestClient.Suite.RedirectUri), new("response_type", "code"), new("scope", "openid profile"), new("state", "s"), new("nonce", "n"), new("response_mode", "query"),
            new("prompt", "login"), new("max_age", "100"), new("acr_values", "mfa"), new("claims", """{"id_token":{"acr":{"essential":true,"value":"pwd"}}}"""), new("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            new("code_challenge_method", "S256"), new("display", "page"), new("ui_locales", "en"), new("claims_locales", "en"), new("login_hint", "x"), new("id_token_hint", ""), new("request", ""), new("request_uri", ""), new("registration", ""),
        ],
        ["/connect/token"] = [new("grant_type", "authorization_code"), new("code", "x"), new("redirect_uri", TestClient.Suite.RedirectUri), new("code_verifier", new string('v', 43)), new("client_id", "suite"), new("client_secret", TestClient.Suite.Secret!), new("refresh_token", "a.b"), new("scope", "api")],
        ["/connect/par"] = [new("client_id", "suite"), new("client_secret", TestClient.Suite.Secret!), new("redirect_uri", TestClient.Suite.RedirectUri), new("response_type", "code"), new("scope", "openid"), new("state", "s"), new("max_age", "1"), new("claims", "{}"), new("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), new("code_challenge_method", "S256"), new("prompt", "none")],
        ["/connect/introspect"] = [new("client_id", "suite"), new("client_secret", TestClient.Suite.Secret!), new("token", "x"), new("token_type_hint", "access_token")],
        ["/connect/revocation"] = [new("client_id", "suite"), new("client_secret", TestClient.Suite.Secret!), new("token", "x"), new("token_type_hint", "refresh_token")],
        ["/connect/userinfo"] = [new("access_token", "x")],
        ["/connect/endsession"] = [new("id_token_hint", ""), new("post_logout_redirect_uri", TestClient.Suite.PostLogoutRedirectUri), new("state", "s"), new("client_id", "suite"), new("ui_locales", "en"), new("logout_hint", "x")],
        ["/connect/continue"] = [new("tx", "x")],
        ["/sign-in"] = [new("tx", "x"), new("userName", "x"), new("password", "x"), new("__csrf", "x")],
        ["/verify"] = [new("tx", "x"), new("code", "x"), new("__csrf", "x")],
        ["/verify/other"] = [new("tx", "x"), new("factor", "x"), new("__csrf", "x")],
        ["/consent"] = [new("tx", "x"), new("decision", "allow"), new("__csrf", "x")],
        ["/connect/cancel"] = [new("tx", "x"), new("__csrf", "x")],
        ["/connect/endsession/confirm"] = [new("decision", "sign-out"), new("__csrf", "x")],
        ["/signed-out"] = [new("client_id", "suite"), new("id_token_hint", ""), new("post_logout_redirect_uri", TestClient.Suite.PostLogoutRedirectUri), new("state", "s"), new("ui_locales", "en"), new("logout_hint", "x")],
        ["/setup"] = [new("token", "x"), new("userName", "x"), new("email", "x"), new("password", "x")],
        ["/"] = [new("ui_locales", "xx"), new("theme", "dark")],
    };

    private static readonly Dictionary<string, Func<string, string>> Spoilt = new()
    {
        ["long"] = value => value + new string('x', 9000),
        ["null"] = value => value + "\0",
        ["line"] = value => value + "\r\nSet-Cookie: evil=1",
        ["control"] = value => "\u0001\u001b[31m" + value,
        ["surrogate"] = _ => "\uFFFD\uFFFE",
        ["number"] = _ => "-99999999999999999999",
        ["object"] = _ => """{"a":[{"b":1e999}]}""",
        ["deep"] = _ => string.Concat(Enumerable.Repeat("""{"a":""", 500)),
        ["array"] = _ => """["x"]""",
        ["space"] = _ => "   ",
        ["html"] = _ => "<script>alert(1)</script>\"'>",
        ["path"] = _ => "https://evil.example/",
        ["chinese"] = _ => "邮箱安全",
    };

    public static TheoryData<string, string> Table
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var (endpoint, parameters) in Endpoints)
            {
                foreach (var (name, _) in parameters)
                    table.Add(endpoint, name);
            }

            return table;
        }
    }

    // One server for all of them: each answers for what it caused itself.
    private readonly int logged = idp.Log.Errors.Count();

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_spoilt_parameter_is_answered_in_order(string endpoint, string name)
    {
        var all = Endpoints[endpoint];
        var value = all.Single(pair => pair.Key == name).Value;
        var others = all.Where(pair => pair.Key != name).ToList();
        await InOrderAsync(endpoint, others);
        await InOrderAsync(endpoint, [.. others, new(name, value), new(name, value)], repeated: true);
        await InOrderAsync(endpoint, [.. others, new(name, "")]);
        foreach (var spoil in Spoilt.Values)
            await InOrderAsync(endpoint, [.. others, new(name, spoil(value))]);
        NothingLogged();
    }

    [Fact]
    public void Whatever_is_sent_as_an_authorization_request_is_answered_in_order()
    {
        var any = Gen.Select(Gen.OneOf(Endpoints["/connect/authorize"].Select(pair => Gen.Const(pair.Key)).ToArray()), Gen.String[0, 60], KeyValuePair.Create).List[0, 8];
        any.Sample(pairs => InOrderAsync("/connect/authorize", [.. pairs.Where(pair => !pair.Value.Any(char.IsSurrogate))]).GetAwaiter().GetResult(), iter: 200, threads: 1);
        NothingLogged();
    }

    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("text/plain", "a=b")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--x--\r\n")]
    [InlineData("application/x-www-form-urlencoded; charset=nonsense", "a=b")]
    [InlineData("application/x-www-form-urlencoded", "%%%=%zz&=&&&a")]
    [InlineData("garbage", "\0\0\0")]
    public async Task A_body_of_another_kind_is_answered_in_order(string type, string body)
    {
        foreach (var endpoint in Endpoints.Keys)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, idp.Issuer + endpoint) { Content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(body)) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            var answer = await idp.SendAsync(request);
            Assert.True(answer.Status is >= 200 and < 500, $"{endpoint} {type}: {answer.Status}");
        }

        NothingLogged();
    }

    private async Task InOrderAsync(string endpoint, IReadOnlyList<KeyValuePair<string, string>> pairs, bool repeated = false)
    {
        var query = string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        using var get = new HttpRequestMessage(HttpMethod.Get, $"{idp.Issuer}{endpoint}?{query}");
        Check(await idp.SendAsync(get), "GET");
        using var post = new HttpRequestMessage(HttpMethod.Post, $"{idp.Issuer}{endpoint}") { Content = Form(pairs) };
        post.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        var posted = await idp.SendAsync(post);
        Check(posted, "POST");
        if (repeated && endpoint is "/connect/token" or "/connect/par")
            Assert.Contains(posted.Error, (string[])["invalid_request", "invalid_client"]);

        void Check(TokenAnswer answer, string method)
        {
            var what = $"{method} {endpoint}?{query[..Math.Min(query.Length, 300)]} → {answer.Status.ToString(CultureInfo.InvariantCulture)} {answer.Body[..Math.Min(answer.Body.Length, 300)]}";
            HeadInOrder(answer.Status, answer.Head, what);
            if (answer.Error is { } error)
            {
                Assert.Matches(@"^[\x20\x21\x23-\x5B\x5D-\x7E]+$", error);
                Assert.Matches(@"^[\x20\x21\x23-\x5B\x5D-\x7E]*$", answer["error_description"] ?? "");
            }

            Assert.DoesNotContain("<script>alert", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("   at IdP.", answer.Body, StringComparison.Ordinal);
        }
    }

    /// <summary>With every NUL as it is: escaped, the framework refuses it before the server has seen anything; bare, it goes through.</summary>
    private static StringContent Form(IEnumerable<KeyValuePair<string, string>> pairs) => new(
        string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value).Replace("%00", "\0", StringComparison.Ordinal)}")),
        System.Text.Encoding.ASCII, UrlEncoded);

    private void NothingLogged() => Assert.Equal("", string.Join('\n', idp.Log.Errors.Skip(logged)));

    private void HeadInOrder(int status, HttpResponseHead head, string what)
    {
        Assert.True(status is >= 200 and < 500, what);
        Assert.True(head["Set-Cookie"]?.Contains("evil", StringComparison.Ordinal) is not true, what);
        if (head["Location"] is not { } location)
            return;
        var to = new Uri(new Uri(idp.Issuer), location);
        Assert.True(
            to.GetLeftPart(UriPartial.Authority) == idp.Issuer || to.GetLeftPart(UriPartial.Path) == TestClient.Suite.RedirectUri || to.GetLeftPart(UriPartial.Path) == TestClient.Suite.PostLogoutRedirectUri,
            what);
    }
}

public sealed class BadInput_on_SQLite_and_memory(SqliteAttackHost host) : BadInputTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class BadInput_on_PostgreSQL_and_Redis(PostgresAttackHost host) : BadInputTests(host.Idp), IClassFixture<PostgresAttackHost>;
