namespace IdP.Server.Hosting;

/// <summary>The management listener of a node that waits for its stores: it is alive and not ready. It makes room before the node itself listens.</summary>
internal sealed class WaitingHealth : IAsyncDisposable
{
    private WebApplication? app;
    private volatile string waitingFor = "";

    /// <summary>Says from now on that this store is away; listens for it once, and not where there is no management listener.</summary>
    public async Task ListenAsync(ListenOptions listen, string store)
    {
        waitingFor = store;
        if (app is not null || listen.Management.Length == 0)
            return;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(listen.Management);
        app = builder.Build();
        app.Run(context => Management.AnswerWaitingAsync(context, waitingFor));
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.DisposeAsync();
        app = null;
    }
}
