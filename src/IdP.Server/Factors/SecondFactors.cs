using IdP.Server.Accounts;
using IdP.Server.Factors.BackupEmail;
using IdP.Server.Factors.RecoveryCodes;
using IdP.Server.Factors.Totp;
using IdP.Server.StepUp;

namespace IdP.Server.Factors;

/// <summary>THE LIST: the second factors this server has. A further one is its folder and a line here.</summary>
internal static class InstalledFactors
{
    public static IServiceCollection AddSecondFactors(this IServiceCollection services) => services
        .AddFactor<TotpFactor, TotpEnrolment>()
        .AddFactor<BackupEmailFactor, BackupEmailEnrolment>().AddSingleton<IAccountWatcher, BackupMailboxStaysApart>()
        .AddFactor<RecoveryCodesFactor, RecoveryCodesEnrolment>().AddSingleton<IAccountWatcher, RecoveryCodesGoToo>()
        .AddSingleton<FormerBindings>()
        .AddSingleton<SecondFactors>()
        .AddSingleton<StepUpService>()
        .AddSingleton<Enrolments>()
        .AddSingleton<BindingPolicyStore>()
        .AddSingleton<BindingPolicies>()
        .AddSingleton<GuardingFactors>()
        .AddSingleton<RecentProof>();

    internal static IServiceCollection AddFactor<TFactor, TEnrolment>(this IServiceCollection services)
        where TFactor : class, ISecondFactor
        where TEnrolment : class, IEnrolment => services
        .AddSingleton<ISecondFactor, TFactor>()
        .AddSingleton<IEnrolment, TEnrolment>();
}

/// <summary>The installed factors by id.</summary>
internal sealed class SecondFactors(IEnumerable<ISecondFactor> installed)
{
    private readonly Dictionary<string, ISecondFactor> byId = installed.ToDictionary(factor => factor.Info.Id, StringComparer.Ordinal);

    public IReadOnlyCollection<string> Ids => byId.Keys;

    /// <summary>In the order of THE LIST.</summary>
    public IEnumerable<ISecondFactor> All => byId.Values;

    public ISecondFactor? Find(string id) => byId.GetValueOrDefault(id);

    /// <summary>
    /// What can be asked of somebody who has these bound; what is for the day the others are lost comes last. Empty where none of them is installed any more:
    /// then there is no way on, for a factor that is gone is no reason to ask for less.
    /// </summary>
    /// <param name="first">The one to offer first among its like.</param>
    public string[] Askable(IEnumerable<string> bound, string? first = null) =>
        [.. bound.Where(byId.ContainsKey).OrderBy(id => byId[id].Info.IsFallback).ThenByDescending(id => id == first)];
}
