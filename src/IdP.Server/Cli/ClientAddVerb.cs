using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>"client add": one command from nothing to what has to be typed into the other application.</summary>
internal sealed class ClientAddVerb
{
    private readonly Argument<string> id = new("ID") { Description = "The client's id: letters, digits, '-', '_' and '.'" };
    private readonly Option<string> name = new("--name") { Description = "What people read on the sign-in page" };
    private readonly Option<string> profile = new Option<string>("--profile")
    {
        Description = "web: runs on a server; spa: in the browser; native: on a phone or desktop; machine: without a person. Sets grants, secret and PKCE",
    }.AcceptOnly(ClientProfile.Names);
    private readonly Option<string[]> redirectUri = new("--redirect-uri") { Description = "Where to return to, compared exactly; may be repeated" };
    private readonly Option<string[]> postLogoutUri = new("--post-logout-redirect-uri") { Description = "Where to return to after signing out; may be repeated" };
    private readonly Option<string[]> scope = new("--scope") { Description = "A scope it may ask for; may be repeated (default: openid profile email)" };
    private readonly Option<string[]> grant = new("--grant") { Description = "authorization_code, refresh_token or client_credentials; may be repeated (default: authorization_code)" };
    private readonly Option<string[]> corsOrigin = new("--cors-origin")
    {
        Description = "Whose scripts may call the token endpoint; may be repeated (default with --profile spa: the origins of its redirect URIs)",
    };
    private readonly Option<bool> isPublic = new("--public") { Description = "A browser or phone app, which cannot keep a secret: no secret is made" };
    private readonly Option<string> alg = new Option<string>("--alg") { Description = "Signs its id_tokens: RS256 (default, what every library knows) or ES256, which costs a tenth" }.AcceptOnly("RS256", "ES256");
    private readonly Option<bool> noPkce = new("--no-pkce") { Description = "For an old application that cannot do PKCE; confidential clients only" };
    private readonly Option<bool> consent = new("--consent") { Description = "Ask people before handing over their data (default: no, it is yours)" };
    private readonly Option<string> minimumAcr = new Option<string>("--minimum-acr") { Description = "mfa: nobody comes in without a second factor" }.AcceptOnly("pwd", "mfa");
    private readonly Option<int?> minimumFactorAge = new("--minimum-factor-age") { Description = "Seconds for which a second factor must have been bound before it counts; 86400 where there is something to protect" };
    private readonly Option<bool> noBindOnDemand = new("--no-bind-on-demand") { Description = "Turn people without a second factor away instead of letting them bind one" };
    private readonly Option<string> authMethod = new Option<string>("--auth-method") { Description = "How it proves itself (default: basic or post, as it likes)" }.AcceptOnly("client_secret_basic", "client_secret_post");
    private readonly Option<bool> secretStdin = new("--secret-stdin") { Description = "Read the secret from standard input instead of making one" };

    public static Command Make(Shell shell)
    {
        var verb = new ClientAddVerb();
        var command = new Command("add", """
            Register an application. For a confidential one a secret is made and shown once.

            Examples:
              idp client add webmail --name "Webmail" --redirect-uri https://mail.example.com/callback
              idp client add shop --profile spa --redirect-uri https://shop.example.com/callback
              idp client add app --profile native --redirect-uri com.example.app:/callback
              idp client add robot --profile machine --scope api
            """)
        {
            verb.id, verb.name, verb.profile, verb.redirectUri, verb.postLogoutUri, verb.corsOrigin, verb.scope, verb.grant, verb.isPublic, verb.alg,
            verb.noPkce, verb.consent, verb.minimumAcr, verb.minimumFactorAge, verb.noBindOnDemand, verb.authMethod, verb.secretStdin,
        };
        command.SetAction((parsed, cancel) => verb.RunAsync(shell, parsed, cancel));
        return command;
    }

    private async Task<int> RunAsync(Shell shell, ParseResult parsed, CancellationToken cancel)
    {
        await using var bench = await Workbench.OpenAsync(shell, cancel);
        var given = parsed.GetValue(secretStdin) ? await shell.Terminal.Input.ReadLineAsync(cancel) ?? "" : null;
        var secret = parsed.GetValue(isPublic) || Kind(parsed) is { IsPublic: true } ? null : given ?? ClientSecrets.New();
        var client = Describe(parsed, secret);

        List<Fault> faults = [.. Contradictions(parsed), .. ClientValidator.Check(client, await bench.Scopes.GetAsync(cancel))];
        if (given is not null && ClientSecrets.Fault(given) is { } weak)
            faults.Add(new("--secret-stdin", weak));
        if (faults.Count > 0)
            return shell.Refuse(faults);

        await bench.Database.TransactAsync(async lane =>
        {
            if (await ClientStore.ReadAsync(lane, client.ClientId, cancel) is not null)
                throw new FaultsException("clientId", $"there is a client '{client.ClientId}' already; 'idp apply' changes clients, 'idp client remove' removes them");
            await bench.Clients.SaveAsync(lane, client, Workbench.Actor, cancel);
            return true;
        }, cancel);
        return Report(shell, bench.Options.Issuer, client, given is null ? secret : null);
    }

    private Client Describe(ParseResult parsed, string? secret)
    {
        var kind = Kind(parsed) ?? ClientProfile.Web;
        var grants = parsed.GetValue(grant) is { Length: > 0 } chosen ? chosen : kind.Grants;
        var redirectUris = parsed.GetValue(redirectUri) ?? [];
        string[] standard = grants.Contains("authorization_code") ? ["openid", "profile", "email"] : [];
        var scopes = parsed.GetValue(scope) is { Length: > 0 } named ? named : standard;
        var offline = grants.Contains("refresh_token");
        return new Client
        {
            ClientId = parsed.GetValue(id)!,
            ClientName = parsed.GetValue(name),
            RequireClientSecret = secret is not null,
            ClientSecrets = secret is null ? [] : [ClientSecrets.Hash(secret)],
            TokenEndpointAuthMethod = secret is null ? "none" : parsed.GetValue(authMethod),
            AllowedGrantTypes = grants,
            RequirePkce = !parsed.GetValue(noPkce),
            RedirectUris = redirectUris,
            AllowedCorsOrigins = parsed.GetValue(corsOrigin) is { Length: > 0 } origins ? origins : kind.InBrowser ? ClientProfile.Origins(redirectUris) : [],
            PostLogoutRedirectUris = parsed.GetValue(postLogoutUri) ?? [],
            AllowOfflineAccess = offline,
            AllowedScopes = offline && !scopes.Contains(ScopeCatalogue.OfflineAccess) ? [.. scopes, ScopeCatalogue.OfflineAccess] : scopes,
            RequireConsent = parsed.GetValue(consent),
            IdTokenSigningAlg = parsed.GetValue(alg) ?? "RS256",
            MinimumAcr = parsed.GetValue(minimumAcr),
            MinimumFactorAge = parsed.GetValue(minimumFactorAge),
            BindOnDemand = !parsed.GetValue(noBindOnDemand),
        };
    }

    // A password thief could else bind a factor of their own and use it here before the owner has read the notice.
    private static readonly string[] Suggestion =
    [
        "Does it protect something, payments or mail forwarding for example? Register it with",
        "--minimum-acr mfa --minimum-factor-age 86400: it then takes a second factor only 24 hours after it was bound.",
    ];

    private ClientProfile? Kind(ParseResult parsed) => parsed.GetValue(profile) is { } named ? ClientProfile.Of(named) : null;

    private IEnumerable<Fault> Contradictions(ParseResult parsed)
    {
        if (Kind(parsed) is not { } kind)
            yield break;
        if (!kind.IsPublic && parsed.GetValue(isPublic))
            yield return new("--public", $"contradicts --profile {kind.Name}, which has a secret");
        if (kind.IsPublic && parsed.GetValue(secretStdin))
            yield return new("--secret-stdin", $"contradicts --profile {kind.Name}, which cannot keep a secret");
        if (!kind.Grants.Contains("authorization_code") && parsed.GetValue(redirectUri) is { Length: > 0 })
            yield return new("--redirect-uri", $"contradicts --profile {kind.Name}, which signs nobody in");
    }

    private static int Report(Shell shell, string issuer, Client client, string? secret)
    {
        var discovery = issuer + "/.well-known/openid-configuration";
        var data = new JsonObject { ["issuer"] = issuer, ["clientId"] = client.ClientId, ["discovery"] = discovery };
        List<string> lines =
        [
            $"Client '{client.ClientId}' is registered; running servers know it within five seconds.",
            "",
            $"  issuer         {issuer}",
            $"  discovery      {discovery}",
            $"  client id      {client.ClientId}",
        ];
        if (secret is not null)
        {
            data["clientSecret"] = secret;
            lines.Add($"  client secret  {secret}");
        }

        lines.Add($"  scopes         {string.Join(' ', client.AllowedScopes)}");
        lines.AddRange(client.RedirectUris.Select(uri => $"  redirect URI   {uri}"));
        lines.AddRange(client.AllowedCorsOrigins.Select(origin => $"  CORS origin    {origin}"));
        if (secret is not null)
            lines.AddRange(["", "The secret is shown only now: it is kept as a hash."]);
        if (client.AllowedGrantTypes.Contains("authorization_code") && client.BindOnDemand && client.MinimumFactorAge is null)
            lines.AddRange(["", .. Suggestion]);
        return shell.Say(data, lines);
    }
}
