using IdP.Server.Accounts;

namespace IdP.Server.Recovery;

/// <summary>What an owner does when something went wrong: is told, says "not me", sets a new password.</summary>
internal static class RecoveryServices
{
    public static IServiceCollection AddIdpRecovery(this IServiceCollection services) => services
        .AddSingleton<OneTimeLinks>()
        .AddSingleton<IAccountWatcher, Notices>()
        .AddSingleton<PasswordReset>().AddSingleton<IAccountWatcher>(provider => provider.GetRequiredService<PasswordReset>())
        .AddSingleton<Disowning>()
        .AddSingleton<Forgetting>()
        .AddHostedService(provider => provider.GetRequiredService<Forgetting>());
}
