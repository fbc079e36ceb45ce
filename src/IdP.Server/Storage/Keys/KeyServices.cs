using IdP.Protocol;

namespace IdP.Server.Storage.Keys;

internal static class KeyServices
{
    public static IServiceCollection AddIdpKeys(this IServiceCollection services)
    {
        services.AddSingleton<KeyTable>();
        services.AddSingleton<KeyStore>();
        services.AddSingleton<ISigningKeys>(provider => provider.GetRequiredService<KeyStore>());
        services.AddHostedService(provider => provider.GetRequiredService<KeyStore>());
        return services;
    }
}
