using IdP.Protocol.Clients;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.SignIn;

namespace IdP.Server.Tests.SignIn;

public sealed class TruthTableTests
{
    private const int LeastRows = 2000;

    [Fact]
    public void Every_row_says_what_the_promise_says()
    {
        var (rows, finished, spared, bound) = (0, 0, 0, 0);
        foreach (var row in TruthRow.All())
        {
            rows++;
            var actual = row.Actual();
            Assert.True(row.Expected() == actual, $"{row}: expected {row.Expected()}, got {actual}");
            finished += actual.StartsWith("finish", StringComparison.Ordinal) ? 1 : 0;
            bound += actual.StartsWith("bind", StringComparison.Ordinal) ? 1 : 0;
            spared += actual.EndsWith("device=yes", StringComparison.Ordinal) ? 1 : 0;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{rows} rows, {finished} finished, {spared} by a trusted device, {bound} bind on demand");
        Assert.True(rows >= LeastRows && finished > 0 && spared > 0 && bound > 0, $"only {rows} rows");
    }

    [Fact]
    public void A_trusted_device_leaves_no_proof_in_the_session()
    {
        foreach (var row in TruthRow.All())
        {
            if (row.Held() is { } held && !row.Here.Factor && row.From.Factor is null)
                Assert.True(held.Factors.Count == 0, row.ToString());
        }
    }

    [Fact]
    public void Trust_from_before_a_new_password_or_for_a_factor_that_is_gone_is_worth_nothing()
    {
        var progress = new SignInProgress
        {
            Id = "tx", BrowserHash = [], Parameters = new Dictionary<string, string>(), StartedAt = DeciderTable.Now, UserId = DeciderTable.Alice, Proofs = new Proofs { PasswordAt = DeciderTable.Now },
        };
        var given = DeciderTable.Now.AddDays(-1);
        var now = DeciderTable.Situation(DeciderTable.Request(new Client { ClientId = "app" }), null, progress, ["totp"]) with
        {
            TrustedDevice = new TrustedDevice("device", DeciderTable.Alice, [new("totp", "the totp", given, ["otp"])], given, given.AddDays(30)),
        };
        Assert.Equal("device", Assert.IsType<NextStep.Finish>(SignInFlow.Next(now)).Who.SparedBy);
        Assert.IsType<NextStep.Verify>(SignInFlow.Next(now with { Person = now.Person! with { PasswordChangedAt = given.AddHours(1) } }));
        Assert.IsType<NextStep.Verify>(SignInFlow.Next(now with { Person = now.Person! with { Bindings = DeciderTable.Bindings(["email"]) } }));
    }
}
