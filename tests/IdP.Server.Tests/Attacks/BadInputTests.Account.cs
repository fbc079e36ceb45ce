using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>A person's own pages and the ways back into an account, really open: what is spoilt goes on to the stores.</summary>
public abstract partial class BadInputTests
{
    private const string FreshPassword = "correct horse battery two";

    public static TheoryData<string, string> OwnFields => new()
    {
        { "/account/profile", "name" }, { "/account/profile", "locale" }, { "/account/profile", "done" },
        { "/account/password", "password" }, { "/account/password", "newPassword" }, { "/account/password", "again" },
        { "/account/sessions/end", "id" }, { "/account/sessions/app", "id" }, { "/account/devices/remove", "id" },
        { "/account/two-step/prefer", "factor" }, { "/account/two-step/unbind", "id" },
        { "/account/two-step/bind", "factor" }, { "/account/two-step/bind", "replaces" }, { "/account/two-step/bind", "offer" }, { "/account/two-step/bind", "code" }, { "/account/two-step/bind", "kept" },
        { "/account/two-step/bind", "label" }, { "/account/two-step/bind/offer", "factor" }, { "/account/two-step/bind/offer", "replaces" }, { "/account/two-step/bind/offer", "said" },
        { "/account/two-step/bind/again", "offer" }, { "/account/two-step/bind/file", "offer" },
        { "/account/confirm", "action" }, { "/account/confirm", "with" }, { "/account/confirm", "code" }, { "/account/confirm/again", "action" }, { "/account/confirm/again", "with" },
        { "/forgot", "userName" }, { "/reset", "token" }, { "/reset", "code" }, { "/reset", "newPassword" }, { "/reset", "with" }, { "/reset/again", "with" }, { "/not-me", "token" },
    };

    [Theory]
    [MemberData(nameof(OwnFields))]
    public async Task A_spoilt_field_of_a_persons_own_page_is_answered_in_order(string form, string name)
    {
        ArgumentNullException.ThrowIfNull(form);
        using var owner = form.StartsWith("/account/password", StringComparison.Ordinal) || name == "newPassword" ? await Owner.WithoutFactorAsync(idp) : await Owner.WithOtpAsync(idp);
        var password = owner.Person.Password;
        foreach (var (kind, spoil) in Spoilt.Prepend(new("empty", _ => "")))
        {
            var (query, fields) = await OpenAsync(owner, form, name, password);
            var place = query.ContainsKey(name) ? query : fields;
            place[name] = spoil(place[name]);
            // Typed twice, it is the same twice; else no more would be looked at than that.
            if (name == "newPassword")
                fields["again"] = fields[name];
            fields["__csrf"] = await owner.CsrfAsync();
            var address = form + "?" + string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
            foreach (var stop in new[] { await owner.Browser.PostAsync(address, Form(fields)), await owner.Browser.VisitAsync(address) })
            {
                foreach (var hop in stop.Trail)
                    HeadInOrder((int)hop.Status, hop.Head, $"{name} {kind} at {form}: {stop.Describe()}");
                Assert.True(stop.PersonError != "session_expired", $"{name} {kind} never reached the page at {form}");
                if (stop.Url.Query.Contains("done=password", StringComparison.Ordinal))
                    password = fields["newPassword"];
            }
        }

        NothingLogged();
    }

    /// <summary>I-8 for what a browser keeps: the cookies of a sign-in that waits for its second step, one of them spoilt.</summary>
    [Theory]
    [InlineData("idp.session")]
    [InlineData("idp.browser")]
    [InlineData("idp.owner")]
    [InlineData("idp.device")]
    [InlineData("idp.trust")]
    [InlineData("idp.lang")]
    [InlineData("idp.theme")]
    public async Task A_spoilt_cookie_is_answered_in_order(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        using var owner = await Owner.WithOtpAsync(idp);
        var browser = owner.Browser;
        browser.Forget("idp.session");
        await owner.CodeIsGoodAgainAsync();
        // Trusted, and in the middle of a sign-in that wants the factor all the same.
        var at = await browser.SubmitAsync(await browser.VisitAsync("/account"), new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password }, "/sign-in");
        await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify");
        at = await ToPageAsync(browser, idp.App(TestClient.Strict).Ask().With("prompt", "login"), owner.Person, "/verify");
        await browser.VisitAsync("/account?ui_locales=en&theme=dark");
        var cookies = browser.Cookies.GetCookies(new Uri(idp.Issuer)).ToDictionary(cookie => cookie.Name, cookie => cookie.Value);
        var (spoilt, value) = cookies.First(pair => pair.Key.StartsWith(name, StringComparison.Ordinal));

        foreach (var (kind, spoil) in Spoilt.Prepend(new("empty", _ => "")))
        {
            var header = string.Join("; ", cookies.Select(pair => $"{pair.Key}={(pair.Key == spoilt ? Uri.EscapeDataString(spoil(value)) : pair.Value)}"));
            foreach (var path in (string[])["/connect/continue" + at.Url.Query, "/verify" + at.Url.Query, "/account", "/account/devices", "/account/sessions", "/connect/endsession", new Uri(idp.App(TestClient.Web).Ask().Url).PathAndQuery, "/forgot"])
                await InOrderAsync(HttpMethod.Get, path, null, header, $"{name} {kind}");
            await InOrderAsync(HttpMethod.Post, "/verify" + at.Url.Query, new() { ["__csrf"] = await owner.CsrfAsync(), ["code"] = "000000" }, header, $"{name} {kind}");
        }

        NothingLogged();
    }

    private async Task InOrderAsync(HttpMethod method, string path, Dictionary<string, string>? fields, string cookies, string what)
    {
        using var request = new HttpRequestMessage(method, idp.Issuer + path);
        request.Headers.TryAddWithoutValidation("Cookie", cookies);
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        if (fields is not null)
            request.Content = Form(fields);
        InOrder(await idp.SendAsync(request), $"{what}: {method} {path}");
    }

    /// <summary>The address and the form as they would be right.</summary>
    private async Task<(Dictionary<string, string> Query, Dictionary<string, string> Fields)> OpenAsync(Owner owner, string form, string name, string password)
    {
        Dictionary<string, string> none = [];
        switch (form)
        {
            case "/account/profile":
                return (new() { ["done"] = "profile" }, new() { ["name"] = "A name", ["locale"] = "en" });
            case "/account/password":
                return (none, new() { ["password"] = password, ["newPassword"] = FreshPassword, ["again"] = FreshPassword });
            case "/account/sessions/end" or "/account/devices/remove":
                return (none, new() { ["id"] = Handles.NewId() });
            case "/account/sessions/app":
                return (none, new() { ["id"] = "suite" });
            case "/account/two-step/prefer":
                return (none, new() { ["factor"] = "totp" });
            case "/account/two-step/unbind":
                return (new() { ["id"] = (await owner.BindingAsync("totp")).Id }, none);
            case "/account/two-step/bind/offer":
                if (await owner.Browser.VisitAsync("/account/confirm?action=bind:email") is { At: "/account/confirm" } asked)
                    await owner.ConfirmAsync(asked);
                return (new() { ["factor"] = "email", ["replaces"] = "" }, new() { ["said"] = "somebody@elsewhere.example" });
            case "/account/confirm" or "/account/confirm/again":
                return (new() { ["action"] = name == "action" ? "unbind:" + (await owner.BindingAsync("totp")).Id : "password", ["with"] = "totp" }, new() { ["code"] = "000000" });
            case "/forgot":
                return (none, new() { ["userName"] = owner.Person.UserName });
            case "/reset" or "/reset/again":
                return (new() { ["token"] = await ResetTokenAsync(owner), ["with"] = "totp" }, new() { ["code"] = "000000", ["newPassword"] = FreshPassword, ["again"] = FreshPassword });
            case "/not-me":
                return (new() { ["token"] = Handles.New() }, none);
            default:
                return await OfferAsync(owner, name);
        }
    }

    private async Task<(Dictionary<string, string> Query, Dictionary<string, string> Fields)> OfferAsync(Owner owner, string name)
    {
        Dictionary<string, string> query = new() { ["factor"] = "totp" };
        if (name == "replaces")
            query["replaces"] = (await owner.BindingAsync("totp")).Id;
        var offer = await owner.OpenGuardedAsync("/account/two-step/bind?" + string.Join('&', query.Select(pair => $"{pair.Key}={pair.Value}")));
        Assert.True(offer.Status == HttpStatusCode.OK, offer.Describe());
        query["offer"] = Browser.ParseQuery(offer.Url.Query).First(pair => pair.Key == "offer").Value;
        return (query, new()
        {
            // A label is looked at once the code was right.
            ["code"] = name == "label" ? Otp.CodeAt(Owner.SecretOn(offer), idp.Clock.GetUtcNow()) : "000000", ["kept"] = "", ["label"] = "A label",
        });
    }

    private async Task<string> ResetTokenAsync(Owner owner)
    {
        var (reset, id) = (idp.Service<PasswordReset>(), await owner.IdAsync());
        return await idp.Service<Database>().TransactAsync(lane => reset.MakeAsync(lane, id, default), default);
    }
}
