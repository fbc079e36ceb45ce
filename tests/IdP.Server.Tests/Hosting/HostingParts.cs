using IdP.Protocol.Clients;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.Hosting;

/// <summary>Notes whom the server takes for the caller, once its pipeline is done with the request.</summary>
internal sealed class AddressProbe : IStartupFilter
{
    private readonly TaskCompletionSource<string> address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Known a moment after the answer may already be read.</summary>
    public Task<string> Address => address.Task;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (http, more) =>
        {
            await more(http);
            address.TrySetResult(http.Connection.RemoteIpAddress!.ToString());
        });
        next(app);
    };
}

/// <summary>A store that neither answers nor fails: only the caller's own deadline ends a call.</summary>
internal sealed class StuckStore : IEphemeralStore
{
    public Task SetAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) => Task.Delay(Timeout.Infinite, cancel);

    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancel) => await NeverAsync<byte[]?>(cancel);

    public Task<byte[]?> TakeAsync(string key, CancellationToken cancel) => NeverAsync<byte[]?>(cancel);

    public Task<bool> AddAsync(string key, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) => NeverAsync<bool>(cancel);

    public Task<bool> ReplaceAsync(string key, byte[] expected, byte[] value, TimeSpan life, Holder holder, CancellationToken cancel) => NeverAsync<bool>(cancel);

    public Task<long> CountAsync(string key, TimeSpan window, CancellationToken cancel) => NeverAsync<long>(cancel);

    public Task RemoveAsync(string key, CancellationToken cancel) => Task.Delay(Timeout.Infinite, cancel);

    private static async Task<T> NeverAsync<T>(CancellationToken cancel)
    {
        await Task.Delay(Timeout.Infinite, cancel);
        throw new InvalidOperationException("Unreachable: the delay ends by cancellation only.");
    }
}

/// <summary>The one client that these tests need.</summary>
internal static class Seeded
{
    public const string RedirectUri = "https://app.example/cb";

    public static Task ClientAsync(IServiceProvider services, CancellationToken cancel) => services.GetRequiredService<Database>().TransactAsync(async lane =>
    {
        await services.GetRequiredService<ClientStore>().SaveAsync(lane, new Client
        {
            ClientId = "app",
            ClientSecrets = [new ClientSecret(System.Security.Cryptography.SHA256.HashData("secret-of-the-app-0123456789"u8))],
            RedirectUris = [RedirectUri],
            AllowedScopes = ["openid"],
        }, "test", cancel);
        return true;
    }, cancel);
}
