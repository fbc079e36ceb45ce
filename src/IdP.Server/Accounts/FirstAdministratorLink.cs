using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>
/// At a start without any administrator, shows the way in. The link grants administration (I-7), and what a service prints ends in a journal that others read and that
/// is kept: so the link goes to a terminal, or else into a file that this account of the machine alone may read, and only the file's path is printed.
/// Not in Development, where the demo brings its own people.
/// </summary>
internal sealed class FirstAdministratorLink(FirstAdministrator setup, Users users, IdpOptions options, IHostEnvironment environment) : IHostedService
{
    private const string Name = "first-administrator-link.txt";

    private string FilePath => Path.GetFullPath(Path.Combine(options.DataDirectory, Name));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (environment.IsDevelopment() || await users.AnyAdminAsync(cancellationToken))
        {
            // Of an earlier start: worth nothing any more.
            TryDelete();
            return;
        }

        var link = await setup.MakeAutomaticLinkAsync(cancellationToken);
        var (where, what) = Console.IsOutputRedirected
            ? TryWrite(link.Url) ? ("Create the first one with the link in this file", FilePath) : ("Create the first one with the link that this command shows", "idp admin link")
            : ("Create the first one here", link.Url);
        await Console.Out.WriteLineAsync($"""

            There is no administrator yet. {where}, within an hour (until {link.ExpiresAt:u}), once:

              {what}

            """);
    }

    private bool TryWrite(string url)
    {
        try
        {
            PrivateFolder.Make(options.DataDirectory);
            // Made anew: the rights of a file that is there already would stay as they are.
            File.Delete(FilePath);
            var access = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                access.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var file = new StreamWriter(FilePath, access);
            file.WriteLine(url);
            return true;
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void TryDelete()
    {
        try
        {
            File.Delete(FilePath);
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            // Its link is used or over.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
