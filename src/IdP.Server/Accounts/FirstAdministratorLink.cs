namespace IdP.Server.Accounts;

/// <summary>
/// At a start without any administrator, prints the way in - to the operator's console, not to the log: the link grants administration (I-7).
/// Not in Development, where the demo brings its own people.
/// </summary>
internal sealed class FirstAdministratorLink(FirstAdministrator setup, Users users, IHostEnvironment environment) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (environment.IsDevelopment() || await users.AnyAdminAsync(cancellationToken))
            return;
        var link = await setup.MakeAutomaticLinkAsync(cancellationToken);
        await Console.Out.WriteLineAsync($"""

            There is no administrator yet. Create the first one here, within an hour (until {link.ExpiresAt:u}), once:

              {link.Url}

            """);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
