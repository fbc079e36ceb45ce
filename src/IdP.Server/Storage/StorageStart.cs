namespace IdP.Server.Storage;

/// <summary>Before anything listens: the lease, then the schema. Afterwards: looks that the lease is still held, and stops the node if another took it.</summary>
internal sealed class StorageStart(NodeLease lease, Database database, IHostApplicationLifetime life, TimeProvider clock, ILogger<StorageStart> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await lease.TakeAsync(cancellationToken);
        await database.MigrateAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, clock, stoppingToken);
            try
            {
                await lease.TakeAsync(stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                // Nobody else can take it either while the database is away.
            }
            catch (SecondNodeException second)
            {
                log.LogCritical("{Reason}", second.Message);
                life.StopApplication();
                return;
            }
        }
    }
}
