using IdP.Server.Tests.Support;

namespace IdP.Journeys.Account;

/// <summary>Places, data and passwords, and the way back into an account, by the keyboard alone.</summary>
[Collection(nameof(Typing))]
public sealed class KeyboardPlacesTests(TypingHost host)
{
    private readonly TestIdp idp = host.Idp;

    [Theory, Languages(First = "en")]
    public async Task The_keyboard_alone_ends_sessions_and_apps_and_changes_data_and_password(string language)
    {
        await using var me = await Typist.ComesAsync(idp, await idp.NewPersonAsync(), language);
        await using var second = await ElsewhereAsync(me.Person);
        await using var third = await ElsewhereAsync(me.Person);
        await me.GoAsync(idp.App(TestClient.Asking).Ask("openid offline_access").Url);
        await me.SignInAsync();
        await me.ArrivesAsync("/consent");
        await me.PressAsync("button[value=allow]");
        await me.LeavesAsync();

        await me.GoAsync("/account");
        await me.ArrivesAsync("/account");
        await me.PressAsync(".links a[href='/account/sessions']");
        await me.ArrivesAsync("/account/sessions");
        await me.PressAsync("[data-session] button");
        await me.ArrivesAsync("done=session-ended");
        await me.PressAsync("form[action$='/others'] button");
        await me.ArrivesAsync("done=others-ended");
        await me.PressAsync("[data-app=asking] button");
        await me.ArrivesAsync("done=app-ended");
        Assert.Equal((1, 0), (await me.Page.Locator("[data-session]").CountAsync(), await me.Page.Locator("[data-app]").CountAsync()));

        await me.PressAsync(".menu a[href='/account/profile']");
        await me.ArrivesAsync("/account/profile");
        await me.Page.FocusOnAsync("input[name=name]");
        await me.Page.Keyboard.TypeAsync("Without a mouse");
        await me.Page.FocusOnAsync("select[name=locale]");
        await me.Page.Keyboard.PressAsync("End");
        await me.PressAsync("main form button");
        await me.ArrivesAsync("done=profile");
        Assert.Equal(("Without a mouse", "zh-Hans"), (await me.Page.Locator("input[name=name]").InputValueAsync(), await me.Page.Locator("select[name=locale]").InputValueAsync()));

        await me.PressAsync(".menu a[href='/account/password']");
        await me.ArrivesAsync("/account/password");
        await me.Page.Keyboard.TypeAsync(me.Person.Password);
        await me.Page.Keyboard.PressAsync("Tab");
        await me.ChooseAsync("typed with all ten fingers");
        await me.ArrivesAsync("done=password");
    }

    [Theory, Languages(First = "zh-CN")]
    public async Task The_keyboard_alone_gets_back_into_an_account_and_makes_it_safe(string language)
    {
        var owner = await FactorPerson.AddAsync(idp, "totp", "email");
        await using var me = await Typist.ComesAsync(idp, owner.Person, language);
        await me.GoAsync(idp.App(TestClient.Web).Ask().Url);
        await me.ArrivesAsync("/sign-in");
        await me.PressAsync("a[href='/forgot']");
        await me.ArrivesAsync("/forgot");
        await me.SayAsync(me.Person.UserName);
        await me.ArrivesAsync("done=asked");

        await me.GoAsync(await LinkAsync(me.Person.Email, "/reset?token="));
        await me.ArrivesAsync("/reset", shows: "main [data-factor=totp]");
        await me.PressAsync("summary");
        await me.PressAsync("a[href*='with=email']");
        await me.ArrivesAsync("with=email");
        await me.SendCodeAsync();
        await me.SayMailedCodeAsync(owner.Mailbox);
        await me.ArrivesAsync("/reset", shows: "input[name=newPassword]");
        await me.ChooseAsync("typed from memory, purple kettle");
        await me.ArrivesAsync("done=yes");
        await me.PressAsync("a.button[href='/account']");
        await me.ArrivesAsync("/sign-in");

        await me.GoAsync(await LinkAsync(me.Person.Email, "/not-me?token="));
        await me.ArrivesAsync("/not-me");
        await me.PressAsync("main form button");
        await me.ArrivesAsync("/reset", shows: "main [data-factor=email]");
        await me.SendCodeAsync();
        await me.SayMailedCodeAsync(owner.Mailbox);
        await me.ArrivesAsync("/reset", shows: "input[name=newPassword]");
        await me.ChooseAsync("typed once more, purple kettle");
        await me.ArrivesAsync("done=yes");
    }

    /// <summary>Another browser of the same person's, whoever drives it.</summary>
    private async Task<Visitor> ElsewhereAsync(Person person)
    {
        var visitor = await Visitor.ComesAsync(idp, person, "en");
        await visitor.Page.GotoAsync(idp.Issuer + "/account");
        await visitor.Page.GivePasswordAsync(person);
        await visitor.Page.ArrivesAsync("/account");
        return visitor;
    }

    private async Task<string> LinkAsync(string address, string part) =>
        (await idp.Postbox.ReceiveAsync(address, part)).Text.Split('\n').First(line => line.Contains(part, StringComparison.Ordinal)).Trim();
}
