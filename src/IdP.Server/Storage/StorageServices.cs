using IdP.Protocol;
using IdP.Server.Audit;
using IdP.Server.Hosting;
using IdP.Server.Storage.Protocol;

namespace IdP.Server.Storage;

/// <summary>What this room lends to the others.</summary>
internal static class StorageServices
{
    public static IServiceCollection AddIdpStorage(this IServiceCollection services, IdpOptions options)
    {
        services.AddSingleton(_ => new Database(options));
        services.AddSingleton(provider => new SecretProtector(new Lazy<byte[]>(() => MasterKey.Load(options, provider.GetService<IHostEnvironment>()?.IsDevelopment() ?? false))));
        services.AddSingleton<AuditLog>();
        services.AddSingleton<IEphemeralStore>(provider => Ephemeral(options.Storage.Ephemeral, provider));
        services.AddSingleton<IWakeUps>(provider => provider.GetRequiredService<IEphemeralStore>() is RedisStore redis
            ? ActivatorUtilities.CreateInstance<RedisWakeUps>(provider, redis) : new MemoryWakeUps());
        services.AddSingleton<SealedStore>();
        services.AddSingleton<UsedMarks>();

        services.AddSingleton(provider => new RevocationList(provider.GetRequiredService<Database>(), provider.GetRequiredService<TimeProvider>(), TimeProvider.System));
        services.AddSingleton<IRevocations>(provider => provider.GetRequiredService<RevocationList>());
        services.AddSingleton<ICodes, CodeStore>();
        services.AddSingleton<IRefreshFamilies, RefreshFamilyStore>();
        services.AddSingleton<PushedRequestStore>();
        services.AddSingleton<IPushedRequests>(provider => provider.GetRequiredService<PushedRequestStore>());
        services.AddSingleton<IReferenceTokens, ReferenceTokenStore>();

        // In this order: the only node, then the schema, then what is read from it.
        services.AddSingleton<NodeLease>();
        services.AddHostedService<StorageStart>();
        services.AddHostedService(provider => provider.GetRequiredService<RevocationList>());
        services.AddHostedService<Housekeeping>();
        return services;
    }

    private static IEphemeralStore Ephemeral(string setting, IServiceProvider provider) =>
        setting.StartsWith("redis:", StringComparison.Ordinal) ? new RedisStore(setting["redis:".Length..])
        : setting is "" or "memory" ? new MemoryStore(provider.GetRequiredService<TimeProvider>())
        : throw new InvalidOperationException($"Storage:Ephemeral is '{setting}'; it must be memory or redis:HOST:PORT.");
}
