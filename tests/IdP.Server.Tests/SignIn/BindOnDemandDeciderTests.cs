using IdP.Protocol.Authorize;
using IdP.Protocol.Clients;
using IdP.Server.Accounts;
using IdP.Server.SignIn;

namespace IdP.Server.Tests.SignIn;

/// <summary>A demand that finds nothing bound, beside what <see cref="TruthTableTests"/> has in rows.</summary>
public sealed class BindOnDemandDeciderTests
{
    private const int Day = 86_400;
    private static readonly DateTimeOffset Now = DeciderTable.Now;
    private static readonly Client App = new() { ClientId = "app" };

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)]
    [InlineData(true, false, false)]
    public void Server_and_client_must_both_allow_it(bool server, bool client, bool binds)
    {
        var next = SignInFlow.Next(At(App with { BindOnDemand = client }, []) with { BindOnDemand = server });
        if (binds)
            Assert.Equal(["totp"], Assert.IsType<NextStep.Bind>(next).Factors);
        else
            IsUnmet(next);
    }

    [Fact]
    public void Where_nothing_that_would_do_can_be_bound_the_demand_is_unmet() =>
        IsUnmet(SignInFlow.Next(At(App, []) with { Bindable = ["email"] }));

    [Fact]
    public void Who_declines_to_bind_leaves_the_demand_unmet()
    {
        var now = At(App, []);
        IsUnmet(SignInFlow.Next(now with { Progress = now.Progress! with { Refused = true } }));
        // Before the password nobody knows what is bound: that is the person's own refusal.
        var before = now with { Progress = now.Progress! with { Refused = true, Proofs = Proofs.None } };
        Assert.Equal("access_denied", Assert.IsType<NextStep.Refuse>(SignInFlow.Next(before)).Error.Code);
    }

    [Fact]
    public void A_policy_that_was_put_off_does_not_put_off_the_apps_demand()
    {
        var now = At(App, []);
        now = now with
        {
            BindingPolicies = [new() { Name = "a", Everyone = true, Skips = 3 }],
            Progress = now.Progress! with { Proofs = now.Progress!.Proofs with { BindingPutOff = 3 } },
        };
        var bind = Assert.IsType<NextStep.Bind>(SignInFlow.Next(now));
        Assert.True(bind is { OnDemand: true, SkipsLeft: 0 });
    }

    [Fact]
    public void A_factor_that_is_too_young_is_not_asked_for_and_not_bound_again()
    {
        var client = App with { MinimumFactorAge = Day };
        var refused = Assert.IsType<NextStep.Refuse>(SignInFlow.Next(At(client, [new("new", "totp", Now.AddSeconds(1 - Day))])));
        Assert.Equal("unmet_authentication_requirements", refused.Error.Code);
        Assert.Contains("too recently", refused.Error.Description, StringComparison.Ordinal);
        Assert.IsType<NextStep.Verify>(SignInFlow.Next(At(client, [new("old", "totp", Now.AddSeconds(-Day))])));
    }

    [Fact]
    public void Of_two_of_a_kind_the_old_one_is_proven_or_it_is_asked_for_again()
    {
        BoundFactor[] bound = [new("new", "totp", Now.AddHours(-1)), new("old", "totp", Now.AddDays(-2))];
        var now = At(App with { MinimumFactorAge = Day }, bound);
        Assert.IsType<NextStep.Verify>(SignInFlow.Next(Done("new")));
        Assert.Equal("mfa", Assert.IsType<NextStep.Finish>(SignInFlow.Next(Done("old"))).Who.Acr);

        Situation Done(string binding) => now with
        {
            Progress = now.Progress! with { Proofs = now.Progress!.Proofs.With(new("totp", binding, Now, ["otp"])) },
        };
    }

    private static void IsUnmet(NextStep next) =>
        Assert.Equal("unmet_authentication_requirements", Assert.IsType<NextStep.Refuse>(next).Error.Code);

    /// <summary>The password typed in this sign-in, and mfa demanded.</summary>
    private static Situation At(Client client, IReadOnlyList<BoundFactor> bound)
    {
        var progress = new SignInProgress
        {
            Id = "tx", BrowserHash = [], Parameters = new Dictionary<string, string>(), StartedAt = Now, UserId = DeciderTable.Alice,
            Proofs = new Proofs { PasswordAt = Now },
        };
        AuthorizeRequest request = DeciderTable.Request(client) with { EssentialAcr = ["mfa"] };
        return DeciderTable.Situation(request, null, progress, []) with
        {
            Person = new UserRecord { Id = DeciderTable.Alice, UserName = "alice", Bindings = bound },
            Bindable = ["email", "totp"],
            BindOnDemand = true,
        };
    }
}
