using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>A server of its own for the tests that try to get in without the proof.</summary>
public abstract class AttackHost(StorePair pair) : IAsyncLifetime
{
    public TestIdp Idp { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Idp = await TestIdp.StartAsync(pair, new TestIdpOptions { Seed = new Seed(otpPeople: 120) });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteAttackHost() : AttackHost(StorePair.SqliteAndMemory);

public sealed class PostgresAttackHost() : AttackHost(StorePair.PostgresAndRedis);
