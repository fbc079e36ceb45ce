using System.Text;
using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.RecoveryCodes;
using IdP.Server.Factors.Totp;
using IdP.Server.Mail;
using IdP.Server.Storage;

namespace IdP.Server.Tests.Support;

/// <summary>Somebody with one kind of second factor bound, who can find the code that they are asked for: a further factor that all must pass is a line in each method.</summary>
internal sealed partial record FactorPerson(TestIdp Idp, string Id, string UserName, string Password, string Factor, string Secret)
{
    private const string Tests = "tests";
    private static int people;

    /// <summary>Outside the operator's mail system.</summary>
    public string Mailbox => $"{UserName}@elsewhere.example";

    public Person Person => new(UserName, Password, Secret);

    public static async Task<FactorPerson> AddAsync(TestIdp idp, params string[] factors)
    {
        var name = $"factor{Interlocked.Increment(ref people)}";
        var id = await idp.Service<Users>().AddAsync(new UserDraft { UserName = name, Email = $"{name}@example.com", EmailVerified = true }, "correct horse battery", Tests, default)
            ?? throw new InvalidOperationException($"{name} exists already.");
        var codes = RecoveryCodeList.Draw();
        var person = new FactorPerson(idp, id, name, "correct horse battery", factors[0], factors[0] == RecoveryCodeList.Factor ? codes[0] : Otp.NewSecret());
        foreach (var factor in factors)
        {
            NewBinding binding = factor switch
            {
                "totp" => new("totp", null, new TotpSecret(factors[0] == RecoveryCodeList.Factor ? Otp.NewSecret() : person.Secret).ToBytes()),
                "recovery" => new("recovery", null, RecoveryCodeList.Of(codes, idp.Service<SecretProtector>().KeyFor(RecoveryCodesFactor.KeyPurpose)).ToBytes()),
                "email" => new("email", null, Encoding.UTF8.GetBytes(person.Mailbox)),
                _ => throw new InvalidOperationException($"Nobody knows how to bind '{factor}'."),
            };
            await idp.Service<FactorBindings>().AddAsync(id, binding, By.Tool(Tests) with { SettingUp = true }, default);
        }

        return person;
    }

    /// <summary>The right code for the question asked last, as its owner finds it.</summary>
    public async Task<string> CodeAsync() => Factor switch
    {
        "totp" => Person.CodeAt(Idp.Clock),
        "recovery" => Secret,
        "email" => Digits().Match((await Idp.Service<Outbox>().NewestAsync(500, default)).First(mail => mail.Recipient == Mailbox).Words!.Text).Value,
        _ => throw new InvalidOperationException($"Nobody knows where to find a code of '{Factor}'."),
    };

    /// <summary>One that is not right, as far as its form goes.</summary>
    public async Task<string> WrongCodeAsync() => Factor switch
    {
        "totp" => Person.WrongCodeAt(Idp.Clock),
        _ => (await CodeAsync())[..5] is var head && (await CodeAsync())[5] == '0' ? head + '1' : head + '0',
    };

    public int Mails => Idp.Postbox.Delivered.Count(mail => mail.Recipient == Mailbox);

    [GeneratedRegex(@"^\d{6}$", RegexOptions.Multiline)]
    private static partial Regex Digits();
}
