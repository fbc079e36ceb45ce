using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Tests.Attacks;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>
/// Every guarded action × every proof that is not one for it. The bad proof is really made, through the front door, and then the action is really tried;
/// afterwards the account is as it was. Each row ends with the honest proof, which shows that the row could have changed something.
/// </summary>
public abstract class GuardTests(TestIdp idp)
{
    private static readonly string[] Actions =
    [
        "bind totp", "bind recovery", "rebind totp", "rebind recovery", "unbind totp", "unbind recovery", "password",
        "bind totp (offer made)", "rebind totp (offer made)", "bind recovery (offer made)", "unbind second totp", "rebind second totp",
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
        ArgumentNullException.ThrowIfNull(action);
        using var scene = await Scene.SetAsync(idp, action);
        var before = await scene.StateAsync();

        var stopped = await scene.TryWithAsync(proof);
        Assert.True((int)stopped.Status < 500, stopped.Describe());
        Assert.Equal(before, await scene.StateAsync());

        var honest = await scene.ActHonestlyAsync();
        Assert.True(before != await scene.StateAsync(), $"{action} after {proof}: the honest proof changed nothing either: {honest.Describe()}");
    }

    /// <summary>One account with an OTP app (two for some rows) and recovery codes, its owner at the settings.</summary>
    private sealed class Scene(TestIdp idp, string action, Owner owner, Owner elsewhere, string secondSecret) : IDisposable
    {
        private GuardedAction guard = null!;
        private string path = "";
        private string postPath = "";

        public static async Task<Scene> SetAsync(TestIdp idp, string action)
        {
            var owner = await Owner.WithOtpAsync(idp);
            if (action != "bind recovery" && action != "bind recovery (offer made)")
                await owner.MakeCodesAsync();
            var second = "";
            if (action.Contains("second", StringComparison.Ordinal))
            {
                var offer = await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp");
                second = Owner.SecretOn(offer);
                await owner.AnswerAsync(offer, Otp.CodeAt(second, idp.Clock.GetUtcNow()));
            }

            var scene = new Scene(idp, action, owner, await owner.ElsewhereAsync(), second);
            await scene.PointAsync();
            return scene;
        }

        public void Dispose()
        {
            owner.Dispose();
            elsewhere.Dispose();
        }

        /// <summary>What the account's owner would not want changed.</summary>
        public async Task<string> StateAsync()
        {
            var id = await owner.IdAsync();
            var user = (await idp.Service<Users>().FindByLoginAsync(owner.Person.UserName, default))!;
            var bindings = (await owner.BindingsAsync()).Select(binding => binding.Id).Order();
            return $"{id} {string.Join(',', bindings)} {user.PasswordChangedAt:O}";
        }

        public async Task<Stop> TryWithAsync(string proof)
        {
            switch (proof)
            {
                case "stale":
                    await owner.ConfirmAsync(await owner.Browser.VisitAsync(SettingsConfirm(guard)));
                    await idp.ForwardAsync(TimeSpan.FromMinutes(5.1));
                    return await PostAsync(owner);
                case "other action":
                    var other = action.StartsWith("password", StringComparison.Ordinal) ? GuardedAction.Bind("totp") : GuardedAction.Password;
                    await owner.ConfirmAsync(await owner.Browser.VisitAsync(SettingsConfirm(other)));
                    return await PostAsync(owner);
                case "other person":
                    // A stranger proves the same thing for an account of their own, and then points at this one.
                    using (var stranger = await Owner.WithOtpAsync(idp))
                    {
                        await stranger.ConfirmAsync(await stranger.Browser.VisitAsync(SettingsConfirm(GuardedAction.Bind("totp"))));
                        return await PostAsync(stranger);
                    }

                case "replayed":
                    // Used once (binding uses it as soon as it has something to show); then once more.
                    await owner.ConfirmAsync(await owner.Browser.VisitAsync(SettingsConfirm(guard)));
                    await idp.Service<RecentProof>().TakeAsync(await AskerAsync(owner), guard, default);
                    Assert.False(await idp.Service<RecentProof>().IsThereAsync(await AskerAsync(owner), guard, default));
                    return await PostAsync(owner);
                case "other browser":
                    await elsewhere.ConfirmAsync(await elsewhere.Browser.VisitAsync(SettingsConfirm(guard)));
                    return await PostAsync(owner);
                case "lower level":
                    // The password, right and just typed, is not enough where a factor is bound.
                    await idp.Service<RecentProof>().PasswordGivenAsync(await AskerAsync(owner), guard, default);
                    return await PostAsync(owner);
                case "trusted device":
                    return await TrustedAsync();
                case "wrong code":
                    var at = await owner.Browser.VisitAsync(SettingsConfirm(guard));
                    await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.WrongCodeAt(idp.Clock) }, "/account/confirm");
                    return await PostAsync(owner);
                default:
                    return await PostAsync(owner);
            }
        }

        public async Task<Stop> ActHonestlyAsync()
        {
            var at = await owner.Browser.VisitAsync(path);
            if (at.At == "/account/confirm")
                at = await owner.ConfirmAsync(at);
            return await FinishAsync(owner, at);
        }

        // A browser that skips the second step comes to the settings, and no further.
        private async Task<Stop> TrustedAsync()
        {
            using var trusted = new Owner(idp, owner.Person, idp.Browser());
            await owner.CodeIsGoodAgainAsync();
            var at = await trusted.Browser.VisitAsync("/account");
            at = await trusted.Browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password }, "/sign-in");
            Assert.Equal("/account", (await trusted.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).At);
            trusted.Browser.Forget("idp.session");
            at = await trusted.Browser.VisitAsync("/account");
            at = await trusted.Browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password }, "/sign-in");
            Assert.Equal("/account", at.At);
            return await PostAsync(trusted);
        }

        // The action's own post, with everything but the proof.
        private async Task<Stop> PostAsync(Owner who)
        {
            var csrf = Browser.Fields((await who.Browser.VisitAsync("/account/profile")).Form())["__csrf"];
            List<KeyValuePair<string, string>> fields =
            [
                new("__csrf", csrf), new("password", who.Person.Password), new("newPassword", "an entirely new password"), new("again", "an entirely new password"),
                new("kept", action.Contains("recovery", StringComparison.Ordinal) ? "yes" : ""), new("code", owner.Person.TotpSecret is null ? "" : owner.Person.CodeAt(idp.Clock)),
            ];
            var stop = await who.Browser.PostAsync(postPath, fields);
            Assert.False(stop.Status is HttpStatusCode.OK && stop.Url.Query.Contains("done=", StringComparison.Ordinal), $"{action} was done: {stop.Describe()}");
            return stop;
        }

        private async Task<Stop> FinishAsync(Owner who, Stop at)
        {
            if (action.StartsWith("unbind", StringComparison.Ordinal))
                return await who.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/unbind");
            if (action == "password")
            {
                return await who.Browser.SubmitAsync(at, new Dictionary<string, string>
                    { ["password"] = who.Person.Password, ["newPassword"] = "an entirely new password", ["again"] = "an entirely new password" }, "/account/password");
            }

            return action.Contains("recovery", StringComparison.Ordinal)
                ? await who.Browser.SubmitAsync(at, new Dictionary<string, string> { ["kept"] = "yes" }, "/account/two-step/bind")
                : await who.AnswerAsync(at, Otp.CodeAt(Owner.SecretOn(at), idp.Clock.GetUtcNow()));
        }

        private async Task PointAsync()
        {
            var bindings = await owner.BindingsAsync();
            var factor = action.Contains("recovery", StringComparison.Ordinal) ? "recovery" : "totp";
            var one = action.Contains("second", StringComparison.Ordinal) ? bindings.Last(binding => binding.Factor == "totp") : bindings.Find(binding => binding.Factor == factor);
            Assert.True(!action.Contains("second", StringComparison.Ordinal) || secondSecret.Length > 0);
            (guard, path, postPath) = action.Split(' ')[0] switch
            {
                "bind" => (GuardedAction.Bind(factor), $"/account/two-step/bind?factor={factor}", $"/account/two-step/bind/offer?factor={factor}"),
                "rebind" => (GuardedAction.Rebind(one!.Id), $"/account/two-step/bind?factor={factor}&replaces={one.Id}", $"/account/two-step/bind/offer?factor={factor}&replaces={one.Id}"),
                "unbind" => (GuardedAction.Unbind(one!.Id), $"/account/two-step/unbind?id={one.Id}", $"/account/two-step/unbind?id={one.Id}"),
                _ => (GuardedAction.Password, "/account/password", "/account/password"),
            };
            // Somebody guesses at the id of an offer, or has one of another browser: the answer to it is tried without the way there.
            if (action.Contains("offer made", StringComparison.Ordinal))
                postPath = $"{path}&offer={await StolenOfferAsync(factor)}";
        }

        // An offer of the same person, made with a good proof, in the other browser.
        private async Task<string> StolenOfferAsync(string factor)
        {
            var offer = await elsewhere.OpenGuardedAsync(path);
            Assert.True(offer.Page!.QuerySelector(factor == "totp" ? "#key" : "#codes") is not null, offer.Describe());
            return Browser.ParseQuery(offer.Url.Query).First(pair => pair.Key == "offer").Value;
        }

        private async Task<Asker> AskerAsync(Owner who)
        {
            var user = (await idp.Service<Users>().FindByLoginAsync(who.Person.UserName, default))!;
            var cookies = who.Browser.Cookies.GetCookies(new Uri(idp.Issuer));
            var session = await idp.Service<Sessions>().FindAsync(cookies.First(cookie => cookie.Name.EndsWith("idp.session", StringComparison.Ordinal)).Value, default);
            return new(user, session!.Id, IdP.Server.Storage.Handles.Hash(cookies.First(cookie => cookie.Name.EndsWith("idp.browser", StringComparison.Ordinal)).Value));
        }

        private static string SettingsConfirm(GuardedAction action) => "/account/confirm?action=" + Uri.EscapeDataString(action.Name);
    }
}

public sealed class Guard_on_SQLite_and_memory(SqliteAttackHost host) : GuardTests(host.Idp), IClassFixture<SqliteAttackHost>;

public sealed class Guard_on_PostgreSQL_and_Redis(PostgresAttackHost host) : GuardTests(host.Idp), IClassFixture<PostgresAttackHost>;
