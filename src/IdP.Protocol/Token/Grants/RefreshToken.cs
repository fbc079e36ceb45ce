using System.Buffers.Text;
using System.Security.Cryptography;
using IdP.Protocol.Clients;

namespace IdP.Protocol.Token.Grants;

/// <summary>
/// A refresh token, "handle.secret": the handle finds the family, the secret is this generation's. A successor's secret is derived from its predecessor's,
/// so that it can be given again without being kept.
/// </summary>
internal sealed class RefreshToken
{
    private const int HandleLength = 22;
    private const int SecretBytes = 32;
    private const int TotalLength = HandleLength + 1 + 43;

    private readonly byte[] secret;

    private RefreshToken(string handle, byte[] secret)
    {
        Handle = handle;
        this.secret = secret;
        Hash = SHA256.HashData(secret);
    }

    public string Handle { get; }

    public byte[] Hash { get; }

    public static RefreshToken New() => new(Secrets.New(16), RandomNumberGenerator.GetBytes(SecretBytes));

    public static RefreshToken? Parse(string text)
    {
        if (text.Length != TotalLength || text[HandleLength] != '.')
            return null;
        Span<byte> bytes = stackalloc byte[SecretBytes];
        if (text.AsSpan(0, HandleLength).ContainsAnyExcept(Authorize.Pkce.Base64UrlCharacters)
            || text.AsSpan(HandleLength + 1).ContainsAnyExcept(Authorize.Pkce.Base64UrlCharacters))
            return null;
        try
        {
            return Base64Url.TryDecodeFromChars(text.AsSpan(HandleLength + 1), bytes, out var written) && written == SecretBytes
                ? new RefreshToken(text[..HandleLength], bytes.ToArray())
                : null;
        }
        catch (FormatException)
        {
            // Bits left over in the last character: not something we wrote.
            return null;
        }
    }

    public RefreshToken Successor(byte[] salt) => new(Handle, HMACSHA256.HashData(secret, salt));

    public bool Is(byte[]? hash) => hash is not null && CryptographicOperations.FixedTimeEquals(Hash, hash);

    /// <summary>OIDC Core §11: without offline_access it is good while the person is there, so it ends when their session does at the latest.</summary>
    public NewRefreshFamily Family(Client client, Grant grant, DateTimeOffset now)
    {
        var absolute = now.AddSeconds(client.AbsoluteRefreshTokenLifetime);
        if (!grant.IsOffline && grant.SessionEndsAt < absolute)
            absolute = grant.SessionEndsAt.Value;
        return new NewRefreshFamily(Handle, Hash, SlidingEnd(client, now, absolute), absolute);
    }

    public static DateTimeOffset SlidingEnd(Client client, DateTimeOffset now, DateTimeOffset absolute)
    {
        var sliding = now.AddSeconds(client.SlidingRefreshTokenLifetime);
        return sliding < absolute ? sliding : absolute;
    }

    public override string ToString() => $"{Handle}.{Base64Url.EncodeToString(secret)}";
}
