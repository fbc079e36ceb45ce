using System.Security.Cryptography;
using System.Text;
using IdP.Server.StepUp;

namespace IdP.Server.Factors.Totp;

/// <summary>Third-party OTP (RFC 6238): any authenticator app. A person may have several; each code is good once.</summary>
internal sealed class TotpFactor(FactorBindings bindings, TimeProvider clock) : ISecondFactor
{
    /// <summary>RFC 8176: a one-time password.</summary>
    public static readonly string[] Amr = ["otp"];

    private const int Digits = 6;
    private static readonly TimeSpan ChallengeLife = TimeSpan.FromMinutes(10);

    public FactorInfo Info { get; } = new(TotpEnrolment.Totp, ChallengeLife);

    /// <summary>Nothing is sent: the app on the phone makes the code.</summary>
    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel) =>
        Task.FromResult<Started>(new Started.Asked(new Prompt.EnterCode(Digits), []));

    public async Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel)
    {
        if (answer is not Answer.Code { Value: var typed } || TotpCode.Read(typed, Digits) is not { } code)
            return new Verdict.Wrong();

        var used = false;
        foreach (var binding in await bindings.ListAsync(challenge.UserId, cancel))
        {
            if (binding.Factor != TotpSecret.Factor || TotpCode.StepOf(code, TotpSecret.From(binding.Data), clock.GetUtcNow()) is not { } step)
                continue;
            if (await bindings.AdvanceStepAsync(binding.Id, step, cancel))
                return new Verdict.Passed(binding.Id, Amr);
            used = true;
        }

        return used ? new Verdict.AlreadyUsed() : new Verdict.Wrong();
    }
}

/// <summary>A typed code and the step it belongs to (RFC 6238 §5.2: this step, the one before, the one after).</summary>
internal static class TotpCode
{
    /// <summary>Exactly the digits, ASCII; the spaces apps show between them are forgiven. Null for anything else.</summary>
    public static byte[]? Read(string typed, int digits)
    {
        if (typed.Length > 2 * digits)
            return null;
        var plain = typed.Replace(" ", "", StringComparison.Ordinal);
        return plain.Length == digits && plain.All(char.IsAsciiDigit) ? Encoding.ASCII.GetBytes(plain) : null;
    }

    public static long? StepOf(byte[] code, TotpSecret secret, DateTimeOffset now)
    {
        long? found = null;
        var current = secret.StepAt(now);
        for (var step = current - 1; step <= current + 1; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(secret.CodeAt(step)), code))
                found = step;
        }

        return found;
    }
}
