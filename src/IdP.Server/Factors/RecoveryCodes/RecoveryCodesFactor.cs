using IdP.Server.StepUp;
using IdP.Server.Storage;

namespace IdP.Server.Factors.RecoveryCodes;

/// <summary>Ten codes on paper, each good once: the way in on the day the phone is gone.</summary>
internal sealed class RecoveryCodesFactor(FactorBindings bindings, SecretProtector protector) : ISecondFactor
{
    public const string KeyPurpose = "recovery-codes";
    private static readonly string[] Amr = ["otp"];
    private static readonly TimeSpan ChallengeLife = TimeSpan.FromMinutes(10);

    public FactorInfo Info { get; } = new(RecoveryCodesEnrolment.RecoveryCodes, ChallengeLife);

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel) =>
        Task.FromResult<Started>(new Started.Asked(new Prompt.EnterCode(RecoveryCodeList.Length, Letters: true), []));

    public async Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel)
    {
        if (answer is not Answer.Code { Value: var typed } || RecoveryCodeList.Read(typed) is not { } code)
            return new Verdict.Wrong();

        var hash = RecoveryCodeList.Hash(code, protector.KeyFor(KeyPurpose));
        while ((await bindings.ListAsync(challenge.UserId, cancel)).Find(binding => binding.Factor == RecoveryCodeList.Factor) is { } binding)
        {
            var list = RecoveryCodeList.From(binding.Data);
            if (!list.Has(hash))
                return list.HadBefore(hash) ? new Verdict.AlreadyUsed() : new Verdict.Wrong();
            // The write that must win; a crash after it costs the person one code, never gives one away (I-3).
            if (await bindings.ReplaceDataAsync(binding, list.Without(hash).ToBytes(), cancel))
                return new Verdict.Passed(binding.Id, Amr);
        }

        return new Verdict.Wrong();
    }
}
