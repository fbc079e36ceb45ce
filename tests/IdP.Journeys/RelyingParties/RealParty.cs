using IdP.Protocol.Clients;
using IdP.Server.Storage.Clients;
using IdP.Server.Tests.Support;

namespace IdP.Journeys.RelyingParties;

/// <summary>A relying party made of somebody else's code: "/" signs in, "/money" wants mfa, "/signout" leaves to "/bye"; pages show the claims in #claims.</summary>
internal abstract class RealParty : IAsyncDisposable
{
    public int Port { get; } = TestIdp.FreePort();

    public abstract string Name { get; }

    public string Base => $"http://{Name}.localhost:{Port}";

    public abstract string RedirectUri { get; }

    /// <summary>Where logout comes back to.</summary>
    public virtual string Bye => Base + "/bye";

    public string SignOut { get; protected set; } = "/signout";

    public string Secret { get; } = System.Security.Cryptography.RandomNumberGenerator.GetHexString(40);

    public abstract Task StartAsync(string issuer);

    /// <summary>As an operator registers it.</summary>
    /// <param name="alg">What signs its ID tokens: RS256 as "client add" writes it, or ES256 as with --alg ES256.</param>
    public Client Registration(string alg) => new()
    {
        ClientId = Name, ClientName = $"The {Name} app", ClientSecrets = [ClientSecrets.Hash(Secret)], RedirectUris = [RedirectUri], PostLogoutRedirectUris = [Bye],
        AllowedScopes = ["openid", "profile", "email"], SecondFactorPolicy = "OnRequest", IdTokenSigningAlg = alg,
    };

    public abstract ValueTask DisposeAsync();
}
