using System.IO.Compression;
using System.Text;

namespace IdP.Server.Accounts.CommonPasswords;

/// <summary>
/// NIST SP 800-63B §3.1.1.2: the commonest passwords are refused. The list (LICENSE.txt says whose it is) is read from its compressed form whenever somebody sets a
/// password, which takes a few milliseconds, and takes no memory in between.
/// </summary>
internal static class CommonPasswordList
{
    private const string Resource = "passwords/list.txt.gz";

    /// <summary>In whatever case.</summary>
    public static bool Has(string password)
    {
        foreach (var known in Read())
        {
            if (known.Equals(password, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    internal static IEnumerable<string> Read()
    {
        using var packed = typeof(CommonPasswordList).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"The resource '{Resource}' is missing.");
        using var lines = new StreamReader(new GZipStream(packed, CompressionMode.Decompress), Encoding.UTF8);
        while (lines.ReadLine() is { } line)
            yield return line;
    }
}
