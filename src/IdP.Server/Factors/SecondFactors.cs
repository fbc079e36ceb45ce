using IdP.Server.Accounts;
using IdP.Server.Factors.BackupEmail;
using IdP.Server.Factors.RecoveryCodes;
using IdP.Server.Factors.Totp;
using IdP.Server.StepUp;

namespace IdP.Server.Factors;

/// <summary>THE LIST: the kinds of second factor this server has, each with its ways. A further one is its folder and a line here.</summary>
internal static class InstalledFactors
{
    public static IServiceCollection AddSecondFactors(this IServiceCollection services) => services
        .AddFactor<TotpEnrolment, TotpFactor>()
        .AddFactor<BackupEmailEnrolment, BackupEmailFactor>().AddSingleton<IAccountWatcher, BackupMailboxStaysApart>()
        .AddFactor<RecoveryCodesEnrolment, RecoveryCodesFactor>().AddSingleton<IAccountWatcher, RecoveryCodesGoToo>()
        .AddSingleton<FormerBindings>()
        .AddSingleton<SecondFactors>()
        .AddSingleton<Challenges>()
        .AddSingleton<WaitingChallenges>()
        .AddSingleton<AnswerAudit>()
        .AddSingleton<StepUpService>()
        .AddSingleton<Approvals>()
        .AddSingleton<WaitingEndpoint>()
        .AddSingleton<Enrolments>()
        .AddSingleton<BindingPolicyStore>()
        .AddSingleton<BindingPolicies>()
        .AddSingleton<GuardingFactors>()
        .AddSingleton<RecentProof>();

    /// <summary>What pages that wait ask, and what each factor brings along.</summary>
    public static void MapSecondFactors(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<WaitingEndpoint>().Map(routes);
        foreach (var own in routes.ServiceProvider.GetServices<IFactorEndpoints>())
            own.Map(routes);
    }

    /// <summary>A kind with one way.</summary>
    internal static IServiceCollection AddFactor<TKind, TWay>(this IServiceCollection services)
        where TKind : class, IEnrolment
        where TWay : class, ISecondFactor => services
        .AddSingleton<IEnrolment, TKind>()
        .AddSingleton<ISecondFactor, TWay>();

    /// <summary>A kind with two ways, the one to offer first being first.</summary>
    internal static IServiceCollection AddFactor<TKind, TWay, TWay2>(this IServiceCollection services)
        where TKind : class, IEnrolment
        where TWay : class, ISecondFactor
        where TWay2 : class, ISecondFactor => services
        .AddFactor<TKind, TWay>()
        .AddSingleton<ISecondFactor, TWay2>();

    /// <summary>A kind with three ways.</summary>
    internal static IServiceCollection AddFactor<TKind, TWay, TWay2, TWay3>(this IServiceCollection services)
        where TKind : class, IEnrolment
        where TWay : class, ISecondFactor
        where TWay2 : class, ISecondFactor
        where TWay3 : class, ISecondFactor => services
        .AddFactor<TKind, TWay, TWay2>()
        .AddSingleton<ISecondFactor, TWay3>();
}

/// <summary>The installed kinds and ways, by id and in the order of THE LIST.</summary>
internal sealed class SecondFactors
{
    private readonly Dictionary<string, ISecondFactor> ways;
    private readonly Dictionary<string, IEnrolment> kinds;

    public SecondFactors(IEnumerable<ISecondFactor> ways, IEnumerable<IEnrolment> kinds)
    {
        this.ways = ways.ToDictionary(way => way.Info.Id, StringComparer.Ordinal);
        this.kinds = kinds.ToDictionary(kind => kind.Kind.Id, StringComparer.Ordinal);
        if (this.ways.Values.FirstOrDefault(way => !this.kinds.ContainsKey(way.Info.Kind.Id)) is { } homeless)
            throw new InvalidOperationException($"The way '{homeless.Info.Id}' belongs to the kind '{homeless.Info.Kind.Id}', which is not installed.");
        Ways = this.kinds.Keys.ToDictionary(
            kind => kind, kind => (IReadOnlyList<string>)[.. All.Where(way => way.Info.Kind.Id == kind).Select(way => way.Info.Id)], StringComparer.Ordinal);
    }

    public IReadOnlyCollection<ISecondFactor> All => ways.Values;

    public IReadOnlyCollection<IEnrolment> Kinds => kinds.Values;

    /// <summary>Ids of the ways of each kind, the one to offer first being first.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Ways { get; }

    /// <param name="way">"totp", "app/push".</param>
    public ISecondFactor? Find(string way) => ways.GetValueOrDefault(way);

    /// <param name="kind">"totp", "app".</param>
    public IEnrolment? FindKind(string kind) => kinds.GetValueOrDefault(kind);

    /// <summary>A kind that is not installed any more stands for itself, so that a binding of it is not overlooked.</summary>
    public IReadOnlyList<string> WaysOf(string kind) => Ways.TryGetValue(kind, out var ids) ? ids : [kind];

    /// <summary>
    /// Which of these can be asked: the ways of one kind after the other, fallbacks last. Empty where none of them is installed any more: then there is no
    /// way on, for a factor that is gone is no reason to ask for less.
    /// </summary>
    /// <param name="candidates">Ways; those of one kind stand together.</param>
    /// <param name="first">The kind to offer first among its like.</param>
    public string[] Askable(IEnumerable<string> candidates, string? first = null) =>
    [
        .. candidates.Where(ways.ContainsKey)
            .OrderBy(id => ways[id].Info.Kind.IsFallback).ThenByDescending(id => ways[id].Info.Kind.Id == first),
    ];
}
