using IdP.Protocol.Clients;
using IdP.Server.Accounts;
using IdP.Server.SignIn;

namespace IdP.Server.Tests.SignIn;

/// <summary>The decider against an oracle that knows only the promises, over every combination in the table.</summary>
public sealed class SignInFlowTests
{
    [Fact]
    public void No_answer_says_more_than_was_proven()
    {
        var rows = 0;
        foreach (var (row, now) in DeciderTable.Rows())
        {
            rows++;
            if (SignInFlow.Next(now) is not NextStep.Finish { Who: var who })
                continue;

            var proven = AllProofs(now, who.UserId);
            var saysMfa = who.Acr is "mfa" or "urn:strong";
            Assert.True(who.AuthTime == proven.PasswordAt, row);
            Assert.False(saysMfa && !proven.Factors.Any(f => f.Factor == "totp"), row);
            Assert.True(saysMfa || who.Acr == "pwd", row);
            Assert.False(who.Amr.Contains("otp") && proven.Factors.Count == 0, row);
            Assert.False(who.Amr.Contains("mfa") && !proven.Factors.Any(f => f.Factor == "totp"), row);
            Assert.All(who.Proofs.Factors, kept => Assert.Contains(proven.Factors, f => f.Factor == kept.Factor && f.At == kept.At));
        }

        Assert.True(rows >= 2000, $"only {rows} rows");
        TestContext.Current.TestOutputHelper?.WriteLine($"{rows} rows");
    }

    [Fact]
    public void A_demand_is_met_or_refused_never_weakened()
    {
        foreach (var (row, now) in DeciderTable.Rows())
        {
            if (SignInFlow.Next(now) is not NextStep.Finish { Who: var who })
                continue;
            var request = now.Request;
            var age = request.MaxAge;
            var reachedMfa = who.Amr.Contains("mfa");

            Assert.False(request.Client.MinimumAcr == "mfa" && !reachedMfa, row);
            Assert.False(request.EssentialAcr is { Count: > 0 } wanted && !wanted.Contains(who.Acr), row);
            var typedNow = now.Progress?.Proofs.PasswordAt is not null;
            Assert.False((request.PromptLogin || request.PromptSelectAccount) && !typedNow, row);
            Assert.False(age is { } max && !typedNow && now.Now - who.AuthTime > max, row);
            Assert.False(request.HintedSubject is { } hinted && hinted != who.UserId, row);
            Assert.False(request.PromptConsent && now.Progress?.ConsentedBy != who.UserId, row);
            Assert.False(now.Progress is { Refused: true }, row);
            if (request.Client.SecondFactorPolicy == "WhenBound" && now.Person!.BoundFactors.Count > 0)
                Assert.True(AllProofs(now, who.UserId).Factors.Count > 0 || who.SparedBy is not null, row);
            Assert.False(who.SparedBy is not null && (now.TrustedDevice?.UserId != who.UserId || request.PromptLogin || age is not null), row);
            if (reachedMfa && request.Client.StepUpMaxAge is { } seconds)
                Assert.Contains(AllProofs(now, who.UserId).Factors, f => f.Factor == "totp" && now.Now - f.At <= TimeSpan.FromSeconds(seconds));
            if (reachedMfa && age is { } factorAge && now.Progress is not { Proofs.Factors.Count: > 0 })
                Assert.Contains(AllProofs(now, who.UserId).Factors, f => f.Factor == "totp" && now.Now - f.At <= factorAge);
        }
    }

    [Fact]
    public void Prompt_none_never_shows_a_page()
    {
        foreach (var (row, now) in DeciderTable.Rows().Where(r => r.Situation.Request.PromptNone))
            Assert.True(SignInFlow.Next(now) is NextStep.Finish or NextStep.Refuse, row);
    }

    [Fact]
    public void Only_bound_factors_are_offered()
    {
        foreach (var (row, now) in DeciderTable.Rows())
        {
            if (SignInFlow.Next(now) is not NextStep.Verify { Factors: var offered })
                continue;
            Assert.True(offered.Count > 0, row);
            Assert.True(offered.All(now.Person!.BoundFactors.Contains), row);
        }
    }

    [Fact]
    public void Step_up_asks_for_the_factor_and_not_for_the_password_again()
    {
        var session = new Session("sid", DeciderTable.Alice, new Proofs { PasswordAt = DeciderTable.Now.AddHours(-1) }, DeciderTable.Now, DeciderTable.Now.AddHours(9));
        var request = DeciderTable.Request(new Client { ClientId = "app", SecondFactorPolicy = "OnRequest" });
        Assert.IsType<NextStep.Finish>(SignInFlow.Next(DeciderTable.Situation(request, session, null, ["totp"])));
        Assert.IsType<NextStep.Verify>(SignInFlow.Next(DeciderTable.Situation(request with { AcrValues = ["mfa"] }, session, null, ["totp"])));
    }

    [Fact]
    public void A_wish_that_cannot_be_met_gives_the_weaker_truth()
    {
        var session = new Session("sid", DeciderTable.Alice, new Proofs { PasswordAt = DeciderTable.Now }, DeciderTable.Now, DeciderTable.Now.AddHours(9));
        var request = DeciderTable.Request(new Client { ClientId = "app" });
        var wish = Assert.IsType<NextStep.Finish>(SignInFlow.Next(DeciderTable.Situation(request with { AcrValues = ["mfa"] }, session, null, [])));
        Assert.Equal("pwd", wish.Who.Acr);
    }

    [Fact]
    public void The_name_the_client_asked_by_is_the_name_it_hears()
    {
        var session = new Session("sid", DeciderTable.Alice, new Proofs { PasswordAt = DeciderTable.Now, Factors = [new("totp", "the totp", DeciderTable.Now, ["otp"])] }, DeciderTable.Now, DeciderTable.Now.AddHours(9));
        var request = DeciderTable.Request(new Client { ClientId = "app" });
        Assert.Equal("urn:strong", Finish(request with { AcrValues = ["urn:strong"] }));
        Assert.Equal("mfa", Finish(request with { AcrValues = ["pwd", "mfa"] }));
        Assert.Equal("pwd", Finish(request with { EssentialAcr = ["pwd"] }));
        Assert.Equal("mfa", Finish(request));

        string Finish(Protocol.Authorize.AuthorizeRequest asked) =>
            Assert.IsType<NextStep.Finish>(SignInFlow.Next(DeciderTable.Situation(asked, session, null, ["totp"]))).Who.Acr;
    }

    [Fact]
    public void What_one_person_allowed_counts_for_nobody_else()
    {
        var request = DeciderTable.Request(new Client { ClientId = "app", RequireConsent = true });
        var session = new Session("sid", DeciderTable.Alice, new Proofs { PasswordAt = DeciderTable.Now }, DeciderTable.Now, DeciderTable.Now.AddHours(9));
        var progress = new SignInProgress { Id = "tx", BrowserHash = [], Parameters = new Dictionary<string, string>(), StartedAt = DeciderTable.Now, ConsentedBy = "bob-id" };
        Assert.IsType<NextStep.Consent>(SignInFlow.Next(DeciderTable.Situation(request, session, progress, [])));
        Assert.IsType<NextStep.Finish>(SignInFlow.Next(DeciderTable.Situation(request, session, progress with { ConsentedBy = DeciderTable.Alice }, [])));
    }

    [Fact]
    public void A_password_that_was_changed_since_and_a_factor_that_was_unbound_since_prove_nothing()
    {
        var request = DeciderTable.Request(new Client { ClientId = "app" });
        var proofs = new Proofs { PasswordAt = DeciderTable.Now.AddMinutes(-2), Factors = [new("totp", "the totp", DeciderTable.Now.AddMinutes(-1), ["otp"])] };
        var progress = new SignInProgress { Id = "tx", BrowserHash = [], Parameters = new Dictionary<string, string>(), StartedAt = DeciderTable.Now, UserId = DeciderTable.Alice, Proofs = proofs };
        var now = DeciderTable.Situation(request, null, progress, ["totp"]);
        Assert.Equal("mfa", Assert.IsType<NextStep.Finish>(SignInFlow.Next(now)).Who.Acr);

        Assert.IsType<NextStep.Password>(SignInFlow.Next(now with { Person = now.Person! with { Epoch = 1 } }));
        Assert.Equal("pwd", Assert.IsType<NextStep.Finish>(SignInFlow.Next(now with { Person = now.Person! with { Bindings = [] } })).Who.Acr);
        Assert.IsType<NextStep.Verify>(SignInFlow.Next(now with { Person = now.Person! with { Bindings = [new("another app", "totp", DeciderTable.BoundAt)] } }));
    }

    private static Proofs AllProofs(Situation now, string userId)
    {
        var here = now.Progress?.UserId == userId ? now.Progress.Proofs : Proofs.None;
        var before = now.Session?.UserId == userId ? now.Session.Proofs : Proofs.None;
        return new Proofs { PasswordAt = here.PasswordAt ?? before.PasswordAt, Factors = [.. here.Factors, .. before.Factors] };
    }
}
