using IdP.Server.Factors;

namespace IdP.Server.Accounts;

/// <summary>People, their passwords, sessions, consents and bindings.</summary>
internal static class AccountServices
{
    public static IServiceCollection AddIdpAccounts(this IServiceCollection services) => services
        .AddSingleton(_ => new HashingThreads())
        .AddSingleton(PasswordCost.Today)
        .AddSingleton<Passwords>()
        .AddSingleton<AccountWatchers>()
        .AddSingleton<Users>()
        .AddSingleton<IdP.Protocol.IPeople, People>()
        .AddSingleton<SessionEnding>()
        .AddSingleton<Sessions>()
        .AddSingleton<Consents>()
        .AddSingleton<GuessLimits>()
        .AddSingleton<AddressGuard>()
        .AddSingleton<FactorBindings>()
        .AddSingleton<IAccountWatcher, RemovedBindings>();
}
