using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using IdP.Server.Accounts;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>The same fields on pages that are really open: behind a good CSRF token, a living sign-in or link, where the stores are asked.</summary>
public abstract partial class BadInputTests
{
    public static TheoryData<string, string> Fields => new()
    {
        { "/setup", "userName" }, { "/setup", "email" }, { "/setup", "password" },
        { "/sign-in", "userName" }, { "/sign-in", "password" },
        { "/sign-in", "tx" }, { "/verify", "code" }, { "/verify", "trust" }, { "/verify", "tx" }, { "/verify/other", "factor" }, { "/verify/other", "tx" }, { "/verify/again", "tx" },
        { "/consent", "decision" }, { "/consent", "tx" }, { "/connect/cancel", "tx" }, { "/verify", "__csrf" }, { "/connect/cancel", "__csrf" },
        { "/bind", "code" }, { "/bind", "tx" }, { "/bind/choose", "factor" }, { "/bind/choose", "said" }, { "/bind/choose", "tx" }, { "/bind/again", "tx" }, { "/bind/other", "tx" }, { "/bind/skip", "tx" },
        { "/connect/endsession/confirm", "decision" }, { "/connect/endsession/confirm", "client_id" }, { "/connect/endsession/confirm", "post_logout_redirect_uri" },
        { "/connect/endsession/confirm", "state" }, { "/connect/endsession/confirm", "id_token_hint" }, { "/connect/endsession/confirm", "ui_locales" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task A_spoilt_field_of_an_open_page_is_answered_in_order(string form, string name)
    {
        foreach (var (kind, spoil) in Spoilt.Prepend(new("empty", _ => "")))
        {
            using var browser = idp.Browser();
            var (page, fields) = await OpenAsync(form, name, browser);
            var query = page.Url.Query;
            if (name == "tx")
                query = "?tx=" + Uri.EscapeDataString(spoil(query["?tx=".Length..]));
            else
                fields[name] = spoil(fields.GetValueOrDefault(name, ""));
            var stop = await browser.PostAsync(form + query, Form(fields));
            foreach (var hop in stop.Trail)
                HeadInOrder((int)hop.Status, hop.Head, $"{name} {kind} at {form}: {stop.Describe()}");
            Assert.Empty(stop.Page?.QuerySelectorAll("script:not([src])") ?? Enumerable.Empty<IElement>());
            // Without the handle and the token of the page there is no page.
            Assert.True(name is "tx" or "__csrf" == stop.PersonError is "session_expired" or "link_used" or "setup_used", $"{name} {kind} at {form}: {stop.Describe()}");
        }

        NothingLogged();
    }

    /// <summary>The page with its form, and what would be right in it.</summary>
    private async Task<(Stop Page, Dictionary<string, string> Fields)> OpenAsync(string form, string name, Browser browser)
    {
        var person = form.Split('/')[1] switch { "verify" or "connect" when !form.Contains("endsession", StringComparison.Ordinal) => await host.WithOtpAsync(), "bind" => await host.WhoMustBindAsync(), _ => idp.Plain() };
        var suite = idp.App(TestClient.Suite);
        var at = form switch
        {
            "/setup" => await browser.VisitAsync((await idp.Service<FirstAdministrator>().MakeLinkAsync("tests", default)).Url),
            "/sign-in" => await browser.OpenAsync(suite.Ask().Url),
            "/consent" => await ToPageAsync(browser, suite.Ask().With("prompt", "consent"), person, "/consent"),
            "/connect/endsession/confirm" => await AskedAsync(browser, suite, person),
            "/bind" or "/bind/again" => await browser.SubmitAsync(await ToPageAsync(browser, suite.Ask(), person, "/bind"), new Dictionary<string, string> { ["factor"] = "totp" }, "/bind/choose"),
            "/bind/choose" or "/bind/other" or "/bind/skip" => await ToPageAsync(browser, suite.Ask(), person, "/bind"),
            _ => await ToPageAsync(browser, idp.App(TestClient.Web).Ask(), person, "/verify"),
        };
        Dictionary<string, string> right = form switch
        {
            // A name of its own each time: what is taken is refused before it is written.
            "/setup" => new() { ["userName"] = $"admin-{Handles.NewId()}", ["email"] = "admin@example.com", ["password"] = "correct horse battery" },
            "/sign-in" => new() { ["userName"] = $"nobody-{Handles.NewId()}", ["password"] = "correct horse battery" },
            "/verify" => new() { ["code"] = name == "code" ? person.WrongCodeAt(idp.Clock) : person.CodeAt(idp.Clock), ["trust"] = "yes" },
            "/bind" => new() { ["code"] = "000000" },
            "/bind/choose" => new() { ["factor"] = "totp", ["said"] = "x" },
            "/verify/other" => new() { ["factor"] = "totp" },
            "/consent" => new() { ["decision"] = "allow" },
            _ => new() { ["decision"] = "sign-out", ["id_token_hint"] = name == "id_token_hint" ? "a.b.c" : "" },
        };
        Dictionary<string, string> fields = FieldsOf(at, form);
        foreach (var (field, value) in right)
            fields[field] = value;
        return (at, fields);
    }

    /// <summary>Of the form that leads there; where the page has none just now, of another: what is hidden in all of them is the same.</summary>
    private static Dictionary<string, string> FieldsOf(Stop at, string form) => Browser.Fields(
        at.Page!.QuerySelector($"form[method=post][action^='{form}?'], form[method=post][action='{form}']") as IHtmlFormElement ?? at.Form());

    private async Task<Stop> ToPageAsync(Browser browser, AuthorizationAsk ask, Person person, string page)
    {
        var at = await browser.OpenAsync(ask.Url);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        Assert.True(at.At == page, at.Describe());
        return at;
    }

    private async Task<Stop> AskedAsync(Browser browser, RelyingParty suite, Person person)
    {
        Assert.NotNull((await idp.SignInAsync(browser, suite.Ask(), person)).Answer);
        return await browser.OpenAsync($"/connect/endsession?client_id=suite&post_logout_redirect_uri={Uri.EscapeDataString(TestClient.Suite.PostLogoutRedirectUri)}&state=s&ui_locales=en");
    }
}
