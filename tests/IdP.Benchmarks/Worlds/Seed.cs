using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace IdP.Benchmarks.Worlds;

/// <summary>Who and what the measured server knows, written in the form "idp apply" takes.</summary>
internal static class Seed
{
    public const string Machine = "machine", Resource = "resource", Web = "web", Visit = "visit", VisitRsa = "visit-rs256";
    public const string RedirectUri = "https://app.example/callback";
    public const string VisitScopes = "openid profile email";
    public const string WebScopes = "openid profile email offline_access";

    /// <summary>One secret and one password for all: nothing here outlives the run.</summary>
    public static readonly string Secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static string Person(int number) => $"person{number:D3}";

    public static void Write(string path, int people)
    {
        string[] secrets = [Secret];
        string[] machineGrants = ["client_credentials"], webGrants = ["authorization_code", "refresh_token"], visitGrants = ["authorization_code"];
        string[] api = ["api"], redirects = [RedirectUri];
        File.WriteAllText(path, JsonSerializer.Serialize(new
        {
            scopes = (object[])[new { name = "api", audience = Resource }],
            clients = (object[])
            [
                new { clientId = Machine, clientSecrets = secrets, allowedGrantTypes = machineGrants, allowedScopes = api },
                new { clientId = Resource, clientSecrets = secrets, allowedGrantTypes = machineGrants, allowedScopes = api },
                new
                {
                    clientId = Web, clientSecrets = secrets, allowedGrantTypes = webGrants, redirectUris = redirects,
                    allowedScopes = WebScopes.Split(' '), allowOfflineAccess = true, idTokenSigningAlg = "ES256",
                },
                Visitor(Visit, "ES256"),
                Visitor(VisitRsa, "RS256"),
            ],
            users = Enumerable.Range(0, people).Select(i => new { userName = Person(i), email = $"{Person(i)}@example.com", name = $"Person {i}", password = Secret }),
        }));

        object Visitor(string id, string alg) => new
        {
            clientId = id, clientSecrets = secrets, allowedGrantTypes = visitGrants, redirectUris = redirects,
            allowedScopes = VisitScopes.Split(' '), idTokenSigningAlg = alg,
        };
    }
}
