using IdP.Server.Accounts;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Conformance;

/// <summary>Sessions: prompt, max_age, hints.</summary>
public abstract partial class BasicModules
{
    /// <summary>C-026 oidcc-prompt-login.</summary>
    [Fact]
    public async Task Prompt_login_asks_again_and_moves_auth_time()
    {
        var person = idp.Plain();
        var first = await HappyAsync(Ask(), person: person);
        await idp.ForwardAsync(TimeSpan.FromSeconds(1.1));

        var ask = Ask().With("prompt", "login");
        var stop = await first.Browser.OpenAsync(ask.Url);
        Assert.Equal("/sign-in", stop.At);
        var again = await RedeemAsync(await idp.PassAsync(first.Browser, stop, person), ask, first.Browser);
        Assert.True(again.IdToken.At("auth_time") > first.IdToken.At("auth_time"));
    }

    /// <summary>C-027 oidcc-prompt-none-not-logged-in.</summary>
    [Fact]
    public async Task Prompt_none_without_a_session_tells_the_client_that_the_person_must_act()
    {
        using var browser = idp.Browser();
        var ask = Ask().With("prompt", "none").With("state", new string('s', 64) + string.Concat(Enumerable.Range(0, 32).Select(n => $"{n:x2}")));
        Checks.NeedsTheUser(await browser.OpenAsync(ask.Url), ask, idp.Issuer);
    }

    /// <summary>C-028 oidcc-prompt-none-logged-in.</summary>
    [Fact]
    public async Task Prompt_none_with_a_session_succeeds_without_a_page()
    {
        var first = await HappyAsync(Ask());
        await SilentlyTheSameAsync(first, Ask().With("prompt", "none"));
    }

    /// <summary>C-029 oidcc-max-age-1.</summary>
    [Fact]
    public async Task An_old_password_is_asked_again_by_max_age()
    {
        var person = idp.Plain();
        var first = await HappyAsync(Ask(), person: person);
        await idp.ForwardAsync(TimeSpan.FromSeconds(2));

        var ask = Ask().With("max_age", "1");
        var stop = await first.Browser.OpenAsync(ask.Url);
        Assert.Equal("/sign-in", stop.At);
        var again = await RedeemAsync(await idp.PassAsync(first.Browser, stop, person), ask, first.Browser);
        Assert.True(again.IdToken.At("auth_time") > first.IdToken.At("auth_time"));
    }

    /// <summary>C-030 oidcc-max-age-10000.</summary>
    [Fact]
    public async Task A_fresh_enough_password_satisfies_max_age()
    {
        var first = await HappyAsync(Ask().With("max_age", "15000"));
        Assert.NotNull(first.IdToken["auth_time"]);
        await SilentlyTheSameAsync(first, Ask().With("max_age", "10000"));
    }

    /// <summary>C-032 oidcc-id-token-hint.</summary>
    [Fact]
    public async Task An_id_token_hint_finds_the_session()
    {
        var first = await HappyAsync(Ask());
        await SilentlyTheSameAsync(first, Ask().With("prompt", "none").With("id_token_hint", first.Tokens.IdToken));
    }

    /// <summary>OIDC Core §3.1.2.1: a hint for somebody else does not hand over this person's session (I-11).</summary>
    [Fact]
    public async Task An_id_token_hint_of_somebody_else_is_not_answered_with_this_session()
    {
        var other = await HappyAsync(Ask());
        var mine = await HappyAsync(Ask());
        var ask = Ask().With("prompt", "none").With("id_token_hint", other.Tokens.IdToken);
        Checks.NeedsTheUser(await mine.Browser.OpenAsync(ask.Url), ask, idp.Issuer);
    }

    /// <summary>C-024 oidcc-display-page.</summary>
    [Fact]
    public Task Display_page_causes_no_error() => HappyAsync(Ask().With("display", "page"));

    /// <summary>C-025 oidcc-display-popup.</summary>
    [Fact]
    public Task Display_popup_causes_no_error() => HappyAsync(Ask().With("display", "popup"));

    /// <summary>C-031 oidcc-ensure-request-with-unknown-parameter-succeeds.</summary>
    [Fact]
    public Task A_parameter_that_nobody_knows_is_ignored() => HappyAsync(Ask().With("extra", "foobar"));

    /// <summary>C-033 oidcc-login-hint.</summary>
    [Fact]
    public Task A_login_hint_for_nobody_causes_no_error() => HappyAsync(Ask().With("login_hint", "buffy@example.com"));

    /// <summary>C-033, where the hint can be honoured: whoever signs in is still the person who did.</summary>
    [Fact]
    public async Task A_login_hint_is_filled_in_and_proves_nothing()
    {
        var (hinted, typing) = (idp.Plain(), idp.Plain());
        using var browser = idp.Browser();
        var ask = Ask().With("login_hint", hinted.UserName);
        var stop = await browser.OpenAsync(ask.Url);
        Assert.Equal(hinted.UserName, Browser.Fields(stop.Form("/sign-in"))["userName"]);
        var done = await RedeemAsync(await idp.PassAsync(browser, stop, typing), ask, browser);
        Assert.Equal((await idp.Service<Users>().FindByLoginAsync(typing.UserName, default))!.Id, done.IdToken.Subject);
    }

    /// <summary>C-034 oidcc-ui-locales, for a language the server does not speak.</summary>
    [Fact]
    public Task Ui_locales_that_nobody_speaks_cause_no_error() => HappyAsync(Ask().With("ui_locales", "se"));

    /// <summary>C-035 oidcc-claims-locales.</summary>
    [Fact]
    public Task Claims_locales_cause_no_error() => HappyAsync(Ask().With("claims_locales", "se"));

    /// <summary>C-034, for a language the server speaks.</summary>
    [Fact]
    public async Task Ui_locales_choose_the_language_of_the_page()
    {
        using var browser = idp.Browser();
        var stop = await browser.OpenAsync(Ask().With("ui_locales", "se zh-CN en").Url);
        Assert.StartsWith("zh", stop.Page!.DocumentElement.GetAttribute("lang"), StringComparison.Ordinal);
    }

    private async Task SilentlyTheSameAsync(SignedIn first, AuthorizationAsk ask)
    {
        var stop = await first.Browser.OpenAsync(ask.Url);
        var again = await RedeemAsync(stop, ask, first.Browser);
        Assert.Equal(first.IdToken.Subject, again.IdToken.Subject);
        Assert.Equal(first.IdToken.At("auth_time"), again.IdToken.At("auth_time"));
    }
}
