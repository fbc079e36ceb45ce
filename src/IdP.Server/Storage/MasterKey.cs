using System.Security.Cryptography;
using IdP.Server.Hosting;

namespace IdP.Server.Storage;

/// <summary>Finds the 32 bytes that everything sealed depends on.</summary>
internal static class MasterKey
{
    private const int Size = 32;

    /// <summary>
    /// The configured key; without one, DataDirectory/master.key, made on first use and readable by its owner only.
    /// On PostgreSQL several nodes need the same key, so a file that each would make for itself is refused outside Development.
    /// </summary>
    /// <exception cref="InvalidOperationException">The setting is missing.</exception>
    /// <exception cref="BadConfigurationException">What it or the file says is not a key.</exception>
    public static byte[] Load(IdpOptions options, bool development)
    {
        if (!string.IsNullOrWhiteSpace(options.Secrets.MasterKey))
            return Parse(options.Secrets.MasterKey, "Secrets:MasterKey");
        if (options.Storage.Database.StartsWith("postgres:", StringComparison.Ordinal) && !development)
            throw new InvalidOperationException("Secrets:MasterKey is empty. With PostgreSQL every node needs the same key: set it to 32 random bytes in base64 (openssl rand -base64 32).");
        var path = Path.Combine(options.DataDirectory, "master.key");
        if (!File.Exists(path))
            Create(path);
        return Parse(File.ReadAllText(path), path);
    }

    private static byte[] Parse(string text, string where)
    {
        var key = new byte[Size + 1];
        return Convert.TryFromBase64String(text.Trim(), key, out var length) && length == Size
            ? key[..Size]
            : throw new BadConfigurationException([$"{where}: is not 32 bytes in base64"]);
    }

    private static void Create(string path)
    {
        PrivateFolder.Make(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var draft = $"{path}.{Handles.NewId()}";
        var mode = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            mode.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(draft, mode))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(Size))));
            file.Flush(flushToDisk: true);
        }

        // Two processes may start at once: the file appears whole, and the first one stays.
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }
}
