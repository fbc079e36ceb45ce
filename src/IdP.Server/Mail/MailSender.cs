using IdP.Server.Storage;

namespace IdP.Server.Mail;

/// <summary>Looks into the outbox every two seconds and sends what is due, on every node; nodes do not meet at one mail.</summary>
internal sealed class MailSender(Outbox outbox, IMailTransport transport, IHostEnvironment environment, TimeProvider clock, ILogger<MailSender> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        outbox.Stop();
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!transport.Available)
        {
            // They stay in the outbox; once a mail server is set, those that are not too old are sent.
            log.Log(environment.IsDevelopment() ? LogLevel.Information : LogLevel.Warning, "Mail goes {Name}.", transport.Name);
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await outbox.SendDueAsync(stoppingToken) == 32)
                {
                }
            }
            catch (StoreUnavailableException)
            {
                // Whatever needs the database says so louder.
            }

            await Task.Delay(Pause, clock, stoppingToken);
        }
    }
}
