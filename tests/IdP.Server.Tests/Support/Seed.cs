using System.Text.Json;
using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.Totp;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;
using IdP.Server.StepUp;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.Support;

/// <summary>The state a test server starts with.</summary>
public sealed class Seed(int otpPeople = 40, int plainPeople = 8)
{
    private const string Actor = "tests";

    private static readonly Dictionary<string, JsonElement> Claims = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>("""
        {"given_name":"Given","family_name":"Family","phone_number":"+86 10 5550 0100","phone_number_verified":true,"address":{"formatted":"1 Example Road","country":"CN"}}
        """)!;

    public IReadOnlyList<Person> Plain { get; } = [.. Enumerable.Range(1, plainPeople).Select(n => new Person($"plain{n}", $"correct-horse-{n}-battery"))];

    public IReadOnlyList<Person> WithOtp { get; } = [.. Enumerable.Range(1, otpPeople).Select(n => new Person($"otp{n}", $"wrong-donkey-{n}-staple", Otp.NewSecret()))];

    /// <summary>Through the services that operators' tools use.</summary>
    internal async Task PlantAsync(IServiceProvider services)
    {
        var scopes = services.GetRequiredService<ScopeStore>();
        await services.GetRequiredService<Database>().TransactAsync(async lane =>
        {
            await scopes.SaveAsync(lane, new Scope("api", Audience: "api"), Actor, default);
            return true;
        }, default);
        foreach (var client in TestClient.All)
            await RegisterAsync(services, client.ToClient());
        // A few at a time: the server turns a storm of password hashes away.
        foreach (var some in Plain.Concat(WithOtp).Chunk(16))
            await Task.WhenAll(some.Select(person => AddAsync(services, person)));
    }

    internal static async Task RegisterAsync(IServiceProvider services, Client client)
    {
        var clients = services.GetRequiredService<ClientStore>();
        await services.GetRequiredService<Database>().TransactAsync(async lane =>
        {
            await clients.SaveAsync(lane, client, Actor, default);
            return true;
        }, default);
    }

    /// <summary>Every node goes by it three seconds later; where nobody has signed in yet, at once.</summary>
    internal static Task DemandAsync(TestIdp idp, BindingPolicy policy) => idp.Service<Database>().TransactAsync(async lane =>
    {
        await idp.Service<BindingPolicyStore>().SaveAsync(lane, policy, Actor, default);
        return true;
    }, default);

    internal static async Task AddAsync(IServiceProvider services, Person person)
    {
        var draft = new UserDraft { UserName = person.UserName, Email = person.Email, EmailVerified = true, Name = $"Name of {person.UserName}", Claims = Claims };
        var id = await services.GetRequiredService<Users>().AddAsync(draft, person.Password, Actor, default)
            ?? throw new InvalidOperationException($"{person.UserName} exists already.");
        if (person.TotpSecret is { } secret)
            await services.GetRequiredService<FactorBindings>().AddAsync(id, new(TotpSecret.Factor, null, new TotpSecret(secret).ToBytes()), By.Tool(Actor) with { SettingUp = true }, default);
    }
}
