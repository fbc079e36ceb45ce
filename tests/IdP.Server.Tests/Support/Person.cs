namespace IdP.Server.Tests.Support;

/// <summary>Someone with an account. A test that types a code takes a fresh one, so that its OTP steps and counters never meet another test's.</summary>
public sealed record Person(string UserName, string Password, string? TotpSecret = null)
{
    public string Email => $"{UserName}@example.com";

    public string CodeAt(TimeProvider clock) => Otp.CodeAt(TotpSecret ?? throw new InvalidOperationException($"{UserName} has no OTP bound."), clock.GetUtcNow());

    /// <summary>Six digits that are wrong now and in the steps around.</summary>
    public string WrongCodeAt(TimeProvider clock)
    {
        var near = Enumerable.Range(-3, 7).Select(step => Otp.CodeAt(TotpSecret!, clock.GetUtcNow().AddSeconds(30 * step))).ToHashSet();
        return Enumerable.Range(0, 100).Select(n => (100_000 + (n * 7_919)).ToString(System.Globalization.CultureInfo.InvariantCulture)).First(code => !near.Contains(code));
    }
}
