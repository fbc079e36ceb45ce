using IdP.Benchmarks.Floors;
using IdP.Benchmarks.Load;
using IdP.Benchmarks.Worlds;

namespace IdP.Benchmarks.Rows;

/// <summary>A request, or a short run of them, whose server CPU per operation counts.</summary>
internal sealed record CpuRow(string Name, Func<Prepared, Job> Job, Func<Floor, Job>? FloorJob = null, Limit? Limit = null)
{
    public Line Measure(Settings settings, Floor floor, IReadOnlyList<Prepared> worlds)
    {
        List<(Subject, Job)> sides = [.. worlds.Select(w => (w.World.Subject, Job(w)))];
        if (FloorJob is not null)
            sides.Add((floor.Subject, FloorJob(floor)));
        var samples = Meter.Measure(settings, sides);
        var servers = samples.Take(worlds.Count).ToList();
        return new(Name, "µs", FloorJob is null ? null : samples[^1].CpuMicroseconds, servers.ConvertAll(s => s.CpuMicroseconds), Limit, Further.TimesTheCost,
            servers.ConvertAll(s => s.StoreMicroseconds));
    }

    public static IReadOnlyList<CpuRow> All(Settings settings) =>
    [
        new("client_credentials, ES256", w => Jobs.InTurn(w.World.ClientCredentials()), _ => Floor.Sign, Limit.TimesFloor(1.7)),
        new("introspection, tokens not seen before", w => Jobs.InTurn(w.Introspections(settings.UnseenTokens)), f => f.Verify(settings.Tokens), Limit.TimesFloor(1.5)),
        new("introspection, 200 tokens", w => Jobs.InTurn(w.Introspections(settings.Tokens)), f => f.Verify(settings.Tokens), Limit.TimesFloor(1.5)),
        new("introspection, one token", w => Jobs.InTurn(w.Introspections(1)), f => f.Verify(1), Limit.TimesFloor(1.5)),
        new("userinfo, tokens not seen before", w => Jobs.InTurn(w.UserInfos(settings.UnseenTokens)), f => f.WhoAmI(settings.Tokens), Limit.TimesFloor(1.5)),
        new("userinfo, 200 tokens", w => Jobs.InTurn(w.UserInfos(settings.Tokens)), f => f.WhoAmI(settings.Tokens), Limit.TimesFloor(1.5)),
        new("userinfo, one token", w => Jobs.InTurn(w.UserInfos(1)), f => f.WhoAmI(1), Limit.TimesFloor(1.5)),
        new("code flow, single sign-on", w => SingleSignOn(w, Seed.Visit), Limit: Limit.AtMost(500, "µs")),
        new("code flow, RS256 id_token", w => SingleSignOn(w, Seed.VisitRsa)),
        new("code flow, with a refresh token", w => SingleSignOn(w, Seed.Web)),
        new("refresh", w => (wire, worker) =>
        {
            var person = new SignedIn(w.World, wire);
            person.WithPassword(worker);
            var token = person.SingleSignOn().Member("refresh_token");
            return () => token = person.Refresh(token);
        }, _ => Floor.Sign),
        new("discovery", w => Jobs.InTurn(w.World.Discovery()), _ => Floor.Hello),
        new("JWKS", w => Jobs.InTurn(w.World.Jwks()), _ => Floor.Hello),
    ];

    private static Job SingleSignOn(Prepared prepared, string client) => (wire, worker) =>
    {
        var person = new SignedIn(prepared.World, wire, client);
        person.WithPassword(worker);
        return () => person.SingleSignOn();
    };
}
