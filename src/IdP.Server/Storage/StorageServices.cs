using IdP.Server.Audit;
using IdP.Server.Hosting;

namespace IdP.Server.Storage;

/// <summary>What this room lends to the others.</summary>
internal static class StorageServices
{
    public static IServiceCollection AddIdpStorage(this IServiceCollection services, IdpOptions options)
    {
        services.AddSingleton(_ => new Database(options));
        services.AddSingleton(provider => new SecretProtector(MasterKey.Load(options, provider.GetService<IHostEnvironment>()?.IsDevelopment() ?? false)));
        services.AddSingleton<AuditLog>();
        services.AddSingleton<IEphemeralStore, MemoryStore>();
        return services;
    }
}
