using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Storage.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.Support;

/// <summary>The stores of one node, without its web face. Two on one database are two nodes.</summary>
internal sealed class StoreNode : IAsyncDisposable
{
    private readonly ServiceProvider services;

    private StoreNode(ServiceProvider services) => this.services = services;

    public static async Task<StoreNode> StartAsync(string database, string ephemeral = "memory", TimeProvider? clock = null, IMailTransport? mail = null)
    {
        var options = new IdpOptions
        {
            Storage = new() { Database = database, Ephemeral = ephemeral },
            Secrets = new() { MasterKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" },
        };
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(options)
            .AddSingleton(clock ?? TimeProvider.System)
            .AddIdpStorage(options)
            .AddIdpAccounts()
            .AddSingleton(TestIdp.CheapPasswords)
            .AddIdpDeviceTrust()
            .AddIdpMail()
            .AddSingleton(mail ?? new Postbox())
            .BuildServiceProvider();
        var node = new StoreNode(services);
        await node.Get<Database>().MigrateAsync(CancellationToken.None);
        await node.Get<RevocationList>().RefreshAsync(CancellationToken.None);
        return node;
    }

    /// <summary>People with these ids, for what hangs on a person.</summary>
    public async Task KnowAsync(params string[] ids)
    {
        foreach (var id in ids)
        {
            await Get<Database>().ExecuteAsync("""
                insert into users (id, user_name, normalized_name, email_verified, epoch, is_admin, disabled, binding_skips, created_at, updated_at)
                values (@id, @id, @id, false, 0, false, false, 0, 0, 0)
                """, CancellationToken.None, ("@id", id));
        }
    }

    public T Get<T>() where T : notnull => services.GetRequiredService<T>();

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
