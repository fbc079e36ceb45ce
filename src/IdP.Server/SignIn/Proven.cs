using IdP.Server.Accounts;

namespace IdP.Server.SignIn;

/// <summary>
/// Which proofs count for this request: those of this sign-in always, those of the session while they are the same person's and as fresh as
/// the request demands. The password and each second factor have their own time.
/// </summary>
internal readonly struct Proven
{
    public bool PasswordFresh { get; private init; }
    public DateTimeOffset PasswordAt { get; private init; }
    /// <summary>Some second factor counts: enough for our own policy.</summary>
    public bool AnyFactorFresh { get; private init; }
    /// <summary>Password and a second factor that this server and this client accept, recent enough for both.</summary>
    public bool ReachesMfa { get; private init; }
    public IReadOnlyList<string> Amr { get; private init; }
    public bool PasswordTypedHere { get; private init; }
    /// <summary>Ways.</summary>
    public IReadOnlyList<string> FactorsDoneHere { get; private init; }
    /// <summary>How many skips the demand allowed under which forced binding was put off: in this sign-in, or in the session it goes on with without a new password.</summary>
    public int? BindingPutOff { get; private init; }
    /// <summary>The factor that opened the person's own pages was unbound there.</summary>
    public bool OwnPagesStayOpen { get; private init; }
    /// <summary>What the session holds afterwards: what counted before and what was done now; after starting over only the latter.</summary>
    public Proofs ForSession { get; private init; }

    public static Proven From(Situation now)
    {
        var request = now.Request;
        var here = now.Progress is { } progress && progress.Proofs.Epoch == now.Person?.Epoch ? StillGood(progress.Proofs, now.Person) : Proofs.None;
        var userId = now.Progress?.UserId ?? now.Session?.UserId;
        var before = now.Session is { } session && session.UserId == userId ? StillGood(session.Proofs, now.Person) : Proofs.None;

        // prompt=login and select_account start from nothing; a hint for somebody else makes this session worthless here.
        var startOver = request.PromptLogin || request.PromptSelectAccount
            || (request.HintedSubject is { } hinted && hinted != userId && here.PasswordAt is null);
        var usable = startOver ? Proofs.None : before;

        var passwordAt = here.PasswordAt ?? (usable.PasswordAt is { } at && Within(request.MaxAge, at, now.Now) ? at : null);
        var factors = here.Factors
            .Concat(usable.Factors.Where(proof => Within(request.MaxAge, proof.At, now.Now) && here.Factors.All(done => done.Id != proof.Id)))
            .ToArray();

        TimeSpan? stepUpAge = request.Client.StepUpMaxAge is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var accepted = factors.Where(proof => Accepts(now, proof)
            && (Within(stepUpAge, proof.At, now.Now) || here.Factors.Contains(proof))).ToArray();
        var reachesMfa = passwordAt is not null && accepted.Length > 0;
        var putOff = here.PasswordAt is null ? here.BindingPutOff ?? usable.BindingPutOff : here.BindingPutOff;

        return new Proven
        {
            PasswordFresh = passwordAt is not null,
            PasswordAt = passwordAt ?? default,
            AnyFactorFresh = factors.Length > 0,
            ReachesMfa = reachesMfa,
            Amr = AmrOf(reachesMfa ? accepted : factors, reachesMfa),
            PasswordTypedHere = here.PasswordAt is not null,
            FactorsDoneHere = [.. here.Factors.Select(proof => proof.Id)],
            BindingPutOff = putOff,
            OwnPagesStayOpen = usable is { SettledAt: not null, PasswordAt: not null },
            ForSession = here.Factors.Aggregate(
                (startOver ? Proofs.None : before) with { PasswordAt = here.PasswordAt ?? before.PasswordAt, BindingPutOff = putOff, Epoch = now.Person?.Epoch ?? 0 },
                (proofs, proof) => proofs.With(proof)),
        };
    }

    /// <summary>A password that was changed since, and a binding that was taken away or replaced since, prove nothing any more.</summary>
    private static Proofs StillGood(Proofs proofs, UserRecord? person)
    {
        if (person is null)
            return Proofs.None;
        return proofs with
        {
            PasswordAt = person.PasswordChangedAt > proofs.PasswordAt ? null : proofs.PasswordAt,
            Factors = proofs.Factors.All(person.Holds) ? proofs.Factors : [.. proofs.Factors.Where(person.Holds)],
        };
    }

    /// <summary>Whether what was proven is good enough for mfa here, and was bound long enough ago for this client.</summary>
    internal static bool Accepts(Situation now, FactorProof proof) =>
        Accepts(now, proof.Id) && now.Person!.FindBinding(proof.Binding) is { } binding && IsOldEnough(now, binding);

    internal static bool IsOldEnough(Situation now, BoundFactor binding) =>
        now.Request.Client.MinimumFactorAge is not { } seconds || now.Now - binding.BoundAt >= TimeSpan.FromSeconds(seconds);

    /// <param name="way">"totp", "app/push"; or a kind alone, which is good where every way of it is.</param>
    internal static bool Accepts(Situation now, string way) =>
        now.AcceptedFactors.Contains(way) && FactorIds.Takes(now.Request.Client.AcceptedFactors, way);

    private static bool Within(TimeSpan? age, DateTimeOffset at, DateTimeOffset now) => age is null || now - at <= age;

    /// <summary>RFC 8176: what ran. "mfa" only where two kinds really were done.</summary>
    private static string[] AmrOf(IReadOnlyList<FactorProof> factors, bool mfa)
    {
        List<string> amr = ["pwd"];
        foreach (var value in factors.SelectMany(proof => proof.Amr))
        {
            if (!amr.Contains(value))
                amr.Add(value);
        }

        if (mfa)
            amr.Add("mfa");
        return [.. amr];
    }
}
