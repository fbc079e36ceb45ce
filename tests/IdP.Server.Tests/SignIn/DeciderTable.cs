using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.SignIn;

namespace IdP.Server.Tests.SignIn;

/// <summary>Every combination of what a browser may have proven and what an app may ask for.</summary>
internal static class DeciderTable
{
    public const string Alice = "alice-id";
    public static readonly DateTimeOffset Now = new(2026, 1, 15, 9, 0, 0, TimeSpan.Zero);
    /// <summary>When everything in these tables was bound.</summary>
    public static readonly DateTimeOffset BoundAt = Now.AddDays(-90);
    private static readonly DateTimeOffset Moments = Now.AddSeconds(-5);
    private static readonly DateTimeOffset Hours = Now.AddHours(-2);

    private static readonly AcrLevels Levels = new(new ProtocolOptions { Issuer = "https://id.example", AcrNames = new Dictionary<string, string> { ["urn:strong"] = "mfa" } });

    internal sealed record Asked(string Name, Func<AuthorizeRequest, AuthorizeRequest> Shape)
    {
        public override string ToString() => Name;
    }

    private static readonly (string Name, Session? Session)[] Sessions =
    [
        ("no session", null),
        ("password just now", Session(Alice, Moments)),
        ("password hours ago", Session(Alice, Hours)),
        ("both just now", Session(Alice, Moments, Otp(Moments))),
        ("both hours ago", Session(Alice, Hours, Otp(Hours))),
        ("password hours ago, factor just now", Session(Alice, Hours, Otp(Moments))),
        ("password just now, factor hours ago", Session(Alice, Moments, Otp(Hours))),
        ("factor that mfa does not accept", Session(Alice, Moments, Mail(Moments))),
        ("somebody else, both", Session("bob-id", Moments, Otp(Moments))),
    ];

    private static readonly (string Name, SignInProgress? Progress)[] Progresses =
    [
        ("first visit", null),
        ("nothing yet", Progress(null, Proofs.None)),
        ("password typed", Progress(Alice, new Proofs { PasswordAt = Now })),
        ("password and factor done", Progress(Alice, new Proofs { PasswordAt = Now, Factors = [Otp(Now)] })),
        ("factor done", Progress(Alice, new Proofs { Factors = [Otp(Now)] })),
        ("unaccepted factor done", Progress(Alice, new Proofs { PasswordAt = Now, Factors = [Mail(Now)] })),
        ("refused", Progress(Alice, new Proofs { PasswordAt = Now, Factors = [Otp(Now)] }) with { Refused = true }),
    ];

    private static readonly Asked[] Requests =
    [
        new("nothing special", r => r),
        new("acr_values=mfa", r => r with { AcrValues = ["mfa"] }),
        new("acr_values=urn:strong", r => r with { AcrValues = ["urn:strong"] }),
        new("acr_values=pwd mfa", r => r with { AcrValues = ["pwd", "mfa"] }),
        new("acr_values=mfa, max_age=60", r => r with { AcrValues = ["mfa"], MaxAge = TimeSpan.FromSeconds(60) }),
        new("essential mfa", r => r with { EssentialAcr = ["mfa"] }),
        new("essential mfa or pwd", r => r with { EssentialAcr = ["mfa", "pwd"] }),
        new("essential pwd", r => r with { EssentialAcr = ["pwd"] }),
        new("essential unknown", r => r with { EssentialAcr = ["urn:other"] }),
        new("max_age=60", r => r with { MaxAge = TimeSpan.FromSeconds(60) }),
        new("max_age=0", r => r with { MaxAge = TimeSpan.Zero }),
        new("prompt=login", r => r with { PromptLogin = true }),
        new("prompt=select_account", r => r with { PromptSelectAccount = true }),
        new("prompt=login, essential mfa", r => r with { PromptLogin = true, EssentialAcr = ["mfa"] }),
        new("prompt=none", r => r with { PromptNone = true }),
        new("prompt=none, essential mfa", r => r with { PromptNone = true, EssentialAcr = ["mfa"] }),
        new("prompt=none, max_age=60", r => r with { PromptNone = true, MaxAge = TimeSpan.FromSeconds(60) }),
        new("prompt=consent", r => r with { PromptConsent = true }),
        new("hint for alice", r => r with { HintedSubject = Alice }),
        new("hint for carol", r => r with { HintedSubject = "carol-id" }),
    ];

    private static readonly (string Name, Client Client)[] Clients =
    [
        ("usual client", new Client { ClientId = "app" }),
        ("on request", new Client { ClientId = "app", SecondFactorPolicy = "OnRequest" }),
        ("minimum mfa", new Client { ClientId = "app", MinimumAcr = "mfa" }),
        ("on request, step-up age 60 s", new Client { ClientId = "app", SecondFactorPolicy = "OnRequest", StepUpMaxAge = 60 }),
    ];

    private static readonly string[][] Bound = [[], ["totp"], ["email"], ["totp", "email"]];

    private static readonly (string Name, TrustedDevice? Device)[] Devices =
    [
        ("not trusted", null),
        ("trusted", new TrustedDevice("device", Alice, [Otp(Hours)], Hours, Hours.AddDays(30))),
    ];

    public static IEnumerable<(string Row, Situation Situation)> Rows() =>
        from session in Sessions
        from progress in Progresses
        from asked in Requests
        from client in Clients
        from bound in Bound
        from device in Devices
        select (
            $"{session.Name} | {progress.Name} | {asked} | {client.Name} | {device.Name} | bound: {string.Join('+', bound)}",
            Situation(asked.Shape(Request(client.Client)), session.Session, progress.Progress, bound) with { TrustedDevice = device.Device });

    public static Situation Situation(AuthorizeRequest request, Session? session, SignInProgress? progress, IReadOnlyList<string> bound)
    {
        var userId = progress?.UserId ?? session?.UserId;
        return new Situation
        {
            Request = request,
            Session = session,
            Progress = progress,
            Person = userId is null ? null : new UserRecord { Id = userId, UserName = userId, Bindings = Bindings(bound) },
            AcceptedFactors = ["totp"],
            Levels = Levels,
            Now = Now,
        };
    }

    public static IReadOnlyList<BoundFactor> Bindings(IEnumerable<string> factors) => [.. factors.Select(factor => new BoundFactor("the " + factor, factor, BoundAt))];

    public static AuthorizeRequest Request(Client client) => new()
    {
        Client = client,
        Target = new ResponseTarget("https://app.example/cb", "query", "s"),
        Scopes = ["openid"],
        Parameters = new Dictionary<string, string>(),
    };

    private static Session Session(string user, DateTimeOffset passwordAt, params FactorProof[] factors) =>
        new("sid", user, new Proofs { PasswordAt = passwordAt, Factors = factors }, passwordAt, passwordAt.AddHours(12));

    private static SignInProgress Progress(string? user, Proofs proofs) => new()
    {
        Id = "tx", BrowserHash = [], Parameters = new Dictionary<string, string>(), StartedAt = Now.AddMinutes(-1), UserId = user, Proofs = proofs,
    };

    private static FactorProof Otp(DateTimeOffset at) => new("totp", "the totp", at, ["otp"]);

    private static FactorProof Mail(DateTimeOffset at) => new("email", "the email", at, ["otp", "mca"]);
}
