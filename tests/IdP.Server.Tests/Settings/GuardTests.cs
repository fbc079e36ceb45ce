using System.Net;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>
/// Every guarded action × every proof that is not one for it. The bad proof is really made, then the action is really tried, by its page and by its post, and
/// gone on with wherever something opens. Nothing opens: each way ends where the proof is asked for, no offer is made, no mail goes out, and the account is
/// as it was. Each row ends with the honest proof, which shows that the row could have changed something.
/// </summary>
public abstract partial class GuardTests(TestIdp idp)
{
    private static readonly string[] Actions =
    [
        "bind totp", "bind email", "bind recovery", "rebind totp", "rebind email", "rebind recovery", "unbind totp", "unbind email", "unbind recovery",
        "rebind second totp", "unbind second totp", "password",
    ];

    private static readonly string[] BadProofs =
        ["none", "stale", "other action", "other person", "replayed", "other browser", "lower level", "trusted device", "wrong code"];

    public static TheoryData<string, string> Table
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var action in Actions)
            {
                foreach (var proof in BadProofs)
                    table.Add(action, proof);
            }

            return table;
        }
    }

    public static TheoryData<string> Offers => [.. Actions.Where(action => action.Contains("bind", StringComparison.Ordinal) && !action.StartsWith("un", StringComparison.Ordinal))];

    [Fact]
    public void The_table_is_as_large_as_it_should_be()
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"{Actions.Length} guarded actions × {BadProofs.Length} bad proofs = {Actions.Length * BadProofs.Length} rows");
        Assert.True(Actions.Length >= 12 && BadProofs.Length >= 8);
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_proof_that_is_not_one_for_this_action_changes_nothing(string action, string proof)
    {
        using var scene = await GuardScene.SetAsync(idp, action);
        await ChangesNothingAsync(scene, action, proof);
    }

    /// <summary>Somebody knows the address of an offer, and what it shows; a proof of their own does not make it theirs.</summary>
    [Theory]
    [MemberData(nameof(Offers))]
    public async Task An_offer_made_in_another_browser_binds_nothing_here(string action)
    {
        ArgumentNullException.ThrowIfNull(action);
        using var scene = await GuardScene.SetAsync(idp, action);
        using var elsewhere = await scene.Owner.ElsewhereAsync();
        var offer = await scene.OpenOfferAsync(elsewhere);
        var before = await scene.StateAsync();
        foreach (var proven in (bool[])[false, true])
        {
            if (proven)
                await scene.Owner.ProveAsync(scene.Guard);
            var stop = await scene.AnswerFromHereAsync(offer);
            Assert.Equal("OfferOver", stop.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
            Assert.Equal(before, await scene.StateAsync());
        }

        await scene.FinishAsync(elsewhere, offer);
        Assert.NotEqual(before, await scene.StateAsync());
    }

    [Fact]
    public async Task Things_of_another_person_are_unknown_however_well_one_has_proven_oneself()
    {
        foreach (var action in Actions.Where(action => action.Contains("rebind", StringComparison.Ordinal) || action.Contains("unbind", StringComparison.Ordinal)))
        {
            using var scene = await GuardScene.SetAsync(idp, action);
            using var stranger = await Owner.WithOtpAsync(idp);
            Assert.All(await scene.TryAsync(stranger), stop => Assert.Equal(HttpStatusCode.NotFound, stop.Status));
        }
    }

    /// <summary>Its own time ends a proof: a store whose clock is behind, or that keeps things too long, does not make it good for longer.</summary>
    [Fact]
    public async Task A_proof_that_the_store_keeps_too_long_is_stale()
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var action = GuardedAction.Bind("totp");
        await owner.ProveAsync(action);
        var asker = await owner.AskerAsync();
        var store = idp.Service<IEphemeralStore>();
        var key = $"proof:{asker.SessionId}:{action.Name}";
        await store.SetAsync(key, (await store.GetAsync(key, default))!, TimeSpan.FromHours(1), Holder.Person(asker.Person.Id), default);

        await idp.ForwardAsync(TimeSpan.FromMinutes(5.1));
        Assert.NotNull(await store.GetAsync(key, default));
        Assert.False(await idp.Service<RecentProof>().TakeAsync(asker, action, default));
    }

    private static async Task ChangesNothingAsync(GuardScene scene, string action, string proof)
    {
        using var thief = await scene.PrepareAsync(proof);
        var (before, mails) = (await scene.StateAsync(), scene.Mails);

        var tried = await scene.TryAsync(thief);
        Assert.Equal(before, await scene.StateAsync());
        Assert.Equal(mails, scene.Mails);
        Assert.All(tried, stop =>
        {
            Assert.True(stop.At == "/account/confirm", $"{action} with {proof}: {stop.Describe()}");
            Assert.DoesNotContain(stop.Trail, hop => hop.Location?.Query.Contains("offer=", StringComparison.Ordinal) == true);
        });

        var honest = await scene.ActHonestlyAsync();
        Assert.True(before != await scene.StateAsync(), $"{action} after {proof}: the honest proof changed nothing either: {honest.Describe()}");
    }
}

public sealed class Guard_on_SQLite_and_memory(SqliteAttackHost host) : GuardTests(host.Idp), IClassFixture<SqliteAttackHost>;

[Thorough]
public sealed class Guard_on_PostgreSQL_and_Redis(PostgresAttackHost host) : GuardTests(host.Idp), IClassFixture<PostgresAttackHost>;
