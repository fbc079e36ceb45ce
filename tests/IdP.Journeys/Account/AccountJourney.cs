using System.Text.RegularExpressions;
using IdP.Server.StepUp;
using IdP.Server.Tests.Support;
using MimeKit;

namespace IdP.Journeys.Account;

/// <summary>What journeys on a person's own pages begin with, and the steps that several of them take.</summary>
public abstract partial class AccountJourney(MailingJourneyHost host)
{
    /// <summary>Long enough for three more mailed codes, too short for a session to end.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(11);

    private protected TestIdp Idp { get; } = host.Idp;

    private protected MailServer Mail { get; } = host.Mail;

    /// <summary>Somebody new, or a known person in another browser; at their own pages, or nowhere yet.</summary>
    private protected async Task<Visitor> StartAsync(string language, Person? person = null, bool signIn = true)
    {
        var visitor = await Visitor.ComesAsync(Idp, person ?? await Idp.NewPersonAsync(), language);
        if (!signIn)
            return visitor;
        await visitor.Page.GotoAsync(Idp.Issuer + "/account");
        await visitor.Page.GivePasswordAsync(visitor.Person);
        if (visitor.Person.TotpSecret is not null)
            await GiveOtpAsync(visitor);
        await visitor.Page.ArrivesAsync("/account");
        Assert.Equal(visitor.Language, await visitor.Page.Locator("html").GetAttributeAsync("lang"));
        return visitor;
    }

    /// <summary>Somebody who has bound an OTP app before, and more.</summary>
    private protected async Task<FactorPerson> BoundAsync(params string[] more) => await FactorPerson.AddAsync(Idp, ["totp", .. more]);

    private protected async Task BindOtpAsync(Visitor me)
    {
        await me.OpenAsync("/account/two-step");
        await me.Page.Locator("[data-factor=totp] a.button").First.ClickAsync();
        await ConfirmWithPasswordAsync(me);
        await me.Page.ArrivesAsync("offer=");
        await TypeNewOtpAsync(me);
        await me.Page.ArrivesAsync("done=bound");
    }

    /// <summary>From where the page shows the picture.</summary>
    private protected async Task TypeNewOtpAsync(Visitor me)
    {
        await me.Page.Locator("svg.qr").WaitForAsync();
        await me.UnfoldAsync(() => OfferTexts.CannotScan);
        me.Person = me.Person with { TotpSecret = (await me.Page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal) };
        await me.SayAsync("code", me.Person.CodeAt(Idp.Clock));
    }

    private protected static async Task ConfirmWithPasswordAsync(Visitor me)
    {
        await me.Page.ArrivesAsync("/account/confirm");
        await me.SayAsync("password", me.Person.Password);
    }

    private protected async Task ConfirmWithOtpAsync(Visitor me)
    {
        await me.Page.ArrivesAsync("/account/confirm");
        await GiveOtpAsync(me);
    }

    /// <summary>The code of half a minute later: each is good once.</summary>
    private protected async Task GiveOtpAsync(Visitor me)
    {
        Idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await me.SayAsync("code", me.Person.CodeAt(Idp.Clock));
    }

    /// <summary>At most three codes in ten minutes are mailed to one address.</summary>
    private protected void TenMinutesPass() => Idp.Clock.Forward(Pause);

    private protected async Task<string> MailedCodeAsync(string address, int after) => Code().Match((await CodeMailAsync(address, after)).TextBody!).Value;

    private protected async Task<string> MailedLinkAsync(string address, int after = 0) => Link().Match((await Mail.ReceiveAsync(address, after, mail => Link().IsMatch(mail.TextBody!))).TextBody!).Value;

    /// <summary>Notices that went to the same address are looked past.</summary>
    private protected Task<MimeMessage> CodeMailAsync(string address, int after) => Mail.ReceiveAsync(address, after, HasCode);

    private protected async Task<int> CodeMailsAsync(string address) => (await Mail.InboxAsync(address)).Count(HasCode);

    private static bool HasCode(MimeMessage mail) => Code().IsMatch(mail.TextBody!);

    [GeneratedRegex(@"\b\d{6}\b")]
    private static partial Regex Code();

    [GeneratedRegex(@"http://\S+token=\S+")]
    private static partial Regex Link();
}
