using IdP.Server.Accounts;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>Approve and claim, by two parties: what every way that is approved elsewhere may rely on. With two nodes: approved on one, waiting on the other.</summary>
public abstract class ApprovalContract(FactorHost host)
{
    private const string Purpose = "sign-in:1";
    private static readonly byte[] Here = new byte[32], Elsewhere = [1, .. new byte[31]];

    private readonly TestIdp idp = host.Idp;
    private readonly int other = host.Idp.Ports.Count - 1;

    [Theory]
    [InlineData("app/push")]
    [InlineData("app/scan")]
    public async Task Once_approved_it_can_be_claimed_once(string way)
    {
        var (person, challenge) = await AskedAsync(way);
        Assert.IsType<StepUpOutcome.NotYet>(await ClaimAsync(person, challenge));
        Assert.Equal("Approved", await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, challenge, true, trust: true), other));
        var passed = Assert.IsType<StepUpOutcome.Passed>(await ClaimAsync(person, challenge));
        Assert.Equal(("app", way, true), (passed.Proof.Factor, passed.Proof.Id, passed.TrustThisBrowser));
        Assert.IsType<StepUpOutcome.Over>(await ClaimAsync(person, challenge, node: other));
    }

    [Fact]
    public async Task Of_sixty_four_claims_at_once_one_succeeds()
    {
        var (person, challenge) = await AskedAsync();
        await host.Phone.DecideAsync(person.Id, approve: true);
        var outcomes = await Race.RunAsync(64, n => ClaimAsync(person, challenge, node: n % idp.Ports.Count));
        Assert.Single(outcomes, outcome => outcome is StepUpOutcome.Passed);
    }

    [Fact]
    public async Task Of_sixty_four_decisions_at_once_one_stands()
    {
        var (person, challenge) = await AskedAsync();
        var (yes, no) = (await host.Phone.DecisionAsync(person.Id, challenge, true), await host.Phone.DecisionAsync(person.Id, challenge, false));
        var answers = await Race.RunAsync(64, n => host.Phone.SendAsync(n % 2 == 0 ? yes : no, n % idp.Ports.Count));
        var decided = Assert.Single(answers, answer => answer is "Approved" or "Denied");
        Assert.DoesNotContain(answers, answer => answer is "Wrong");
        Assert.IsType(decided == "Approved" ? typeof(StepUpOutcome.Passed) : typeof(StepUpOutcome.Denied), await ClaimAsync(person, challenge));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task The_first_decision_stands(bool first, bool second)
    {
        var (person, challenge) = await AskedAsync();
        await host.Phone.DecideAsync(person.Id, first);
        Assert.Equal("AlreadyDecided", await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, challenge, second), other));
        Assert.IsType(first ? typeof(StepUpOutcome.Passed) : typeof(StepUpOutcome.Denied), await ClaimAsync(person, challenge));
    }

    [Fact]
    public async Task Another_persons_phone_approves_nothing()
    {
        var ((person, challenge), (thief, _)) = (await AskedAsync(), await AskedAsync());
        Assert.Equal("Unknown", await host.Phone.SendAsync(await host.Phone.DecisionAsync(thief.Id, challenge, true)));
        Assert.IsType<StepUpOutcome.NotYet>(await ClaimAsync(person, challenge));
        await host.Phone.DecideAsync(person.Id, approve: true);
        Assert.IsType<StepUpOutcome.Passed>(await ClaimAsync(person, challenge));
    }

    [Fact]
    public async Task Evidence_that_proves_nothing_ends_the_challenge_after_five_tries()
    {
        var (person, challenge) = await AskedAsync();
        var right = await host.Phone.DecisionAsync(person.Id, challenge, true);
        var answers = await Race.RunAsync(16, n => host.Phone.SendAsync(right with { Seed = "guess " + n }, n % idp.Ports.Count));
        Assert.Equal(5, answers.Count(answer => answer == "Wrong"));
        Assert.Equal("Unknown", await host.Phone.SendAsync(right));
        Assert.IsType<StepUpOutcome.Over>(await ClaimAsync(person, challenge));
    }

    [Fact]
    public async Task What_has_expired_is_approved_no_more()
    {
        var (person, challenge) = await AskedAsync();
        var decision = await host.Phone.DecisionAsync(person.Id, challenge, true);
        idp.Clock.Forward(TimeSpan.FromMinutes(2));
        Assert.Equal("Unknown", await host.Phone.SendAsync(decision));
        Assert.IsType<StepUpOutcome.Over>(await ClaimAsync(person, challenge));
    }

    [Fact]
    public async Task What_was_cancelled_is_approved_no_more()
    {
        var (person, challenge) = await AskedAsync("app/scan");
        await idp.Service<StepUpService>().StartAsync(person.Id, "app/code", Purpose, Here, challenge, default);
        Assert.Equal("Unknown", await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, challenge, true), other));
        Assert.IsType<StepUpOutcome.Over>(await ClaimAsync(person, challenge));
    }

    [Fact]
    public async Task Another_browser_neither_claims_nor_learns_anything()
    {
        var (person, challenge) = await AskedAsync();
        await host.Phone.DecideAsync(person.Id, approve: true);
        Assert.IsType<StepUpOutcome.Over>(await ClaimAsync(person, challenge, browser: Elsewhere));
        Assert.IsType<StepUpOutcome.Over>(await ClaimAsync(person, challenge, purpose: "settings:s1:unbind:b1"));
        Assert.Equal(WaitingState.Over, await idp.Service<Approvals>().StatusAsync(challenge, Elsewhere, default));
        Assert.Equal(WaitingState.Approved, await idp.Service<Approvals>(other).StatusAsync(challenge, Here, default));
        Assert.IsType<StepUpOutcome.Passed>(await ClaimAsync(person, challenge));
    }

    [Fact]
    public async Task A_phone_finds_what_waits_for_its_owner_and_nothing_else()
    {
        var ((person, first), _) = (await AskedAsync(), await AskedAsync());
        var second = (await idp.Service<StepUpService>(other).StartAsync(person.Id, "app/scan", "sign-in:2", Elsewhere, null, default)).Challenge!.Id;
        await idp.Service<StepUpService>().StartAsync(person.Id, "app/code", "sign-in:3", Here, null, default);
        Assert.Equal([first, second], await WaitingAsync(person, other));
        await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, first, true));
        Assert.Equal([second], await WaitingAsync(person));
        idp.Clock.Forward(TimeSpan.FromMinutes(2));
        Assert.Empty(await WaitingAsync(person));
    }

    [Fact]
    public async Task Each_decision_and_each_claim_is_a_row_in_the_audit_log()
    {
        var (person, challenge) = await AskedAsync();
        await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, challenge, true) with { Seed = "no seed" });
        await host.Phone.DecideAsync(person.Id, approve: true);
        await ClaimAsync(person, challenge);
        var (denied, refused) = await AskedAsync();
        await host.Phone.DecideAsync(denied.Id, approve: false);
        await ClaimAsync(denied, refused);
        Assert.Equal(
            ["second-factor-failed app/push, sign-in: wrong 127.0.0.1", "second-factor-approved app/push, sign-in 127.0.0.1", "second-factor-passed app/push, sign-in 192.0.2.9"],
            await RowsAsync(person));
        Assert.Equal(["second-factor-failed app/push, sign-in: refused by the person 127.0.0.1"], await RowsAsync(denied));
    }

    [Fact]
    public async Task An_old_challenge_that_somebody_puts_back_is_neither_decided_nor_claimed_again()
    {
        var (person, challenge) = await AskedAsync();
        var store = idp.Service<IEphemeralStore>();
        var pending = (await store.GetAsync("challenge:" + challenge, default))!;
        await host.Phone.DecideAsync(person.Id, approve: true);
        var approved = (await store.GetAsync("challenge:" + challenge, default))!;
        Assert.IsType<StepUpOutcome.Passed>(await ClaimAsync(person, challenge));
        await PutAsync(pending);
        Assert.Equal("Unknown", await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, challenge, true)));
        await PutAsync(approved);
        Assert.IsType<StepUpOutcome.Over>(await ClaimAsync(person, challenge));

        Task PutAsync(byte[] bytes) => store.SetAsync("challenge:" + challenge, bytes, TimeSpan.FromMinutes(2), Holder.Person(person.Id), default);
    }

    [Fact]
    public async Task A_decision_that_a_crash_cut_short_approves_nothing_and_another_can_be_asked_for()
    {
        var (person, challenge) = await AskedAsync();
        var asked = (await idp.Service<Challenges>().LoadAsync(challenge, default))!.Value.Value;
        Assert.True(await idp.Service<UsedMarks>().TryAsync("decision:" + challenge, asked.ExpiresAt, default));
        Assert.Equal("Unknown", await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, challenge, true)));
        Assert.IsType<StepUpOutcome.NotYet>(await ClaimAsync(person, challenge));
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        var again = (await idp.Service<StepUpService>().StartAsync(person.Id, "app/push", Purpose, Here, challenge, default, Asking.Again)).Challenge!.Id;
        Assert.NotEqual(challenge, again);
        Assert.Equal("Approved", await host.Phone.SendAsync(await host.Phone.DecisionAsync(person.Id, again, true)));
        Assert.IsType<StepUpOutcome.Passed>(await ClaimAsync(person, again));
    }

    [Fact]
    public async Task An_old_offer_that_somebody_puts_back_is_not_approved_again()
    {
        var (person, enrolments, store) = (await FactorPerson.AddAsync(idp, "totp"), idp.Service<Enrolments>(), idp.Service<IEphemeralStore>());
        var whom = new EnrolmentFor(person.Id, person.UserName, BrowserHash: Here);
        var offer = (await enrolments.OfferAsync(enrolments.Find("app")!, whom, Here, null, null, default)).OfferId!;
        var before = (await store.GetAsync("offer:" + offer, default))!;
        Assert.Equal(WaitingState.Waiting, await enrolments.StatusAsync(offer, Here, default));
        Assert.Equal(WaitingState.Over, await enrolments.StatusAsync(offer, Elsewhere, default));
        await host.Phone.DecideAsync(person.Id, approve: true, node: other);
        Assert.Equal(WaitingState.Approved, await enrolments.StatusAsync(offer, Here, default));
        await store.SetAsync("offer:" + offer, before, TimeSpan.FromMinutes(2), Holder.Person(person.Id), default);
        // The first of these finds its try counted before.
        for (var n = 0; n < 3; n++)
            await host.Phone.DecideAsync(person.Id, approve: true, node: other);
        Assert.IsType<EnrolmentOutcome.NotYet>(await enrolments.ConfirmAsync(offer, person.Id, Here, new Answer.Acknowledged(), By.Tool("tests"), default));
    }

    private async Task<(FactorPerson Person, string Challenge)> AskedAsync(string way = "app/push")
    {
        var person = await FactorPerson.AddAsync(idp, "app");
        return (person, (await idp.Service<StepUpService>().StartAsync(person.Id, way, Purpose, Here, null, default)).Challenge!.Id);
    }

    private Task<StepUpOutcome> ClaimAsync(FactorPerson person, string challenge, byte[]? browser = null, string purpose = Purpose, int node = 0) =>
        idp.Service<StepUpService>(node).ClaimAsync(challenge, person.Id, purpose, browser ?? Here, default, new Answerer("192.0.2.9"));

    private async Task<string[]> WaitingAsync(FactorPerson person, int node = 0) =>
        [.. (await idp.Service<WaitingChallenges>(node).ListAsync(person.Id, "app", default)).Select(challenge => challenge.Id)];

    private Task<List<string>> RowsAsync(FactorPerson person) => idp.Service<Database>().ListAsync(
        "select action, details, address from audit where user_id = @user and action like 'second-factor-%' order by id",
        row => $"{row.GetString(0)} {row.GetString(1)} {row.GetString(2)}", default, ("@user", person.Id));
}

public sealed class Approvals_on_SQLite_and_memory(SqliteFactorHost host) : ApprovalContract(host), IClassFixture<SqliteFactorHost>;

public sealed class Approvals_on_PostgreSQL_and_Redis(PostgresFactorHost host) : ApprovalContract(host), IClassFixture<PostgresFactorHost>;

/// <summary>The node that took the approval is gone before the browser claims.</summary>
public sealed class ApprovalNodeLossTests(PostgresFactorHost host) : IClassFixture<PostgresFactorHost>
{
    [Fact]
    public async Task What_a_node_approved_before_it_died_is_claimed_on_another()
    {
        var idp = host.Idp;
        var person = await FactorPerson.AddAsync(idp, "app");
        using var browser = idp.Browser();
        var password = new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password };
        var at = await browser.SubmitAsync(await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url), password, "/sign-in");
        using var stream = await EventStream.OpenAsync(new Uri(idp.Issuer + at.Page!.QuerySelector("[data-wait]")!.GetAttribute("data-wait")), browser.CookieHeader);
        Assert.Equal("waiting", await stream.NextAsync());
        await host.Phone.DecideAsync(person.Id, approve: true, node: 1);
        await idp.EndNodeAsync(1);
        Assert.Equal("approved", await stream.NextAsync());
        Assert.NotNull((await browser.SubmitAsync(at, new Dictionary<string, string>(), "/verify")).MustAnswer()["code"]);
    }
}
