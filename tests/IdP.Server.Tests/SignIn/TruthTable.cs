using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.SignIn;

namespace IdP.Server.Tests.SignIn;

/// <summary>
/// acr and amr: factor × trusted device × age × what the app asked × where the session came from. A row says in plain values what happened, and
/// <see cref="Expected"/> says from them alone, by the words of the promise, what a token may tell.
/// </summary>
internal sealed record TruthRow(TruthRow.Kind Factor, TruthRow.Origin From, TruthRow.Done Here, TruthRow.Trusted Device, TruthRow.Ask Asked, TruthRow.App Client)
{
    private const string Alice = "alice-id";
    private const string Bob = "bob-id";
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 9, 0, 0, TimeSpan.Zero);
    private static readonly AcrLevels Levels = new(new ProtocolOptions { Issuer = "https://id.example" });

    /// <param name="Id">Empty: nothing is bound.</param>
    /// <param name="Good">Accepted for mfa by this server.</param>
    /// <param name="BoundAge">Seconds since it was bound.</param>
    /// <param name="Way">How it was done, where the kind has several ways.</param>
    internal sealed record Kind(string Id, string[] Amr, bool Good, int BoundAge = 90 * 86_400, string? Way = null);

    /// <summary>Ages in seconds; null: not proven in it.</summary>
    internal sealed record Origin(string Name, string? Owner, int? Password, int? Factor, bool BroughtByDevice = false);

    internal sealed record Done(string Name, bool Password, bool Factor);

    /// <param name="Age">Of the factor that was done when trust was given.</param>
    internal sealed record Trusted(string Name, string Owner, int Age, bool Living = true);

    internal sealed record Ask(string Name, string[] Wishes, string[] Demands, int? MaxAge = null, bool Login = false, bool Silent = false);

    internal sealed record App(
        string Name, bool AsksWhenBound = true, bool Minimum = false, bool AcceptsTrust = false, int? StepUpAge = null, string? OnlyFactor = null,
        bool BindsOnDemand = true, int? LeastAge = null);

    private bool Bound => Factor.Id.Length > 0;

    /// <summary>Accepted for mfa by this server and by this app.</summary>
    private bool Accepted => Factor.Good && (Client.OnlyFactor is null || FactorIds.KindOf(Client.OnlyFactor) == Factor.Id);

    /// <summary>And the way in which it was done is accepted too, not only another way of the same kind.</summary>
    private bool DoneAsAccepted => Good && (Client.OnlyFactor is null || Client.OnlyFactor == Factor.Id || Client.OnlyFactor == FactorIds.Of(Factor.Id, Factor.Way));

    /// <summary>And bound long enough ago for this app.</summary>
    private bool Good => Accepted && (Client.LeastAge is null || Factor.BoundAge >= Client.LeastAge);

    /// <summary>"finish acr=pwd amr=pwd at=AGE device=yes" or what the person meets instead.</summary>
    public string Expected()
    {
        var subject = Here.Password || Here.Factor ? Alice : From.Owner;
        if (subject is null)
            return Asked.Silent ? "login_required" : "password";

        bool Usable(int? age) => From.Owner == subject && age is not null && !Asked.Login && (Asked.MaxAge is null || age <= Asked.MaxAge);
        int? password = Here.Password ? 0 : Usable(From.Password) ? From.Password : null;
        // What is not bound is not done.
        int? factor = !Bound ? null : Here.Factor ? 0 : Usable(From.Factor) ? From.Factor : null;
        if (password is null)
            return Asked.Silent ? "login_required" : "password";

        // A level can be reached or it cannot; the first name that can be is the one we try.
        var names = Asked.Demands.Length > 0 ? Asked.Demands : Asked.Wishes;
        var first = names.FirstOrDefault(name => name == "pwd" || (name == "mfa" && Good));
        if ((Asked.Demands.Length > 0 && first is null) || (Client.Minimum && !Good))
        {
            // Binding helps where mfa is what is missing, and nothing is bound that has only to grow old enough.
            var couldBeNamed = Asked.Demands.Length == 0 || Asked.Demands.Any(name => name is "pwd" or "mfa");
            if (!couldBeNamed || Accepted || !Client.BindsOnDemand)
                return "unmet_authentication_requirements";
            if (Asked.Silent)
                return "interaction_required";
            return !Here.Password ? "password" : Bound && !Here.Factor ? "verify" : "bind " + (Client.OnlyFactor is { } only ? FactorIds.KindOf(only) : "app+totp");
        }

        var wantsMfa = first == "mfa" || Client.Minimum;

        var really = DoneAsAccepted && factor is not null && (Here.Factor || Client.StepUpAge is null || factor <= Client.StepUpAge);
        // Never max_age, never prompt=login; for mfa only where the client was told so.
        var spares = Device.Living && Device.Owner == subject && !Asked.Login && Asked.MaxAge is null;
        var onTrust = wantsMfa && !really && spares && Client.AcceptsTrust && DoneAsAccepted && (Client.StepUpAge is null || Device.Age <= Client.StepUpAge);
        var policyAsks = Client.AsksWhenBound && Bound && factor is null;
        if ((wantsMfa && !really && !onTrust) || (policyAsks && !spares))
            return Asked.Silent ? "interaction_required" : "verify";

        var reached = really || onTrust ? "mfa" : "pwd";
        // A minimum is told as met, whatever lower name the app wished for; a name that it demanded is the one it gets.
        var said = (Client.Minimum && Asked.Demands.Length == 0) || names.Contains(reached) || !names.Contains("pwd") ? reached : "pwd";
        string[] amr = ["pwd", .. really || factor is not null || onTrust ? Factor.Amr : [], .. really ? ["mfa"] : (string[])[]];
        return $"finish acr={said} amr={string.Join('+', amr)} at={(onTrust ? Device.Age : password)} device={(policyAsks || onTrust ? "yes" : "no")}";
    }

    public string Actual() => SignInFlow.Next(Situation()) switch
    {
        NextStep.Password => "password",
        NextStep.Verify => "verify",
        NextStep.Bind { OnDemand: true, SkipsLeft: 0, Factors: var choice } => "bind " + string.Join('+', choice),
        NextStep.Refuse { Error.Code: var code } => code,
        NextStep.Finish { Who: var who } =>
            $"finish acr={who.Acr} amr={string.Join('+', who.Amr)} at={(int)(Now - who.AuthTime).TotalSeconds} device={(who.SparedBy is null ? "no" : "yes")}",
        var other => other.GetType().Name,
    };

    /// <summary>What the session would hold; a trusted device leaves nothing in it.</summary>
    public Proofs? Held() => SignInFlow.Next(Situation()) is NextStep.Finish { Who.Proofs: var held } ? held : null;

    public static IEnumerable<TruthRow> All() =>
        from factor in new Kind[]
        {
            new("totp", ["otp"], true), new("app", ["swk", "mca"], true, Way: "push"), new("app", ["otp"], true, Way: "code"), new("email", ["otp", "mca"], false), new("", [], false),
            new("totp", ["otp"], true, BoundAge: 3600),
        }
        from origin in new Origin[]
        {
            new("no session", null, null, null),
            new("password minutes ago", Alice, 120, null),
            new("password hours ago", Alice, 7200, null),
            new("came through a trusted device", Alice, 120, null, BroughtByDevice: true),
            new("both minutes ago", Alice, 120, 120),
            new("password minutes ago, factor hours ago", Alice, 120, 7200),
            new("somebody else's, both", Bob, 120, 120),
        }
        from here in new Done[] { new("first visit", false, false), new("password typed", true, false), new("factor done", false, true), new("both done", true, true) }
        from device in new Trusted[]
        {
            new("not trusted", "", 0, false), new("trusted just now", Alice, 30), new("trusted for days", Alice, 20 * 86_400), new("trust is over", Alice, 31 * 86_400, false),
            new("another's trust", "carol-id", 30),
        }
        from asked in new Ask[]
        {
            new("nothing", [], []), new("acr_values=mfa", ["mfa"], []), new("acr_values=pwd mfa", ["pwd", "mfa"], []), new("acr_values=pwd", ["pwd"], []), new("essential mfa", [], ["mfa"]),
            new("essential pwd", [], ["pwd"]), new("essential unknown", [], ["urn:x"]), new("max_age=300", [], [], MaxAge: 300), new("max_age=90 days", [], [], MaxAge: 90 * 86_400),
            new("acr_values=mfa max_age=300", ["mfa"], [], MaxAge: 300), new("prompt=login", [], [], Login: true), new("prompt=login essential mfa", [], ["mfa"], Login: true),
            new("prompt=none", [], [], Silent: true), new("prompt=none essential mfa", [], ["mfa"], Silent: true),
        }
        from client in new App[]
        {
            new("usual"), new("on request", AsksWhenBound: false), new("minimum mfa", Minimum: true), new("step-up age 1 h", StepUpAge: 3600),
            new("accepts trust", AcceptsTrust: true), new("accepts trust, on request", AsksWhenBound: false, AcceptsTrust: true),
            new("accepts trust, minimum mfa", Minimum: true, AcceptsTrust: true), new("accepts trust, step-up age 1 h", AcceptsTrust: true, StepUpAge: 3600),
            new("accepts one factor", OnlyFactor: "totp"), new("accepts one factor, minimum mfa", Minimum: true, OnlyFactor: "totp"),
            new("accepts one factor and trust", AcceptsTrust: true, OnlyFactor: "totp"),
            new("accepts one way", OnlyFactor: "app/push"), new("accepts one way, minimum mfa", Minimum: true, OnlyFactor: "app/push"),
            new("accepts one way and trust", AcceptsTrust: true, OnlyFactor: "app/push"),
            new("binds nothing", BindsOnDemand: false), new("binds nothing, minimum mfa", Minimum: true, BindsOnDemand: false),
            new("factors a day old", LeastAge: 86_400), new("factors a day old, minimum mfa", Minimum: true, LeastAge: 86_400),
            new("factors a day old, accepts trust", AcceptsTrust: true, LeastAge: 86_400),
        }
        select new TruthRow(factor, origin, here, device, asked, client);

    public override string ToString() => $"{(Bound ? FactorIds.Of(Factor.Id, Factor.Way) : "nothing bound")} for {Factor.BoundAge} s | {From.Name} | {Here.Name} | {Device.Name} | {Asked.Name} | {Client.Name}";

    private Situation Situation()
    {
        var person = Here.Password || Here.Factor ? Alice : From.Owner;
        FactorProof Proof(int age) => new(Factor.Id, "the " + Factor.Id, Now.AddSeconds(-age), Factor.Amr, Factor.Way);
        return new Situation
        {
            Request = new AuthorizeRequest
            {
                Client = new Client
                {
                    ClientId = "app", SecondFactorPolicy = Client.AsksWhenBound ? "WhenBound" : "OnRequest", MinimumAcr = Client.Minimum ? "mfa" : null,
                    TrustedDeviceSatisfiesAcr = Client.AcceptsTrust, StepUpMaxAge = Client.StepUpAge,
                    AcceptedFactors = Client.OnlyFactor is { } only ? [only] : [], BindOnDemand = Client.BindsOnDemand, MinimumFactorAge = Client.LeastAge,
                },
                Target = new ResponseTarget("https://app.example/cb", "query", "s"),
                Scopes = ["openid"],
                Parameters = new Dictionary<string, string>(),
                AcrValues = Asked.Wishes,
                EssentialAcr = Asked.Demands.Length > 0 ? Asked.Demands : null,
                MaxAge = Asked.MaxAge is { } age ? TimeSpan.FromSeconds(age) : null,
                PromptLogin = Asked.Login,
                PromptNone = Asked.Silent,
            },
            Session = From.Owner is null ? null : new Session(
                "sid", From.Owner,
                new Proofs { PasswordAt = Now.AddSeconds(-From.Password!.Value), Factors = From.Factor is { } done ? [Proof(done)] : [] },
                Now.AddHours(-3), Now.AddHours(9), From.BroughtByDevice ? "device" : null),
            Progress = new SignInProgress
            {
                Id = "tx", BrowserHash = [], Parameters = new Dictionary<string, string>(), StartedAt = Now.AddMinutes(-1), UserId = Here.Password || Here.Factor ? Alice : null,
                Proofs = new Proofs { PasswordAt = Here.Password ? Now : null, Factors = Here.Factor ? [Proof(0)] : [] },
            },
            Person = person is null ? null : new UserRecord { Id = person, UserName = person, Bindings = Bound ? [new("the " + Factor.Id, Factor.Id, Now.AddSeconds(-Factor.BoundAge))] : [] },
            TrustedDevice = Device.Owner.Length == 0 ? null : new TrustedDevice(
                "device", Device.Owner, [Proof(Device.Age)], Now.AddSeconds(-Device.Age), Now.AddSeconds(-Device.Age).AddDays(30)),
            BindOnDemand = true,
            Bindable = ["app", "email", "totp"],
            Ways = new Dictionary<string, IReadOnlyList<string>> { ["app"] = ["app/push", "app/code"] },
            AcceptedFactors = ["totp", "app", "app/push", "app/code"],
            Levels = Levels,
            Now = Now,
        };
    }
}
