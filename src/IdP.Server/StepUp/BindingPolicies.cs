using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Factors;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>Who must have a second factor here, cached like clients, and how often that was put off.</summary>
internal sealed class BindingPolicies(
    BindingPolicyStore store, SecondFactors factors, Enrolments enrolments, Database database, Users users, AuditLog audit, TimeProvider clock)
{
    private readonly TimedCache<string, IReadOnlyList<BindingPolicy>> cache = new(clock);

    /// <summary>Kinds that a person can be asked to bind: installed, and no fallback.</summary>
    public IReadOnlyList<string> Bindable { get; } =
    [
        .. factors.Kinds.Select(kind => kind.Kind).Where(kind => !kind.IsFallback && enrolments.Find(kind.Id) is not null)
            .Select(kind => kind.Id).Order(StringComparer.Ordinal),
    ];

    public ValueTask<IReadOnlyList<BindingPolicy>> GetAsync(CancellationToken cancel) => cache.GetAsync("", _ => store.ListAsync(CancellationToken.None), cancel);

    /// <summary>
    /// Says of kinds of factor whether this person may be left with them, wherever they sign in: what unbinding the last one is refused for. Policies for some
    /// clients alone do not hold a factor fast; they ask when the person goes there.
    /// </summary>
    public async Task<Func<IReadOnlyList<string>, bool>> MayLeaveAsync(UserRecord person, CancellationToken cancel)
    {
        var (current, now) = (await GetAsync(cancel), clock.GetUtcNow());
        return left => BindingDemand.Read(current, person, null, left, Bindable, now) is null;
    }

    /// <summary>
    /// Puts the binding off once more; true for as many callers as there are skips. The count only rises - not by signing in again, nor by an operator's
    /// reset, is there a new one. If we crash after it, the person has used a skip and signs in again.
    /// </summary>
    public async Task<bool> SkipAsync(string userId, int skips, By by, CancellationToken cancel)
    {
        var skipped = await database.TransactAsync(async lane =>
        {
            if (await lane.ExecuteAsync("update users set binding_skips = binding_skips + 1 where id = @id and binding_skips < @skips", cancel, ("@id", userId), ("@skips", skips)) == 0)
                return false;
            await audit.AddAsync(lane, new("binding-put-off", by.Actor, userId, Address: by.Address), cancel);
            return true;
        }, cancel);
        users.Forget(userId);
        return skipped;
    }
}
