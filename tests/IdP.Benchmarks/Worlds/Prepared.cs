using IdP.Benchmarks.Http;
using IdP.Benchmarks.Load;

namespace IdP.Benchmarks.Worlds;

/// <summary>A world with requests about tokens, got through the front door before anything is measured, when a row first wants them.</summary>
internal sealed class Prepared(World world, Settings settings)
{
    private byte[][] introspections = [];
    private byte[][] userInfos = [];

    public World World => world;

    /// <summary>Introspections of that many different tokens of a client.</summary>
    public byte[][] Introspections(int count) => (introspections.Length >= count ? introspections : introspections = MachineTokens(count))[..count];

    /// <summary>Userinfo requests with that many different tokens of people.</summary>
    public byte[][] UserInfos(int count) => (userInfos.Length >= count ? userInfos : userInfos = PersonTokens(count))[..count];

    private byte[][] MachineTokens(int count)
    {
        var ask = world.ClientCredentials();
        var basic = Requests.Basic(Seed.Resource, Seed.Secret);
        return Jobs.Make<byte[]>(world.Subject.Port, settings.Workers, count, (wire, _) => () => Checked(wire, "\"active\":true",
            Requests.Post(world.Authority, "/connect/introspect", [("token", wire.Send(ask).Expect(200).Member("access_token"))], basic)));
    }

    private byte[][] PersonTokens(int count) => Jobs.Make<byte[]>(world.Subject.Port, settings.Workers, count, (wire, worker) =>
    {
        var browser = new SignedIn(world, wire);
        browser.WithPassword(worker);
        return () => Checked(wire, "@example.com",
            Requests.Get(world.Authority, "/connect/userinfo", Requests.Bearer(browser.SingleSignOn().Member("access_token"))));
    });

    // A row that measured refusals would look fast.
    private static byte[] Checked(Wire wire, string mark, byte[] request)
    {
        var answer = wire.Send(request).Expect(200).Text;
        return answer.Contains(mark, StringComparison.Ordinal) ? request : throw new BenchmarkException($"no {mark} in {answer}");
    }
}
