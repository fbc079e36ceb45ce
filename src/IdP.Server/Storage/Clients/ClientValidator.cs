using FluentValidation;
using FluentValidation.Results;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Server.Storage.Clients;

/// <summary>What a client may say; the same from console, command line and file. One message a fault, all faults at once.</summary>
internal sealed class ClientValidator : AbstractValidator<Client>
{
    /// <summary>The server's own pages as a client: nobody can register it.</summary>
    public const string OwnId = "idp-account";

    /// <summary>No token outlives it, and a retired signing key stays published this long (I-10).</summary>
    public const int LongestTokenLifetime = 86_400;

    private static readonly string[] GrantTypes = ["authorization_code", "refresh_token", "client_credentials"];
    private static readonly string[] Algorithms = ["ES256", "RS256"];
    private static readonly string[] AuthMethods = ["client_secret_basic", "client_secret_post", "none"];

    private ClientValidator(ScopeCatalogue scopes)
    {
        RuleFor(c => c.ClientId).Custom((id, check) => Say(check, IdFault(id)));
        RuleFor(c => c.ClientName).MaximumLength(200).WithMessage("is longer than 200 characters");

        foreach (var (path, pick) in Pages)
            RuleFor(c => c).Custom((c, check) => Say(check, path, pick(c) is { } value ? UriRules.Web(value) : null));
        foreach (var (path, pick) in NotYet)
            RuleFor(c => c).Custom((c, check) => Say(check, path, pick(c) is null ? null : "cannot be used yet: apps are not told of sign-outs; leave it out"));
        RuleForEach(c => c.RedirectUris).Custom((uri, check) => Say(check, UriRules.Redirect(uri, !check.InstanceToValidate.RequireClientSecret)));
        RuleForEach(c => c.PostLogoutRedirectUris).Custom((uri, check) => Say(check, UriRules.Redirect(uri, !check.InstanceToValidate.RequireClientSecret)));
        RuleForEach(c => c.AllowedCorsOrigins).Custom((origin, check) => Say(check, UriRules.Origin(origin)));
        RuleForEach(c => c.AllowedGrantTypes).Custom((grant, check) => Say(check, OneOf(grant, GrantTypes)));
        RuleForEach(c => c.AllowedScopes).Custom((scope, check) => Say(check, ScopeFault(check.InstanceToValidate, scope, scopes)));
        RuleForEach(c => c.AcceptedFactors).Custom((factor, check) => Say(check, AcceptedFactorFault(factor)));
        foreach (var (path, pick) in Lists)
            RuleFor(c => c).Custom((c, check) => Say(check, path, TwiceFault(pick(c))));

        RuleFor(c => c.AccessTokenType).Custom((type, check) => Say(check, OneOf(type, ["jwt", "reference"])));
        RuleFor(c => c.IdTokenSigningAlg).Custom((alg, check) => Say(check, OneOf(alg, Algorithms)));
        RuleFor(c => c.UserInfoSignedResponseAlg).Custom((alg, check) => Say(check, alg is null ? null : OneOf(alg, Algorithms)));
        RuleFor(c => c.MinimumAcr).Custom((acr, check) => Say(check, acr is null ? null : OneOf(acr, [AcrLevels.Password, AcrLevels.Mfa])));
        RuleFor(c => c.SecondFactorPolicy).Custom((policy, check) => Say(check, OneOf(policy, ["WhenBound", "OnRequest"])));
        RuleFor(c => c.TokenEndpointAuthMethod).Custom((method, check) => Say(check, method is null ? null : OneOf(method, AuthMethods)));

        RuleFor(c => c.AccessTokenLifetime).Custom((s, check) => Say(check, Between(s, 10, LongestTokenLifetime)));
        RuleFor(c => c.IdentityTokenLifetime).Custom((s, check) => Say(check, Between(s, 10, LongestTokenLifetime)));
        RuleFor(c => c.AuthorizationCodeLifetime).Custom((s, check) => Say(check, Between(s, 10, 600)));
        RuleFor(c => c.AbsoluteRefreshTokenLifetime).Custom((s, check) => Say(check, Between(s, 60, 31_536_000)));
        RuleFor(c => c.SlidingRefreshTokenLifetime).Custom((s, check) => Say(check, Between(s, 60, 31_536_000)));
        RuleFor(c => c.MinimumFactorAge).Custom((s, check) => Say(check, s is null ? null : Between(s.Value, 0, 31_536_000)));
        RuleFor(c => c.StepUpMaxAge).Custom((s, check) => Say(check, s is null ? null : Between(s.Value, 0, 31_536_000)));

        RuleFor(c => c).Custom(Together);
    }

    public static IReadOnlyList<Fault> Check(Client client, ScopeCatalogue scopes) =>
        [.. new ClientValidator(scopes).Validate(client).Errors.Select(e => new Fault(Camel(e.PropertyName), e.ErrorMessage))];

    private static readonly (string Path, Func<Client, string?> Pick)[] Pages =
    [
        ("clientUri", c => c.ClientUri), ("logoUri", c => c.LogoUri), ("policyUri", c => c.PolicyUri), ("tosUri", c => c.TosUri),
    ];

    /// <summary>An operator who could register them would count on sign-outs that nobody is told.</summary>
    private static readonly (string Path, Func<Client, string?> Pick)[] NotYet =
    [
        ("backChannelLogoutUri", c => c.BackChannelLogoutUri), ("frontChannelLogoutUri", c => c.FrontChannelLogoutUri),
    ];

    private static readonly (string Path, Func<Client, IReadOnlyList<string>> Pick)[] Lists =
    [
        ("redirectUris", c => c.RedirectUris), ("postLogoutRedirectUris", c => c.PostLogoutRedirectUris),
        ("allowedScopes", c => c.AllowedScopes), ("allowedGrantTypes", c => c.AllowedGrantTypes),
    ];

    /// <summary>Rules between members.</summary>
    private static void Together(Client client, ValidationContext<Client> check)
    {
        var isPublic = !client.RequireClientSecret;
        var code = client.AllowedGrantTypes.Contains("authorization_code");
        if (client.AllowedGrantTypes.Count == 0)
            Say(check, "allowedGrantTypes", $"is empty; name at least one of {string.Join(", ", GrantTypes)}");
        if (code && client.RedirectUris.Count == 0)
            Say(check, "redirectUris", "is empty, but authorization_code needs an address to return to");
        if (client.AllowedGrantTypes.Contains("refresh_token") && !code)
            Say(check, "allowedGrantTypes", "has refresh_token without authorization_code, the only grant that gives refresh tokens");
        if (isPublic && client.ClientSecrets.Count > 0)
            Say(check, "clientSecrets", "must be empty for a public client (requireClientSecret: false)");
        if (!isPublic && client.ClientSecrets.Count == 0)
            Say(check, "clientSecrets", "is empty; a confidential client needs a secret, a public one says requireClientSecret: false");
        if (isPublic && !client.RequirePkce)
            Say(check, "requirePkce", "cannot be false for a public client: PKCE is all that protects its codes");
        if (isPublic && client.AllowedGrantTypes.Contains("client_credentials"))
            Say(check, "allowedGrantTypes", "has client_credentials, which a public client cannot use");
        if (isPublic && client.TokenEndpointAuthMethod is "client_secret_basic" or "client_secret_post")
            Say(check, "tokenEndpointAuthMethod", $"'{client.TokenEndpointAuthMethod}' needs a secret, but requireClientSecret is false");
        if (!isPublic && client.TokenEndpointAuthMethod == "none")
            Say(check, "tokenEndpointAuthMethod", "'none' is for public clients: set requireClientSecret to false");
        if (client.SlidingRefreshTokenLifetime > client.AbsoluteRefreshTokenLifetime)
            Say(check, "slidingRefreshTokenLifetime", $"{client.SlidingRefreshTokenLifetime} is longer than absoluteRefreshTokenLifetime, {client.AbsoluteRefreshTokenLifetime}");
    }

    /// <summary>RFC 6749 appendix A.1, narrowed to what needs no escaping in Basic credentials, logs and URLs.</summary>
    /// <summary>Whether a client could have been registered under this id at all.</summary>
    public static bool CouldBeId(string id) => IdFault(id) is null;

    private static string? IdFault(string id) =>
        id.Length is 0 or > 100 ? "must have 1 to 100 characters"
        : id == OwnId ? $"'{id}' is this server itself"
        : id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? null
        : $"'{id}' may have letters, digits, '-', '_' and '.' only";

    private static string? ScopeFault(Client client, string scope, ScopeCatalogue scopes) =>
        scopes.Find(scope) is null ? $"'{scope}' is not a scope this server knows; it knows {string.Join(", ", scopes.Names)}"
        : scope == ScopeCatalogue.OfflineAccess && !client.AllowOfflineAccess ? "'offline_access' also needs allowOfflineAccess: true"
        : null;

    /// <summary>A kind ("app") or one of its ways ("app/push").</summary>
    internal static string? AcceptedFactorFault(string factor) =>
        factor.Split('/') is { Length: 1 or 2 } parts && parts.All(part => FactorFault(part) is null) ? null
            : $"'{factor}' is not the id of a factor, nor of a way of one (\"totp\", \"app/push\")";

    internal static string? FactorFault(string factor) =>
        factor.Length is > 0 and <= 32 && factor.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') ? null : $"'{factor}' is not the id of a factor";

    private static string? TwiceFault(IReadOnlyList<string> list) =>
        list.CountBy(x => x).FirstOrDefault(x => x.Value > 1).Key is { } twice ? $"has '{twice}' more than once" : null;

    private static string? OneOf(string value, string[] known) =>
        known.Contains(value, StringComparer.Ordinal) ? null : $"'{value}' must be one of {string.Join(", ", known)}";

    private static string? Between(int seconds, int least, int most) =>
        seconds >= least && seconds <= most ? null : $"{seconds} must be between {least} and {most} seconds";

    private static void Say(ValidationContext<Client> check, string? reason) => Say(check, check.PropertyPath, reason);

    private static void Say(ValidationContext<Client> check, string path, string? reason)
    {
        if (reason is not null)
            check.AddFailure(new ValidationFailure(path, reason));
    }

    private static string Camel(string path) => path.Length == 0 ? path : char.ToLowerInvariant(path[0]) + path[1..];
}
