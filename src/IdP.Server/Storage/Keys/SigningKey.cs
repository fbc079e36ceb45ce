using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Storage.Keys;

/// <summary>One signing key in memory: the private half for tokens, the public half for everyone.</summary>
internal sealed class SigningKey
{
    public const string Es256 = SecurityAlgorithms.EcdsaSha256;
    public const string Rs256 = SecurityAlgorithms.RsaSha256;
    public static readonly IReadOnlyList<string> Algorithms = [Es256, Rs256];

    /// <summary>
    /// Keeps one signature provider per key: making one costs more than a signature. The providers pool their adapters and may be
    /// used by many threads at once.
    /// </summary>
    private static readonly CryptoProviderFactory Providers = new() { CacheSignatureProviders = true };

    private SigningKey(string alg, SecurityKey secret, SecurityKey published, JsonWebKey jwk)
    {
        jwk.Kid = secret.KeyId = published.KeyId = Base64Url.EncodeToString(jwk.ComputeJwkThumbprint());
        (jwk.Alg, jwk.Use) = (alg, "sig");
        secret.CryptoProviderFactory = published.CryptoProviderFactory = Providers;
        (Alg, Kid, Public, Jwk) = (alg, jwk.Kid, published, jwk);
        Credentials = new SigningCredentials(secret, alg);
    }

    public string Alg { get; }

    /// <summary>RFC 7638 SHA-256 thumbprint.</summary>
    public string Kid { get; }

    public SigningCredentials Credentials { get; }
    public SecurityKey Public { get; }

    /// <summary>Public members only.</summary>
    public JsonWebKey Jwk { get; }

    /// <summary>A new private key as PKCS#8: P-256, or RSA with 2048 bits.</summary>
    public static byte[] Generate(string alg)
    {
        using AsymmetricAlgorithm key = alg == Es256 ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        return key.ExportPkcs8PrivateKey();
    }

    public static SigningKey Load(string alg, ReadOnlySpan<byte> pkcs8)
    {
        if (alg == Es256)
        {
            var (secret, open) = (ECDsa.Create(), ECDsa.Create());
            secret.ImportPkcs8PrivateKey(pkcs8, out _);
            open.ImportSubjectPublicKeyInfo(secret.ExportSubjectPublicKeyInfo(), out _);
            var published = new ECDsaSecurityKey(open);
            return new SigningKey(alg, new ECDsaSecurityKey(secret), published, JsonWebKeyConverter.ConvertFromECDsaSecurityKey(published));
        }
        else
        {
            var (secret, open) = (RSA.Create(), RSA.Create());
            secret.ImportPkcs8PrivateKey(pkcs8, out _);
            open.ImportSubjectPublicKeyInfo(secret.ExportSubjectPublicKeyInfo(), out _);
            var published = new RsaSecurityKey(open);
            return new SigningKey(alg, new RsaSecurityKey(secret), published, JsonWebKeyConverter.ConvertFromRSASecurityKey(published));
        }
    }
}
