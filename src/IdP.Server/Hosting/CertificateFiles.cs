using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IdP.Server.Hosting;

/// <summary>
/// The server's certificate from two PEM files, read again when they change: a renewal needs no restart. A half-written or broken pair
/// leaves the one in force. Throws at start when the first pair cannot be read.
/// </summary>
internal sealed class CertificateFiles
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private readonly string certificatePath;
    private readonly string keyPath;
    private readonly TimeProvider clock;
    private readonly Lock reading = new();
    private SslStreamCertificateContext current;
    private (DateTime, DateTime) stamp;
    private long lookedAt;

    public CertificateFiles(string certificatePath, string keyPath, TimeProvider clock)
    {
        this.certificatePath = certificatePath;
        this.keyPath = keyPath;
        this.clock = clock;
        stamp = Stamp();
        lookedAt = clock.GetTimestamp();
        current = Read();
    }

    /// <summary>Why the pair cannot be used; null when it can.</summary>
    public static string? Fault(string certificatePath, string keyPath)
    {
        try
        {
            _ = new CertificateFiles(certificatePath, keyPath, TimeProvider.System);
            return null;
        }
        catch (Exception broken) when (broken is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return broken.Message;
        }
    }

    public SslStreamCertificateContext Current
    {
        get
        {
            lock (reading)
            {
                if (clock.GetElapsedTime(lookedAt) >= LookEvery)
                    LookAgain();
                return current;
            }
        }
    }

    private void LookAgain()
    {
        lookedAt = clock.GetTimestamp();
        var now = Stamp();
        if (now == stamp)
            return;
        try
        {
            current = Read();
            stamp = now;
        }
        catch (Exception broken) when (broken is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Certificate and key are written one after the other: the next look finds both.
        }
    }

    private SslStreamCertificateContext Read()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificatePath);
        var leaf = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    private (DateTime, DateTime) Stamp() => (File.GetLastWriteTimeUtc(certificatePath), File.GetLastWriteTimeUtc(keyPath));
}
