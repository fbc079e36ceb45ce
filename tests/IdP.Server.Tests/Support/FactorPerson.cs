using System.Text;
using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.RecoveryCodes;
using IdP.Server.Factors.Totp;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Tests.FurtherFactors.KeyFob;

namespace IdP.Server.Tests.Support;

/// <summary>Somebody with second factors bound, who can find the code that they are asked for: a further factor that all must pass is a line in each method.</summary>
/// <param name="Factor">The one that the test is about.</param>
internal sealed partial record FactorPerson(TestIdp Idp, string Id, string UserName, string Password, string Factor, string OtpSecret, string[] RecoveryCodes, FobSeed Fob)
{
    private const string Tests = "tests";
    private static int people;

    /// <summary>Outside the operator's mail system.</summary>
    public string Mailbox => $"{UserName}@elsewhere.example";

    public Person Person => new(UserName, Password, OtpSecret);

    public static async Task<FactorPerson> AddAsync(TestIdp idp, params string[] factors)
    {
        var name = $"factor{Interlocked.Increment(ref people)}";
        var id = await idp.Service<Users>().AddAsync(new UserDraft { UserName = name, Email = $"{name}@example.com", EmailVerified = true }, "correct horse battery", Tests, default)
            ?? throw new InvalidOperationException($"{name} exists already.");
        var person = new FactorPerson(idp, id, name, "correct horse battery", factors[0], Otp.NewSecret(), RecoveryCodeList.Draw(), FobSeed.New());
        foreach (var factor in factors.Distinct())
            await idp.Service<FactorBindings>().AddAsync(id, person.BindingOf(factor), By.Tool(Tests) with { SettingUp = true }, default);
        return person;
    }

    /// <summary>The right code for the question asked last, as its owner finds it.</summary>
    public Task<string> CodeAsync() => CodeAsync(Factor);

    public async Task<string> CodeAsync(string factor) => factor switch
    {
        "totp" => Person.CodeAt(Idp.Clock),
        "recovery" => await UnusedAsync(),
        "email" => await MailedToAsync(Idp, Mailbox),
        KeyFobFactor.Id => Fob.CodeAt(((await BindingAsync(factor)).LastStep ?? 0) + 1),
        _ => throw new InvalidOperationException($"Nobody knows where to find a code of '{factor}'."),
    };

    /// <summary>The code of the newest mail to that address.</summary>
    public static async Task<string> MailedToAsync(TestIdp idp, string mailbox) =>
        Digits().Match((await idp.Service<Outbox>().NewestAsync(500, default)).First(mail => mail.Recipient == mailbox).Words!.Text).Value;

    /// <summary>One that is not right, as far as its form goes.</summary>
    public async Task<string> WrongCodeAsync() => Factor switch
    {
        "totp" => Person.WrongCodeAt(Idp.Clock),
        _ => await CodeAsync() is var right && right[^1] == '0' ? right[..^1] + '1' : right[..^1] + '0',
    };

    /// <summary>A question later, when an app shows another code than the one used last.</summary>
    public void LetTimePass() => Idp.Clock.Forward(TimeSpan.FromSeconds(30));

    public int Mails => Idp.Postbox.Delivered.Count(mail => mail.Recipient == Mailbox);

    public async Task<FactorBinding> BindingAsync(string factor) => (await Idp.Service<FactorBindings>().ListAsync(Id, default)).Last(binding => binding.Factor == factor);

    private NewBinding BindingOf(string factor) => factor switch
    {
        "totp" => new("totp", null, new TotpSecret(OtpSecret).ToBytes()),
        "recovery" => new("recovery", null, RecoveryCodeList.Of(RecoveryCodes, CodesKey).ToBytes()),
        "email" => new("email", null, Encoding.UTF8.GetBytes(Mailbox)),
        KeyFobFactor.Id => new(KeyFobFactor.Id, null, Fob.ToBytes()),
        "app" => new("app", null, Fob.ToBytes()),
        _ => new(factor, null, [1]),
    };

    private async Task<string> UnusedAsync()
    {
        var list = RecoveryCodeList.From((await BindingAsync("recovery")).Data);
        return RecoveryCodes.First(code => list.Has(RecoveryCodeList.Hash(RecoveryCodeList.Read(code)!, CodesKey)));
    }

    private byte[] CodesKey => Idp.Service<SecretProtector>().KeyFor(RecoveryCodesFactor.KeyPurpose);

    [GeneratedRegex(@"^\d{6}$", RegexOptions.Multiline)]
    private static partial Regex Digits();
}
