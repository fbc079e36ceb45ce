using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace IdP.Protocol.Clients;

/// <summary>RFC 6749 §2.3: who is calling. Exactly one method a request; unknown and wrong look and cost the same.</summary>
public sealed class ClientAuthentication(IClients clients, TimeProvider time, IClientGuesses? guesses = null)
{
    private const int LongestName = 200;
    private const int LongestSecret = 512;

    private static readonly ProtocolError Failed = ProtocolError.InvalidClient();
    private static readonly ProtocolError TooMany = ProtocolError.InvalidClient("Client authentication failed too often from this address. Try again in ten minutes.");
    private static readonly IReadOnlyList<ClientSecret> NobodysSecrets = [new(RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes))];

    /// <param name="authorization">The Authorization header, or null.</param>
    /// <param name="form">The form of the request.</param>
    /// <param name="address">Where the request comes from; null: its failure is not counted.</param>
    public async ValueTask<ClientAuthenticationOutcome> AuthenticateAsync(string? authorization, Parameters form, CancellationToken cancel, IPAddress? address = null)
    {
        ArgumentNullException.ThrowIfNull(form);
        if (!ClientCredentials.TryRead(authorization, form, out var credentials, out var error))
            return new ClientAuthenticationOutcome.Refused(error);
        if (credentials.ClientId.Length > LongestName || credentials.Secret?.Length > LongestSecret)
            return new ClientAuthenticationOutcome.Refused(Failed);

        var client = await clients.FindAsync(credentials.ClientId, cancel) is { Enabled: true } found ? found : null;
        if (address is not null && guesses?.IsRefused(client?.ClientId, address) == true)
            return new ClientAuthenticationOutcome.Refused(TooMany);
        var proven = credentials.Secret is { } secret
            ? HasSecret(client, secret) | (credentials.LiteralSecret is { } literal && HasSecret(client, literal))
            : client is { RequireClientSecret: false };
        if (proven && client is not null && MayUse(client, credentials.Method))
            return new ClientAuthenticationOutcome.Proven(client, credentials.Method);
        if (address is not null && guesses is not null)
            await guesses.FailedAsync(client?.ClientId, address);
        return new ClientAuthenticationOutcome.Refused(Failed);
    }

    private static bool MayUse(Client client, string method) =>
        client.TokenEndpointAuthMethod is not { } only || only == method;

    /// <summary>The comparison runs also for a client that does not exist, so that time does not tell names.</summary>
    private bool HasSecret(Client? client, string secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), hash);
        var secrets = client?.ClientSecrets ?? NobodysSecrets;
        var found = false;
        for (var i = 0; i < secrets.Count; i++)
            found |= CryptographicOperations.FixedTimeEquals(hash, secrets[i].Sha256) & !(secrets[i].ExpiresAt <= time.GetUtcNow());
        return found;
    }
}

/// <summary>What came of asking a client who it is.</summary>
public abstract record ClientAuthenticationOutcome
{
    private ClientAuthenticationOutcome() { }

    /// <param name="Client">The client, enabled.</param>
    /// <param name="Method">"client_secret_basic", "client_secret_post" or "none".</param>
    public sealed record Proven(Client Client, string Method) : ClientAuthenticationOutcome;

    public sealed record Refused(ProtocolError Error) : ClientAuthenticationOutcome;
}
