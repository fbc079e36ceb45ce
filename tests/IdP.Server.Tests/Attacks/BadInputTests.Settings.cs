using System.Net;
using IdP.Server.Accounts;
using IdP.Server.Storage;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>Ids of things, as pages behind a session and cookies from anybody bring them: what we never drew is unknown, and no store is asked.</summary>
public abstract partial class BadInputTests
{
    private static readonly string[] NeverDrawn = ["\0", new string('A', 21) + "\0", new string('A', 42) + "\0", new string('A', 21) + "\uFFFD", new string('A', 21) + "+", "' or 1=1 --"];

    public static TheoryData<string, bool> Addresses => new()
    {
        { "/account/two-step/unbind?id=", true },
        { "/account/two-step/bind?factor=totp&replaces=", true },
        { "/account/two-step/bind/file?factor=totp&offer=", true },
        { "/account/confirm?action=unbind:", true },
        { "/account/confirm?action=rebind:", true },
        { "/account/confirm?action=bind:", true },
        { "/account/two-step/bind?factor=totp&offer=", false },
        { "/account/confirm?action=password&with=", false },
        { "/reset?token=", false },
        { "/not-me?token=", false },
    };

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task An_id_that_we_never_drew_is_unknown(string address, bool missing)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        foreach (var id in NeverDrawn)
        {
            var stop = await owner.Browser.VisitAsync(address + Uri.EscapeDataString(id));
            Assert.True(missing ? stop.Status is HttpStatusCode.NotFound : (int)stop.Status < 500, stop.Describe());
        }

        NothingLogged();
    }

    [Theory]
    [InlineData("/account/sessions/end")]
    [InlineData("/account/sessions/app")]
    [InlineData("/account/devices/remove")]
    public async Task A_thing_that_we_never_named_cannot_be_ended(string form)
    {
        using var owner = await Owner.WithOtpAsync(idp);
        var csrf = Browser.Fields((await owner.Browser.VisitAsync("/account/profile")).Form())["__csrf"];
        foreach (var id in NeverDrawn)
            Assert.Equal(HttpStatusCode.NotFound, (await owner.Browser.PostAsync(form, Form([new("__csrf", csrf), new("id", id)]))).Status);
        NothingLogged();
    }

    /// <summary>Looked at before anything is proven: whether there is such an account must not show.</summary>
    [Fact]
    public async Task A_trust_cookie_that_we_never_gave_changes_nothing()
    {
        var person = await idp.NewPersonAsync();
        var id = (await idp.Service<Users>().FindByLoginAsync(person.UserName, default))!.Id;
        foreach (var spoilt in NeverDrawn)
        {
            using var browser = idp.Browser();
            var cookie = $"{(spoilt.Length == 22 ? spoilt : new string('A', 22))}.{(spoilt.Length == 43 ? spoilt : new string('A', 43))}";
            browser.Cookies.Add(new Uri(idp.Issuer), new Cookie("idp.trust-" + Handles.HashText(id)[..16], Uri.EscapeDataString(cookie)));
            var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
            at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = "wrong" }, "/sign-in");
            Assert.Equal("WrongPassword", at.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"));
        }

        NothingLogged();
    }
}
