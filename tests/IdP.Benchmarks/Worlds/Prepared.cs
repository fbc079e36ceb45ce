using IdP.Benchmarks.Http;

namespace IdP.Benchmarks.Worlds;

/// <summary>A world with the tokens that rows ask about; got through the front door before anything is measured.</summary>
internal sealed class Prepared(World world, Settings settings)
{
    private readonly Lazy<byte[][]> introspections = new(() => MachineTokens(world, settings.Tokens));
    private readonly Lazy<byte[][]> userInfos = new(() => PersonTokens(world, settings));

    public World World => world;
    public byte[][] Introspections => introspections.Value;
    public byte[][] UserInfos => userInfos.Value;

    private static byte[][] MachineTokens(World world, int count)
    {
        using var wire = new Wire(world.Subject.Port);
        var ask = world.ClientCredentials();
        var basic = Requests.Basic(Seed.Resource, Seed.Secret);
        return [.. Enumerable.Range(0, count).Select(_ => Checked(wire, "\"active\":true",
            Requests.Post(world.Authority, "/connect/introspect", [("token", wire.Send(ask).Expect(200).Member("access_token"))], basic)))];
    }

    private static byte[][] PersonTokens(World world, Settings settings)
    {
        using var wire = new Wire(world.Subject.Port);
        var requests = new List<byte[]>();
        for (var person = 0; requests.Count < settings.Tokens; person++)
        {
            var browser = new SignedIn(world, wire);
            browser.WithPassword(person);
            for (var i = 0; i < 10; i++)
                requests.Add(Checked(wire, "@example.com", Requests.Get(world.Authority, "/connect/userinfo", Requests.Bearer(browser.SingleSignOn().Member("access_token")))));
        }
        return [.. requests];
    }

    // A row that measured refusals would look fast.
    private static byte[] Checked(Wire wire, string mark, byte[] request)
    {
        var answer = wire.Send(request).Expect(200).Text;
        return answer.Contains(mark, StringComparison.Ordinal) ? request : throw new BenchmarkException($"no {mark} in {answer}");
    }
}
