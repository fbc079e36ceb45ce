using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>What is sent where. Every route of the server has its rows (<see cref="Every_route_has_its_rows"/>).</summary>
public abstract partial class BadInputTests
{
    private const string Code = "code", Refresh = "refresh", Access = "access", IdToken = "id_token", Verifier = "verifier";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    /// <summary>One request, good enough to go as deep as it can. A value in angle brackets is a real one, made anew for each request.</summary>
    /// <param name="Needed">Parameters without which, or with others, it cannot succeed.</param>
    /// <param name="Matching">Parameters that may be left out, but not be others.</param>
    /// <param name="Succeeds">Null where nothing can succeed without an open page.</param>
    private sealed record Row(string Path, KeyValuePair<string, string>[] Parameters, string Needed = "", string Matching = "", Func<TokenAnswer, bool>? Succeeds = null)
    {
        public bool IsNeeded(string name) => Needed.Split(' ').Contains(name);

        public bool MustMatch(string name) => IsNeeded(name) || Matching.Split(' ').Contains(name);
    }

    private static readonly KeyValuePair<string, string>[] Client = [new("client_id", "suite"), new("client_secret", TestClient.Suite.Secret!)];

    private static readonly KeyValuePair<string, string>[] Authorization =
    [
        new("redirect_uri", TestClient.Suite.RedirectUri), new("response_type", "code"), new("scope", "openid profile"), new("state", "s"), new("nonce", "n"), new("response_mode", "query"), new("prompt", "login"),
        new("max_age", "100"), new("acr_values", "mfa"), new("claims", """{"id_token":{"acr":{"essential":true,"value":"pwd"}}}"""), new("code_challenge", Challenge), new("code_challenge_method", "S256"),
        new("display", "page"), new("ui_locales", "en"), new("claims_locales", "en"), new("login_hint", "x"), new("id_token_hint", "<id_token>"), new("request", ""), new("request_uri", ""), new("registration", ""),
    ];

    private static readonly Dictionary<string, Row> Rows = new()
    {
        ["authorize"] = new("/connect/authorize", [Client[0], .. Authorization],
            "client_id redirect_uri response_type scope code_challenge code_challenge_method", "response_mode id_token_hint", answer => answer.Head["Location"]?.StartsWith("/sign-in?", StringComparison.Ordinal) is true),
        ["authorize for form_post"] = new("/connect/authorize", [Client[0], .. Authorization.Select(pair => pair.Key == "response_mode" ? new("response_mode", "form_post") : pair)],
            "client_id redirect_uri response_type scope code_challenge code_challenge_method", "response_mode id_token_hint", answer => answer.Head["Location"]?.StartsWith("/sign-in?", StringComparison.Ordinal) is true),
        ["token by code"] = new("/connect/token", [new("grant_type", "authorization_code"), new("code", "<code>"), new("redirect_uri", TestClient.Suite.RedirectUri), new("code_verifier", "<verifier>"), .. Client],
            "grant_type code redirect_uri code_verifier client_id client_secret", Succeeds: answer => answer.Status == 200),
        ["token by refresh"] = new("/connect/token", [new("grant_type", "refresh_token"), new("refresh_token", "<refresh>"), new("scope", "openid"), .. Client],
            "grant_type refresh_token client_id client_secret", Succeeds: answer => answer.Status == 200),
        ["token for the client"] = new("/connect/token", [new("grant_type", "client_credentials"), new("scope", "api"), .. Client],
            "grant_type client_id client_secret", Succeeds: answer => answer.Status == 200),
        ["par"] = new("/connect/par", [.. Client, .. Authorization],
            "client_id client_secret redirect_uri response_type scope code_challenge code_challenge_method", "response_mode id_token_hint", answer => answer.Status == 201),
        ["introspect an access token"] = new("/connect/introspect", [.. Client, new("token", "<access>"), new("token_type_hint", "access_token")], "client_id client_secret token", Succeeds: IsActive),
        ["introspect a refresh token"] = new("/connect/introspect", [.. Client, new("token", "<refresh>"), new("token_type_hint", "refresh_token")], "client_id client_secret token", Succeeds: IsActive),
        ["revoke an access token"] = new("/connect/revocation", [.. Client, new("token", "<access>"), new("token_type_hint", "access_token")], "client_id client_secret", Succeeds: answer => answer.Status == 200),
        ["revoke a refresh token"] = new("/connect/revocation", [.. Client, new("token", "<refresh>"), new("token_type_hint", "refresh_token")], "client_id client_secret", Succeeds: answer => answer.Status == 200),
        ["userinfo"] = new("/connect/userinfo", [new("access_token", "<access>")], "access_token", Succeeds: answer => answer.Status == 200),
        ["endsession"] = new("/connect/endsession", [new("id_token_hint", "<id_token>"), new("post_logout_redirect_uri", TestClient.Suite.PostLogoutRedirectUri), new("state", "s"), Client[0], new("ui_locales", "en"), new("logout_hint", "x")],
            "id_token_hint post_logout_redirect_uri", "client_id", answer => answer.Head["Location"]?.StartsWith(TestClient.Suite.PostLogoutRedirectUri, StringComparison.Ordinal) is true),
        ["endsession/confirm"] = new("/connect/endsession/confirm", [new("decision", "sign-out"), new("__csrf", "x")]),
        ["signed-out"] = new("/signed-out", [Client[0], new("id_token_hint", "<id_token>"), new("post_logout_redirect_uri", TestClient.Suite.PostLogoutRedirectUri), new("state", "s"), new("ui_locales", "en"), new("logout_hint", "x")]),
    };

    // Pages that are not open: what a stranger can send there. Open ones are in Fields.
    private static readonly Dictionary<string, string> Closed = new()
    {
        ["/connect/continue"] = "tx", ["/connect/cancel"] = "tx", ["/sign-in"] = "tx userName password", ["/verify"] = "tx code trust", ["/verify/other"] = "tx factor", ["/verify/again"] = "tx",
        ["/consent"] = "tx decision", ["/bind"] = "tx code change", ["/bind/choose"] = "tx factor said", ["/bind/again"] = "tx", ["/bind/other"] = "tx", ["/bind/skip"] = "tx", ["/setup"] = "token userName email password",
        ["/forgot"] = "userName done", ["/reset"] = "token with after done code newPassword again", ["/reset/again"] = "token with", ["/not-me"] = "token",
        ["/account"] = "ui_locales", ["/account/return"] = "code state iss error", ["/account/profile"] = "name locale done", ["/account/password"] = "password newPassword again done",
        ["/account/sessions"] = "done", ["/account/sessions/end"] = "id", ["/account/sessions/others"] = "id", ["/account/sessions/app"] = "id", ["/account/devices"] = "done", ["/account/devices/remove"] = "id",
        ["/account/devices/all"] = "id", ["/account/two-step"] = "done factor", ["/account/two-step/prefer"] = "factor", ["/account/two-step/unbind"] = "id", ["/account/two-step/bind"] = "factor replaces offer change code kept label",
        ["/account/two-step/bind/offer"] = "factor replaces offer said", ["/account/two-step/bind/again"] = "factor replaces offer", ["/account/two-step/bind/file"] = "offer", ["/account/confirm"] = "action with code password",
        ["/account/confirm/again"] = "action with", ["/"] = "ui_locales theme", ["/assets/{file}"] = "file", ["/.well-known/openid-configuration"] = "any", ["/.well-known/oauth-authorization-server"] = "any",
        ["/.well-known/jwks.json"] = "any", ["/waiting/challenge/{id}"] = "any", ["/waiting/offer/{id}"] = "any",
    };

    private static readonly IReadOnlyDictionary<string, Row> All = Rows
        .Concat(Closed.Select(page => KeyValuePair.Create(page.Key, new Row(page.Key, [.. page.Value.Split(' ').Select(name => KeyValuePair.Create(name, "x")), new("__csrf", "x")]))))
        .ToDictionary();

    private static readonly string[] Paths = [.. All.Values.Select(row => row.Path).Distinct()];

    private static readonly Dictionary<string, Func<string, string>> Spoilt = new()
    {
        ["long"] = value => value + new string('x', 9000),
        ["null"] = value => value + "\0",
        ["null first"] = value => "\0" + value,
        ["null instead"] = value => value.Length == 0 ? "\0" : "\0" + value[1..],
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

    private static bool IsActive(TokenAnswer answer) => answer is { Status: 200, Json: { } json } && json["active"]!.GetValue<bool>();
}
