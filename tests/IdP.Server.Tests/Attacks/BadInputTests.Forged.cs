using System.Globalization;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.AspNetCore.Routing;

namespace IdP.Server.Tests.Attacks;

/// <summary>Every post with all that makes it right but one: that the browser whose cookie it bears sent it from a page of ours. Refused, and nothing has changed.</summary>
public abstract partial class BadInputTests
{
    // Whether anything is written when it is honest: else it changes only what comes next in this browser.
    private static readonly Dictionary<string, bool> Forms = new()
    {
        ["/setup"] = true, ["/sign-in"] = true, ["/verify"] = true, ["/verify/other"] = false, ["/verify/again"] = false, ["/consent"] = true,
        ["/bind"] = false, ["/bind/choose"] = false, ["/bind/again"] = false, ["/bind/other"] = false, ["/bind/skip"] = false, ["/connect/cancel"] = false, ["/connect/endsession/confirm"] = true,
        ["/forgot"] = true, ["/reset"] = true, ["/reset/again"] = false, ["/not-me"] = true, ["/account/profile"] = true, ["/account/password"] = true,
        ["/account/sessions/end"] = true, ["/account/sessions/others"] = true, ["/account/sessions/app"] = true, ["/account/devices/remove"] = true, ["/account/devices/all"] = true,
        ["/account/two-step/prefer"] = true, ["/account/two-step/unbind"] = true, ["/account/two-step/bind"] = true, ["/account/two-step/bind/offer"] = false, ["/account/two-step/bind/again"] = false,
        ["/account/confirm"] = true, ["/account/confirm/again"] = false,
    };

    // Apps' pages post here, and programs: no cookie of ours is looked at.
    private static readonly string[] FromAnywhere =
    [
        "/connect/authorize", "/connect/endsession", "/connect/token", "/connect/par", "/connect/introspect", "/connect/revocation", "/connect/userinfo",
        "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json",
    ];

    private static readonly string[] Kept =
    [
        "users", "factor_bindings", "former_bindings", "sessions", "trusted_devices", "known_browsers", "consents", "refresh_families", "revocations", "reference_tokens", "guess_counters", "audit", "one_time_links",
    ];

    public static TheoryData<string> Posts => [.. Forms.Keys];

    [Fact]
    public async Task Every_post_that_a_page_sends_has_its_row()
    {
        var loader = idp.Service<PageLoader>();
        SortedSet<string> routes = [];
        foreach (var endpoint in idp.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var route = "/" + (endpoint.RoutePattern.RawText ?? "").TrimStart('/').Replace("/{handler?}", "", StringComparison.Ordinal);
            if (endpoint.Metadata.GetMetadata<PageActionDescriptor>() is { } page)
            {
                var handlers = (await loader.LoadAsync(page, EndpointMetadataCollection.Empty)).HandlerMethods.Where(handler => handler.HttpMethod == "Post");
                routes.UnionWith(handlers.Select(handler => handler.Name is { } name ? $"{route}/{char.ToLowerInvariant(name[0])}{name[1..]}" : route));
            }
            else if (endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not { HttpMethods: { Count: > 0 } methods } || methods.Contains("POST"))
            {
                routes.Add(route);
            }
        }

        Assert.Equal(routes.Order(StringComparer.Ordinal), Forms.Keys.Concat(FromAnywhere).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Posts))]
    public async Task A_post_that_no_page_of_ours_sent_from_this_browser_is_refused(string form)
    {
        using var browser = idp.Browser();
        using var other = idp.Browser();
        var theirs = Browser.Fields((await other.VisitAsync("/forgot")).Form())[Csrf.Field];
        var (address, fields) = await OpenFormAsync(form, browser);
        var token = Browser.Fields((await browser.VisitAsync("/forgot")).Form())[Csrf.Field];
        var before = await KeptAsync();

        foreach (var (what, csrf, headers) in new (string, string?, (string, string)[])[]
        {
            ("no token", null, [("Sec-Fetch-Site", "same-origin")]),
            ("no token, our origin", null, [("Origin", idp.Issuer)]),
            ("another browser's token", theirs, [("Sec-Fetch-Site", "same-origin")]),
            ("cross-site", token, [("Sec-Fetch-Site", "cross-site"), ("Origin", idp.Issuer)]),
            ("same-site", token, [("Sec-Fetch-Site", "same-site")]),
            ("a foreign origin", token, [("Origin", "https://elsewhere.example")]),
            ("our host, another port", token, [("Origin", "http://localhost:1")]),
            ("no origin", token, [("Origin", "null")]),
        })
        {
            var answer = await SendFormAsync(address, browser, fields, csrf, headers);
            Assert.True(answer.Status == 400 && answer.Body.Contains("data-error=\"session_expired\"", StringComparison.Ordinal), $"{what} at {form}: {answer.Status} {answer.Head["Location"]} {answer.Body}");
            Assert.True(before == await KeptAsync(), $"{what} at {form} changed something: {before} → {await KeptAsync()}");
        }

        // And it was the right post, by a browser that says no more than Origin.
        var honest = await SendFormAsync(address, browser, fields, token, [("Origin", idp.Issuer)]);
        Assert.True(honest.Status is 200 or 302 or 303, $"{form}: {honest.Status} {honest.Body}");
        // A forgotten password is seen to after the answer.
        for (var tries = 0; Forms[form] && before == await KeptAsync() && tries < 100; tries++)
            await Task.Delay(50);
        Assert.True(!Forms[form] || before != await KeptAsync(), $"{form} wrote nothing: {honest.Status} {honest.Head["Location"]} {honest.Body}");
        NothingLogged();
    }

    private async Task<TokenAnswer> SendFormAsync(string address, Browser browser, Dictionary<string, string> fields, string? csrf, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(idp.Issuer), address)) { Content = Form(csrf is null ? fields : fields.Append(new(Csrf.Field, csrf))) };
        request.Headers.TryAddWithoutValidation("Cookie", browser.Cookies.GetCookieHeader(request.RequestUri!));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await idp.SendAsync(request);
    }

    /// <summary>The form's address and what would be right in it, but the token.</summary>
    private async Task<(string Address, Dictionary<string, string> Fields)> OpenFormAsync(string form, Browser browser)
    {
        if (!form.StartsWith("/account", StringComparison.Ordinal) && form is not ("/forgot" or "/reset" or "/reset/again" or "/not-me"))
        {
            var (page, right) = await OpenAsync(form, "", browser);
            right.Remove(Csrf.Field);
            return (form + page.Url.Query, right);
        }

        using var known = form == "/account/password" ? await Owner.WithoutFactorAsync(idp) : await Owner.WithOtpAsync(idp);
        var owner = new Owner(idp, known.Person, browser);
        await owner.CodeIsGoodAgainAsync();
        if (form.StartsWith("/account/devices", StringComparison.Ordinal))
            await TrustThisAsync(owner);
        else
            await owner.SignInAsync();
        var (query, fields) = form switch
        {
            "/account/sessions/others" or "/account/devices/all" => ([], []),
            "/account/sessions/app" => ([], await GrantedAsync(owner)),
            "/account/sessions/end" or "/account/devices/remove" => ([], new() { ["id"] = await NamedAsync(browser, form) }),
            "/account/two-step/unbind" => (new() { ["id"] = Browser.ParseQuery((await owner.OpenGuardedAsync("/account/two-step/unbind?id=" + (await owner.BindingAsync("totp")).Id)).Url.Query)[0].Value }, []),
            "/not-me" => (new() { ["token"] = await NotMeTokenAsync(owner) }, []),
            _ => await OpenAsync(owner, form, form == "/account/two-step/bind" ? "label" : "", owner.Person.Password),
        };
        fields.Remove(Csrf.Field);
        var address = form + "?" + string.Join('&', query.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        // A code is asked for before one is answered.
        if (form is "/account/confirm" or "/reset")
            await browser.VisitAsync(address);
        return (address, fields);
    }

    /// <summary>What the form's button ends.</summary>
    private static async Task<string> NamedAsync(Browser browser, string form) =>
        (await browser.VisitAsync(form[..form.LastIndexOf('/')])).Page!.QuerySelector($"form[action='{form}'] button[name=id]")!.GetAttribute("value")!;

    private async Task<Dictionary<string, string>> GrantedAsync(Owner owner)
    {
        var (suite, ask) = (idp.App(TestClient.Suite), idp.App(TestClient.Suite).Ask("openid offline_access"));
        (await suite.RedeemAsync((await owner.Browser.OpenAsync(ask.Url)).MustAnswer(), ask)).MustSucceed();
        return new() { ["id"] = suite.Client.Id };
    }

    private async Task TrustThisAsync(Owner owner)
    {
        var at = await owner.Browser.VisitAsync("/account");
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password }, "/sign-in");
        at = await owner.Browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify");
        Assert.Equal("/account", at.At);
    }

    /// <summary>The link of a mail: a sign-in with a new browser is told of.</summary>
    private async Task<string> NotMeTokenAsync(Owner owner)
    {
        using var elsewhere = await owner.ElsewhereAsync();
        var mail = await idp.Postbox.ReceiveAsync(owner.Person.Email, "/not-me?token=");
        return mail.Text.Split("/not-me?token=")[1].Split()[0];
    }

    /// <summary>All that is kept of people, as text.</summary>
    private async Task<string> KeptAsync()
    {
        List<string> all = [];
        foreach (var table in Kept)
        {
            var rows = await idp.Service<Database>().ListAsync($"select * from {table}", row => string.Join(',', Enumerable.Range(0, row.FieldCount).Select(column => Shown(row.GetValue(column)))), default);
            all.Add($"{table}: {string.Join('\n', rows.Order(StringComparer.Ordinal))}");
        }

        return string.Join('\n', all);
    }

    private static string Shown(object value) => value is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
