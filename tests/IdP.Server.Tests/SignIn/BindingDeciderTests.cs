using IdP.Protocol.Clients;
using IdP.Server.Accounts;
using IdP.Server.DeviceTrust;
using IdP.Server.SignIn;
using IdP.Server.StepUp;

namespace IdP.Server.Tests.SignIn;

/// <summary>Forced binding as the decider sees it, over every combination, against what the policy says in plain words.</summary>
public sealed class BindingDeciderTests
{
    private static readonly DateTimeOffset Now = DeciderTable.Now;

    private sealed record Row(string Policy, bool Applies, int Skips, string[] Takes, BindingPolicy[] Policies);

    private static readonly Row[] Policies =
    [
        new("none", false, 0, [], []),
        new("everyone", true, 0, [], [new() { Name = "a", Everyone = true }]),
        new("everyone, disabled", false, 0, [], [new() { Name = "a", Everyone = true, Disabled = true }]),
        new("everyone, from tomorrow", false, 0, [], [new() { Name = "a", Everyone = true, From = Now.AddDays(1) }]),
        new("everyone, since yesterday, three skips", true, 3, [], [new() { Name = "a", Everyone = true, From = Now.AddDays(-1), Skips = 3 }]),
        new("her group", true, 0, [], [new() { Name = "a", Groups = ["staff"] }]),
        new("another group", false, 0, [], [new() { Name = "a", Groups = ["sales"] }]),
        new("this client", true, 0, [], [new() { Name = "a", Clients = ["app"] }]),
        new("another client", false, 0, [], [new() { Name = "a", Clients = ["bank"] }]),
        new("her group elsewhere", false, 0, [], [new() { Name = "a", Groups = ["staff"], Clients = ["bank"] }]),
        new("everyone, by e-mail", true, 0, ["email"], [new() { Name = "a", Everyone = true, Factors = ["email"] }]),
        new("two policies, the stricter holds", true, 0, [], [new() { Name = "a", Everyone = true, Skips = 5 }, new() { Name = "b", Groups = ["staff"] }]),
    ];

    [Fact]
    public void Nothing_is_answered_before_what_the_policy_demands_is_bound()
    {
        var rows = 0;
        foreach (var policy in Policies)
        foreach (var bound in (string[][])[[], ["totp"], ["email"], ["codes"]])
        foreach (var used in (int[])[0, 2, 3])
        foreach (var typed in (bool[])[false, true])
        foreach (var factorDone in (bool[])[false, true])
        foreach (var putOff in (int?[])[null, 1, 3, 4])
        foreach (var putOffNow in (int?[])[null, 3, 4])
        foreach (var trusted in (bool[])[false, true])
        foreach (var silent in (bool[])[false, true])
        foreach (var minimum in (string?[])[null, "mfa"])
        {
            rows++;
            var row = $"{policy.Policy} | bound {string.Join('+', bound)} | used {used} | typed {typed} | done {factorDone} | put off before under {putOff}, now under {putOffNow} | trusted {trusted} | silent {silent} | minimum {minimum}";
            var now = At(policy, bound, used, typed, factorDone, putOff, putOffNow, trusted, silent, minimum);
            var next = SignInFlow.Next(now);

            // A fallback (codes) never does; where the policy names its factors, others do not.
            var met = bound.Any(factor => factor != "codes" && (policy.Takes.Length == 0 || policy.Takes.Contains(factor)));
            // Put off under a demand that allowed no more than this one; what was put off before the password that was typed just now counts no more.
            var open = policy.Applies && !met && !((putOffNow ?? (typed ? null : putOff)) is { } under && policy.Skips >= under);
            if (!open)
                Assert.False(next is NextStep.Bind, row);
            else if (silent)
                Assert.Equal("interaction_required", Assert.IsType<NextStep.Refuse>(next).Error.Code);
            else if (!typed)
                Assert.IsType<NextStep.Password>(next);
            else if (bound.Length > 0 && !factorDone)
                Assert.Equal(bound, Assert.IsType<NextStep.Verify>(next).Factors);
            else
            {
                var bind = Assert.IsType<NextStep.Bind>(next);
                Assert.Equal(policy.Takes.Length == 0 ? ["email", "totp"] : policy.Takes, bind.Factors);
                Assert.Equal((policy.Skips, Math.Max(0, policy.Skips - used)), (bind.Skips, bind.SkipsLeft));
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{rows} rows");
        Assert.True(rows >= 2000, $"only {rows} rows");
    }

    private static readonly string[] Everything = ["totp", "email", "codes"];

    [Theory]
    [InlineData("email", false)]
    [InlineData("totp", true)]
    [InlineData("codes", true)]
    public void An_excluded_factor_does_not_open_forced_binding(string done, bool opens)
    {
        string[] bound = [done, .. Everything.Where(factor => factor != done)];
        var policy = new Row("an app", true, 0, ["app"], [new() { Name = "a", Everyone = true, Factors = ["app"] }]);
        var now = At(policy, bound, 0, typed: true, factorDone: true, null, null, trusted: false, silent: false, minimum: null) with
        {
            Bindable = ["app", "email", "totp"], AcceptedFactors = ["app", "totp"], Fallbacks = ["codes"],
        };
        var next = SignInFlow.Next(now);
        if (opens)
            Assert.Equal(["app"], Assert.IsType<NextStep.Bind>(next).Factors);
        else
            Assert.Equal(["totp", "codes"], Assert.IsType<NextStep.Verify>(next).Factors);
    }

    private static Situation At(Row policy, string[] bound, int used, bool typed, bool factorDone, int? putOff, int? putOffNow, bool trusted, bool silent, string? minimum)
    {
        FactorProof[] done = factorDone && bound.Length > 0 ? [new(bound[0], "the " + bound[0], Now, ["otp"])] : [];
        var session = new Session("sid", DeciderTable.Alice, new Proofs { PasswordAt = Now.AddHours(-1), BindingPutOff = putOff }, Now.AddHours(-1), Now.AddHours(9));
        var progress = new SignInProgress
        {
            Id = "tx", BrowserHash = [], Parameters = new Dictionary<string, string>(), StartedAt = Now.AddMinutes(-1), UserId = DeciderTable.Alice,
            Proofs = new Proofs { PasswordAt = typed ? Now : null, Factors = done, BindingPutOff = putOffNow },
        };
        var request = DeciderTable.Request(new Client { ClientId = "app", MinimumAcr = minimum }) with { PromptNone = silent };
        return DeciderTable.Situation(request, session, progress, bound) with
        {
            Person = new UserRecord { Id = DeciderTable.Alice, UserName = "alice", Bindings = DeciderTable.Bindings(bound), Groups = ["staff"], BindingSkips = used },
            BindingPolicies = policy.Policies,
            Bindable = ["email", "totp"],
            TrustedDevice = trusted && bound.Length > 0 ? new TrustedDevice("device", DeciderTable.Alice, [new(bound[0], "the " + bound[0], Now.AddDays(-1), ["otp"])], Now.AddDays(-1), Now.AddDays(29)) : null,
        };
    }
}
