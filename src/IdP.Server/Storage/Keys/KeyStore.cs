using IdP.Protocol;
using IdP.Protocol.Tokens;
using IdP.Server.Hosting;

namespace IdP.Server.Storage.Keys;

/// <summary>
/// Keeps the picture of the signing keys true: looks at the table every two seconds, makes keys that are due, and rebuilds the picture
/// only when it changes. While the database is away the keys last read stay in force, and a key that was announced still takes over in time.
/// </summary>
internal sealed class KeyStore(KeyTable table, IdpOptions options, TimeProvider clock, ILogger<KeyStore> log) : BackgroundService, ISigningKeys
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Dictionary<string, SigningKey> opened = new(StringComparer.Ordinal);
    private List<SigningKeyRow> rows = [];
    private string shown = "";
    private volatile KeyRing? current;

    public KeyRing Current => current ?? throw new StaleKnowledgeException("The signing keys have not been read yet.");

    /// <summary>Reads the keys before the first request; the server does not start without.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Makes what is due, reads, and shows the result. Outages surface after the last known keys were shown as they stand now.</summary>
    public async Task RefreshAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            rows = await table.ReadAsync(cancel);
            if (await MakeDueAsync(cancel))
                rows = await table.ReadAsync(cancel);
        }
        finally
        {
            if (rows.Count > 0)
                Show(clock.GetUtcNow());
            turn.Release();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
#pragma warning disable CA1031 // Whatever fails here, the keys last read stay in force and the next tick tries again.
            catch (Exception problem) when (problem is not OperationCanceledException)
#pragma warning restore CA1031
            {
                log.LogWarning("Signing keys could not be read; those last read stay in force: {Problem}", problem.Message);
            }
        }
    }

    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    private async Task<bool> MakeDueAsync(CancellationToken cancel)
    {
        var made = false;
        foreach (var alg in SigningKey.Algorithms)
        {
            var due = KeySchedule.Due(rows, alg, clock.GetUtcNow(), TimeSpan.FromDays(options.Keys.RotationDays), TimeSpan.FromDays(options.Keys.AnnounceDays));
            if (due is not { } at)
                continue;
            made = true;
            if (await table.AddAsync(rows, alg, at, "system", cancel))
                log.LogInformation("A new {Alg} signing key was made; it signs from {At:u}", alg, at);
        }

        if (made)
            await table.PurgeAsync(cancel);
        return made;
    }

    private void Show(DateTimeOffset now)
    {
        var signing = SigningKey.Algorithms.Select(alg => KeySchedule.Active(rows, alg, now)).OfType<SigningKeyRow>().ToList();
        var published = rows.Where(r => KeySchedule.IsPublished(r, now)).ToList();
        var picture = string.Join(' ', signing.Select(r => r.Kid)) + "|" + string.Join(' ', published.Select(r => r.Kid));
        if (picture == shown)
            return;
        foreach (var row in published.Where(r => !opened.ContainsKey(r.Kid)))
            opened[row.Kid] = table.Open(row);
        current = KeyRings.Build([.. signing.Select(r => opened[r.Kid])], [.. published.Select(r => opened[r.Kid])]);
        shown = picture;
    }
}
