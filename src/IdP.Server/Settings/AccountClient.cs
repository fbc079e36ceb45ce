using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;
using IdP.Server.Hosting;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Settings;

/// <summary>
/// The personal pages as a relying party of this very server: whoever opens them signs in through the front door like everywhere else, and no second way in
/// has to be kept safe. Nobody registers it, and it has no secret, so its codes can never be redeemed: the session is what the pages want.
/// </summary>
internal sealed class AccountClient(ClientStore registered, IdpOptions options) : IClients
{
    public const string Id = ClientValidator.OwnId;
    public const string ReturnPath = "/account/return";

    private readonly string redirectUri = options.Issuer + ReturnPath;

    public ValueTask<Client?> FindAsync(string clientId, CancellationToken cancel) =>
        clientId == Id ? new(Client()) : registered.FindAsync(clientId, cancel);

    public ValueTask<bool> AnyAllowsOriginAsync(string origin, CancellationToken cancel) => registered.AnyAllowsOriginAsync(origin, cancel);

    /// <summary>What the pages ask for at every request: the decider says whether this browser's session is enough.</summary>
    public AuthorizeRequest Request() => new()
    {
        Client = Client(),
        Target = new(redirectUri, "query", null),
        Scopes = ["openid"],
        Parameters = new Dictionary<string, string>(),
    };

    /// <param name="path">Where to come back to: one of our own.</param>
    public string SignInPath(string path) =>
        $"/connect/authorize?client_id={Id}&response_type=code&scope=openid&redirect_uri={Uri.EscapeDataString(redirectUri)}&state={Uri.EscapeDataString(path)}";

    // Its name is in the person's language, so it is made per request.
    private Client Client() => new()
    {
        ClientId = Id,
        ClientName = SettingsTexts.Table.Get("Title"),
        ClientUri = options.Issuer + "/account",
        RedirectUris = [redirectUri],
        AllowedScopes = ["openid"],
        RequirePkce = false,
        MinimumAcr = null,
    };

    /// <summary>Own pages only: "/account", and what is below it. Everything else is another's idea.</summary>
    public static string Own(string? path) =>
        path is { Length: < 500 } && (path == "/account" || path.StartsWith("/account/", StringComparison.Ordinal) || path.StartsWith("/account?", StringComparison.Ordinal))
            && !path.StartsWith(ReturnPath, StringComparison.Ordinal) && path.All(c => c is > ' ' and < '\x7f' and not '\\')
            ? path
            : "/account";
}
