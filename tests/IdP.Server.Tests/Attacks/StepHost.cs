using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.BackupEmail;
using IdP.Server.Factors.Totp;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.Attacks;

/// <summary>A server whose people are made one by one, as rows need them; one group of them must bind a second factor before anything is answered.</summary>
public abstract class StepHost(StorePair pair) : IAsyncLifetime
{
    private const string Actor = "tests";
    private const string MustBind = "must-bind";

    /// <summary>Wants the second factor of whoever has one, and then their word.</summary>
    internal static readonly TestClient Careful = new("careful", "careful-secret-of-plenty-of-characters") { Consent = true };

    /// <summary>Demands mfa and takes nothing but mailed codes for it: whoever has an authenticator app proves it, and binds an address on demand.</summary>
    internal static readonly TestClient Choosy = new("choosy", "choosy-secret-of-plenty-of-characters") { MinimumAcr = "mfa", Policy = "OnRequest" };

    private int people;

    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions
        {
            Seed = new Seed(otpPeople: 0),
            // Spoilt secrets by the hundred, each to be looked at: ClientGuessTests is about what stops them.
            Replace = services => services.AddSingleton<IdP.Protocol.IClientGuesses, UncountedClients>(),
        });
        await Idp.RegisterAsync(Careful.ToClient());
        await Idp.RegisterAsync(Choosy.ToClient() with { AcceptedFactors = [BackupEmailFactor.Id] });
        var store = Idp.Service<BindingPolicyStore>();
        await Idp.Service<Database>().TransactAsync(async lane =>
        {
            await store.SaveAsync(lane, new BindingPolicy { Name = MustBind, Groups = [MustBind], Factors = [TotpSecret.Factor] }, Actor, default);
            return true;
        }, default);
        await Idp.UntilAllKnowAsync();
    }

    public Task<Person> WithOtpAsync() => AddAsync(Otp.NewSecret(), []);

    public Task<Person> WithNothingAsync() => AddAsync(null, []);

    public Task<Person> WhoMustBindAsync() => AddAsync(null, [MustBind]);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }

    private async Task<Person> AddAsync(string? secret, string[] groups)
    {
        var person = new Person($"step{Interlocked.Increment(ref people)}", "correct horse battery", secret);
        var id = await Idp.Service<Users>().AddAsync(new UserDraft { UserName = person.UserName, Email = person.Email, EmailVerified = true, Groups = groups }, person.Password, Actor, default);
        if (secret is not null)
            await Idp.Service<FactorBindings>().AddAsync(id!, new(TotpSecret.Factor, null, new TotpSecret(secret).ToBytes()), By.Tool(Actor) with { SettingUp = true }, default);
        return person;
    }
}

public sealed class SqliteStepHost() : StepHost(StorePair.SqliteAndMemory);

public sealed class PostgresStepHost() : StepHost(StorePair.PostgresAndRedis);
