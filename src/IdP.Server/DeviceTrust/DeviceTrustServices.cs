using IdP.Server.Accounts;

namespace IdP.Server.DeviceTrust;

/// <summary>Trusted devices and known browsers.</summary>
internal static class DeviceTrustServices
{
    public static IServiceCollection AddIdpDeviceTrust(this IServiceCollection services) => services
        .AddSingleton<TrustEnding>()
        .AddSingleton<IAccountWatcher>(provider => provider.GetRequiredService<TrustEnding>())
        .AddSingleton<TrustedDevices>()
        .AddSingleton<KnownBrowsers>()
        .AddSingleton<BrowserTrust>();
}
