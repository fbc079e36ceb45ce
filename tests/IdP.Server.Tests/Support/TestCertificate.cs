using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IdP.Server.Tests.Support;

/// <summary>An authority of the tests' own and a certificate for this machine, in two PEM files as <c>certs/make-dev-certs.sh</c> makes them.</summary>
internal sealed class TestCertificate
{
    private static readonly Lazy<X509Certificate2> Authority = new(MakeAuthority);

    public TestCertificate(string folder)
    {
        (CertificatePath, KeyPath) = (Path.Combine(folder, "dev.crt"), Path.Combine(folder, "dev.key"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(Authority.Value, Authority.Value.NotBefore, Authority.Value.NotAfter, RandomNumberGenerator.GetBytes(16));
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificatePath, leaf.ExportCertificatePem() + "\n" + Authority.Value.ExportCertificatePem());
    }

    public string CertificatePath { get; }

    public string KeyPath { get; }

    /// <summary>What a browser does that trusts this one authority: chain, dates and name.</summary>
    public static SslClientAuthenticationOptions Trusting() => new()
    {
        CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { Authority.Value }, RevocationMode = X509RevocationMode.NoCheck },
    };

    private static X509Certificate2 MakeAuthority()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=IdP test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(80));
    }
}
