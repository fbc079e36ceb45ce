using IdP.Server.StepUp;
using IdP.Server.Tests.Support;

namespace IdP.Journeys.Account;

/// <summary>Second factors are bound, changed, used and unbound by the keyboard alone.</summary>
[Collection(nameof(Typing))]
public sealed class KeyboardTests(TypingHost host)
{
    private const string Group = "keyboard";

    private readonly TestIdp idp = host.Idp;

    [Theory, Languages(First = "en")]
    public async Task The_keyboard_alone_binds_trusts_and_takes_back(string language)
    {
        await using var me = await SignedInAsync(language);

        // An authenticator app.
        await me.PressAsync(".links a[href='/account/two-step']");
        await me.ArrivesAsync("/account/two-step");
        await me.PressAsync("[data-factor=totp] a.button");
        await me.ArrivesAsync("/account/confirm");
        await me.SayAsync(me.Person.Password);
        await me.ArrivesAsync("offer=");
        await me.SayNewOtpAsync();
        await me.ArrivesAsync("done=bound");

        // Recovery codes.
        await me.PressAsync("[data-factor=recovery] a.button");
        await me.ArrivesAsync("/account/confirm");
        await me.SayOtpAsync();
        await me.ArrivesAsync("offer=");
        await me.PressAsync("button[name=kept]");
        await me.ArrivesAsync("done=bound");

        // A trusted device: given with the next code, taken back in the list.
        await me.GoAsync("/account");
        await me.PressAsync("a[href='/connect/endsession']");
        await me.ArrivesAsync("/connect/endsession");
        await me.PressAsync("button[value=sign-out]");
        await me.ArrivesAsync("/signed-out");
        await me.GoAsync("/account/devices");
        await me.SignInAsync();
        await me.ArrivesAsync("/verify");
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await me.Page.Keyboard.TypeAsync(me.Person.CodeAt(idp.Clock));
        await me.Page.FocusOnAsync("input[name=trust]");
        await me.Page.Keyboard.PressAsync("Space");
        await me.Page.Keyboard.PressAsync("Enter");
        await me.ArrivesAsync("/account/devices");
        await me.PressAsync("[data-device] button");
        await me.ArrivesAsync("done=devices");

        // And the app is unbound.
        await me.PressAsync(".menu a[href='/account/two-step']");
        await me.ArrivesAsync("/account/two-step");
        await me.PressAsync("[data-factor=totp] .thing a.button:last-child");
        await me.ArrivesAsync("/account/confirm");
        await me.SayOtpAsync();
        await me.ArrivesAsync("/account/two-step/unbind");
        await me.PressAsync("button.danger");
        await me.ArrivesAsync("done=unbound");
        Assert.Equal("0", await me.Page.Locator("[data-factor=totp]").GetAttributeAsync("data-bound"));
    }

    [Theory, Languages(First = "zh-CN")]
    public async Task The_keyboard_alone_binds_a_backup_address_and_changes_it(string language)
    {
        await using var me = await SignedInAsync(language);
        var (old, fresh) = ($"{me.Person.UserName}@elsewhere.example", $"{me.Person.UserName}@another.example");
        await me.GoAsync("/account/two-step");
        await me.PressAsync("[data-factor=email] a.button");
        await me.ArrivesAsync("/account/confirm");
        await me.SayAsync(me.Person.Password);
        await me.ArrivesAsync("/account/two-step/bind");
        await me.SayAsync(me.Person.Email);
        await me.ArrivesAsync("/account/two-step/bind", shows: "[data-problem=Refused]");
        await me.Page.Keyboard.PressAsync("Control+A");
        await me.SayAsync(old);
        await me.ArrivesAsync("offer=");
        await me.SayMailedCodeAsync(old);
        await me.ArrivesAsync("done=bound");

        await me.PressAsync("[data-factor=email] .thing a.button:first-child");
        await me.ArrivesAsync("/account/confirm");
        await me.SendCodeAsync();
        await me.SayMailedCodeAsync(old);
        await me.ArrivesAsync("/account/two-step/bind");
        await me.SayAsync(fresh);
        await me.ArrivesAsync("offer=");
        await me.SayMailedCodeAsync(fresh);
        await me.ArrivesAsync("done=rebound");
    }

    [Theory, Languages(First = "en")]
    public async Task The_keyboard_alone_chooses_another_way(string language)
    {
        var owner = await FactorPerson.AddAsync(idp, "totp", "email", "recovery");
        await using var me = await Typist.ComesAsync(idp, owner.Person, language);
        await me.GoAsync(idp.App(TestClient.Web).Ask().Url);
        await me.SignInAsync();
        await me.ArrivesAsync("/verify", shows: "main [data-factor=totp]");
        await me.PressAsync("summary");
        await me.PressAsync("button[value=email]");
        await me.ArrivesAsync("/verify", shows: "main [data-factor=email]");
        await me.SayMailedCodeAsync(owner.Mailbox);
        await me.LeavesAsync();

        await me.GoAsync("/account/two-step");
        await me.ArrivesAsync("/account/two-step");
        await me.Page.FocusOnAsync("select[name=factor]");
        await me.Page.Keyboard.PressAsync("End");
        await me.PressAsync("form[action$='/prefer'] button");
        await me.ArrivesAsync("done=preferred");
        Assert.Equal("email", await me.Page.Locator("select[name=factor]").InputValueAsync());
        await me.PressAsync("[data-factor=email] .thing a.button:last-child");
        await me.ArrivesAsync("/account/confirm", shows: "main [data-factor=email]");
        await me.PressAsync("summary");
        await me.PressAsync("a[href*='with=totp']");
        await me.ArrivesAsync("with=totp");
        await me.SayOtpAsync();
        await me.ArrivesAsync("/account/two-step/unbind");
        await me.PressAsync("a.quiet");
        await me.ArrivesAsync("/account/two-step", shows: ".things");
    }

    [Theory, Languages(First = "zh-CN")]
    public async Task The_keyboard_alone_puts_off_what_an_operator_demands_and_then_does_it(string language)
    {
        await Policies.DemandAsync(idp, new BindingPolicy { Name = Group, Groups = [Group], Skips = 1 });
        await using var me = await Typist.ComesAsync(idp, await idp.NewPersonAsync(), language);
        await Policies.JoinsAsync(idp, me.Person, Group);
        await me.GoAsync(idp.App(TestClient.Web).Ask().Url);
        await me.SignInAsync();
        await me.ArrivesAsync("/bind");
        await me.PressAsync("button[value=email]");
        await me.ArrivesAsync("/bind", shows: "input[name=said]");
        await me.SayAsync($"{me.Person.UserName}@elsewhere.example");
        await me.ArrivesAsync("/bind", shows: "input[name=code]");
        await me.PressAsync("form[action*='/bind/other'] button");
        await me.ArrivesAsync("/bind", shows: "button.choice");
        await me.PressAsync("form[action*='/bind/skip'] button");
        await me.LeavesAsync();

        await using var again = await Typist.ComesAsync(idp, me.Person, language);
        await again.GoAsync(idp.App(TestClient.Web).Ask().Url);
        await again.SignInAsync();
        await again.ArrivesAsync("/bind");
        await again.PressAsync("button[value=totp]");
        await again.ArrivesAsync("/bind", shows: "svg.qr");
        await again.SayNewOtpAsync();
        await again.LeavesAsync();
    }

    private async Task<Typist> SignedInAsync(string language)
    {
        var me = await Typist.ComesAsync(idp, await idp.NewPersonAsync(), language);
        await me.GoAsync("/account");
        await me.SignInAsync();
        await me.ArrivesAsync("/account");
        return me;
    }
}
