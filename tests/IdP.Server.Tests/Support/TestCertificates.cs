using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IdP.Server.Tests.Support;

/// <summary>An authority of the test's own, and a server's certificate for "localhost" that comes from it. All in PEM.</summary>
public sealed record TestCertificates(string Authority, string Certificate, string Key)
{
    public static TestCertificates Make()
    {
        var now = DateTimeOffset.UnixEpoch.AddMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityAsk = new CertificateRequest("CN=Mail test authority", authorityKey, HashAlgorithmName.SHA256);
        authorityAsk.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = authorityAsk.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var ask = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        ask.CertificateExtensions.Add(names.Build());
        ask.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = ask.Create(authority, now.AddDays(-1), now.AddDays(29), RandomNumberGenerator.GetBytes(8));
        return new(authority.ExportCertificatePem(), certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
