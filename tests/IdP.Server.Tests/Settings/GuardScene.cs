using System.Text;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.Totp;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Settings;

/// <summary>One account with an OTP app and whatever the action concerns, its owner at the settings.</summary>
internal sealed class GuardScene(TestIdp idp, string action, Owner owner, FactorBinding? concerned) : IDisposable
{
    private readonly string factor = action.Split(' ')[^1];
    private int passwords;

    public Owner Owner => owner;

    public GuardedAction Guard { get; } = action.Split(' ')[0] switch
    {
        "bind" => GuardedAction.Bind(action.Split(' ')[^1]),
        "rebind" => GuardedAction.Rebind(concerned!.Id),
        "unbind" => GuardedAction.Unbind(concerned!.Id),
        _ => GuardedAction.Password,
    };

    /// <summary>Where the action's page is.</summary>
    private string Page => action.Split(' ')[0] switch
    {
        "bind" => $"/account/two-step/bind?factor={factor}",
        "rebind" => $"/account/two-step/bind?factor={factor}&replaces={concerned!.Id}",
        "unbind" => $"/account/two-step/unbind?id={concerned!.Id}",
        _ => "/account/password",
    };

    private string NewAddress => $"new-{owner.Person.UserName}@elsewhere.example";

    /// <summary>Codes that went to the address which would be bound.</summary>
    public int Mails => idp.Postbox.Delivered.Count(mail => mail.Recipient == NewAddress);

    /// <summary>Nothing is bound: the password is the proof.</summary>
    public static async Task<GuardScene> SetWithoutFactorAsync(TestIdp idp, string action) => new(idp, action, await Owner.WithoutFactorAsync(idp), null);

    public static async Task<GuardScene> SetAsync(TestIdp idp, string action)
    {
        var owner = await Owner.WithOtpAsync(idp);
        if (action.EndsWith("email", StringComparison.Ordinal) && action != "bind email")
            await AddAsync(idp, owner, new("email", null, Encoding.UTF8.GetBytes($"{owner.Person.UserName}@elsewhere.example")));
        if (action.EndsWith("recovery", StringComparison.Ordinal) && action != "bind recovery")
            await owner.MakeCodesAsync();
        if (action.Contains("second", StringComparison.Ordinal))
            await AddAsync(idp, owner, new("totp", "second", new TotpSecret(Otp.NewSecret()).ToBytes()));
        var concerned = action.StartsWith("bind", StringComparison.Ordinal) || action == "password" ? null : await owner.BindingAsync(action.Split(' ')[^1]);
        return new(idp, action, owner, concerned);
    }

    /// <summary>What the account's owner would not want changed.</summary>
    public async Task<string> StateAsync()
    {
        var user = (await idp.Service<Users>().FindByLoginAsync(owner.Person.UserName, default))!;
        return $"{string.Join(',', (await owner.BindingsAsync()).Select(binding => binding.Id).Order())} {user.PasswordChangedAt:O}";
    }

    /// <summary>Makes the bad proof, and says at which browser the action is then tried.</summary>
    public async Task<Owner> PrepareAsync(string proof)
    {
        switch (proof)
        {
            case "stale":
                await owner.ProveAsync(Guard);
                await idp.ForwardAsync(TimeSpan.FromMinutes(5.1));
                break;
            case "other action":
                await owner.ProveAsync(Nearest());
                break;
            case "other person":
                await StrangerProvesHereAsync();
                break;
            case "replayed":
                await UseAsync();
                break;
            case "other browser":
                using (var elsewhere = await owner.ElsewhereAsync())
                    await elsewhere.ProveAsync(Guard);
                break;
            case "lower level":
                // The password, right and just typed, is not enough where a factor is bound: not on the page, nor if it had been taken there.
                await PostAsync(owner, "/account/confirm?action=" + Uri.EscapeDataString(Guard.Name), [new("password", owner.Person.Password)]);
                await idp.Service<RecentProof>().PasswordGivenAsync(await owner.AskerAsync(), Guard, default);
                break;
            case "bound since":
                // The password was enough when it was given. An app was bound elsewhere since, and this session has come past it.
                await owner.ProveAsync(Guard);
                var secret = Otp.NewSecret();
                await AddAsync(idp, owner, new("totp", null, new TotpSecret(secret).ToBytes()));
                owner.HasApp(secret);
                Assert.Equal("/account", (await owner.SignInAsync()).At);
                break;
            case "wrong password":
                var asked = await owner.Browser.VisitAsync("/account/confirm?action=" + Uri.EscapeDataString(Guard.Name));
                await owner.Browser.SubmitAsync(asked, new Dictionary<string, string> { ["password"] = owner.Person.Password + "!" }, "/account/confirm");
                break;
            case "trusted device":
                return await TrustedAsync();
            case "wrong code":
                var at = await owner.Browser.VisitAsync("/account/confirm?action=" + Uri.EscapeDataString(Guard.Name) + "&with=totp");
                await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.WrongCodeAt(idp.Clock) }, "/account/confirm");
                break;
        }

        return owner;
    }

    /// <summary>By the action's page, and by its own post with everything but the proof; on through whatever opens.</summary>
    public async Task<IReadOnlyList<Stop>> TryAsync(Owner who)
    {
        var shown = await who.Browser.VisitAsync(Page);
        await FinishAsync(who, shown);
        var posted = await PostAsync(who, Page.Replace("/bind?", "/bind/offer?", StringComparison.Ordinal),
            [new("said", NewAddress), new("password", who.Person.Password), new("newPassword", "a thief's own password"), new("again", "a thief's own password")]);
        await FinishAsync(who, posted);
        return [shown, posted];
    }

    public async Task<Stop> ActHonestlyAsync()
    {
        var at = await owner.Browser.VisitAsync(Page);
        return await FinishAsync(owner, at.At == "/account/confirm" ? await owner.ConfirmAsync(at) : at);
    }

    /// <summary>Answers whatever a page of the action asks, as its owner would: an offer with what it shows, or with what was mailed.</summary>
    public async Task<Stop> FinishAsync(Owner who, Stop at)
    {
        at = await SayAsync(who, at);
        if (at.At == "/account/two-step/unbind" && at.Status == System.Net.HttpStatusCode.OK)
            return await who.Browser.SubmitAsync(at, new Dictionary<string, string>(), "/account/two-step/unbind");
        if (at.Page?.QuerySelector("input[name=newPassword]") is not null)
        {
            var fresh = $"an entirely new password {++passwords}";
            return await who.Browser.SubmitAsync(at, new Dictionary<string, string> { ["password"] = who.Person.Password, ["newPassword"] = fresh, ["again"] = fresh }, "/account/password");
        }

        return IsOffer(at) ? await who.Browser.SubmitAsync(at, AnswerTo(at), "/account/two-step/bind") : at;
    }

    public async Task<Stop> OpenOfferAsync(Owner who)
    {
        var offer = await SayAsync(who, await who.OpenGuardedAsync(Page));
        Assert.True(IsOffer(offer), offer.Describe());
        return offer;
    }

    public Task<Stop> AnswerFromHereAsync(Stop offer) => PostAsync(owner, offer.Url.PathAndQuery, [.. AnswerTo(offer)]);

    public void Dispose() => owner.Dispose();

    private static bool IsOffer(Stop at) => at.Url.Query.Contains("offer=", StringComparison.Ordinal) && at.Page?.QuerySelector("#key, #codes, input[name=code]") is not null;

    private async Task<Stop> SayAsync(Owner who, Stop at) => at.Page?.QuerySelector("input[name=said]") is null
        ? at
        : await who.Browser.SubmitAsync(at, new Dictionary<string, string> { ["said"] = NewAddress }, "/account/two-step/bind/offer");

    private Dictionary<string, string> AnswerTo(Stop offer) => factor switch
    {
        "totp" => new() { ["code"] = Otp.CodeAt(Owner.SecretOn(offer), idp.Clock.GetUtcNow()) },
        "email" => new() { ["code"] = idp.Postbox.CodeTo(NewAddress) },
        _ => new() { ["answer"] = "done" },
    };

    private static async Task<Stop> PostAsync(Owner who, string path, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var csrf = Browser.Fields((await who.Browser.VisitAsync("/account/profile")).Form())["__csrf"];
        return await who.Browser.PostAsync(path, [new("__csrf", csrf), .. fields]);
    }

    /// <summary>An action of the same kind, or at the same thing.</summary>
    private GuardedAction Nearest() => action.Split(' ')[0] switch
    {
        "bind" => GuardedAction.Bind(factor == "totp" ? "email" : "totp"),
        "rebind" => GuardedAction.Unbind(concerned!.Id),
        "unbind" => GuardedAction.Rebind(concerned!.Id),
        _ => GuardedAction.Bind("totp"),
    };

    /// <summary>The proof is good for one: the action is done with it, as far as it must be for the proof to be used.</summary>
    private async Task UseAsync()
    {
        await owner.ProveAsync(Guard);
        if (action.StartsWith("unbind", StringComparison.Ordinal))
        {
            // Done with it there is nothing left to try.
            Assert.True(await idp.Service<RecentProof>().TakeAsync(await owner.AskerAsync(), Guard, default));
            return;
        }

        var at = await owner.Browser.VisitAsync(Page);
        if (action == "password")
            owner.HasPassword(await FinishAsync(owner, at) is { Status: System.Net.HttpStatusCode.OK } ? $"an entirely new password {passwords}" : owner.Person.Password);
        else
            Assert.True(IsOffer(await SayAsync(owner, at)));
    }

    /// <summary>Somebody else sits at this very browser, proves the same for an account of their own, and the owner's session comes back.</summary>
    private async Task StrangerProvesHereAsync()
    {
        using var stranger = owner.Person.TotpSecret is null ? await Owner.WithoutFactorAsync(idp) : await Owner.WithOtpAsync(idp);
        var kept = owner.Browser.Cookies.GetCookies(new Uri(idp.Issuer))["idp.session"]!.Value;
        owner.Browser.Forget("idp.session");
        var here = new Owner(idp, stranger.Person, owner.Browser);
        await here.CodeIsGoodAgainAsync();
        Assert.Equal("/account", (await here.SignInAsync()).At);
        await here.ProveAsync(action.Split(' ')[0] switch
        {
            "rebind" => GuardedAction.Rebind((await here.BindingAsync("totp")).Id),
            "unbind" => GuardedAction.Unbind((await here.BindingAsync("totp")).Id),
            _ => Guard,
        });
        owner.Browser.Forget("idp.session");
        owner.Browser.Cookies.Add(new Uri(idp.Issuer), new System.Net.Cookie("idp.session", kept, "/"));
        Assert.Equal("/account", (await owner.Browser.VisitAsync("/account")).At);
    }

    /// <summary>A browser that skips the second step comes to the settings, and no further.</summary>
    private async Task<Owner> TrustedAsync()
    {
        var trusted = new Owner(idp, owner.Person, idp.Browser());
        Dictionary<string, string> password = new() { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password };
        await owner.CodeIsGoodAgainAsync();
        var at = await trusted.Browser.SubmitAsync(await trusted.Browser.VisitAsync("/account"), password, "/sign-in");
        if (at.Page!.QuerySelector("[data-factor]")!.GetAttribute("data-factor") != "totp")
            at = await trusted.Browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "totp" }, "/verify/other");
        Assert.Equal("/account", (await trusted.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify")).At);
        trusted.Browser.Forget("idp.session");
        Assert.Equal("/account", (await trusted.Browser.SubmitAsync(await trusted.Browser.VisitAsync("/account"), password, "/sign-in")).At);
        return trusted;
    }

    private static async Task AddAsync(TestIdp idp, Owner owner, NewBinding binding) =>
        await idp.Service<FactorBindings>().AddAsync(await owner.IdAsync(), binding, By.Tool("tests") with { SettingUp = true }, default);
}
