namespace IdP.Server.Storage;

/// <summary>Folders of what is nobody's business: keys, and a database with people's addresses.</summary>
internal static class PrivateFolder
{
    /// <summary>Made when it is not there yet, for this user alone; one that is there stays as its owner wants it.</summary>
    public static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
