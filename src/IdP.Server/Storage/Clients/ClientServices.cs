using IdP.Protocol;

namespace IdP.Server.Storage.Clients;

internal static class ClientServices
{
    public static IServiceCollection AddIdpClients(this IServiceCollection services)
    {
        services.AddSingleton<ClientStore>();
        services.AddSingleton<IClients>(provider => provider.GetRequiredService<ClientStore>());
        services.AddSingleton<ScopeStore>();
        services.AddSingleton<IScopes>(provider => provider.GetRequiredService<ScopeStore>());
        return services;
    }
}
