namespace IdP.Benchmarks;

/// <summary>What the person asked for on the command line.</summary>
/// <param name="Server">The server to measure: its folder, its executable or its idp.dll; null publishes one.</param>
/// <param name="Smoke">Tiny counts: shows that everything runs, measures nothing worth repeating.</param>
/// <param name="Only">Keeps the rows whose name contains this; null keeps all.</param>
internal sealed record Settings(string? Server, bool Smoke, bool Json, string? Only)
{
    public const string Usage = """
        usage: dotnet run -c Release --project tests/IdP.Benchmarks -- [--server PATH] [--only NAME] [--smoke] [--json]

          --server PATH  a published server (folder or executable) or an idp.dll; without it one is published into artifacts/bench
          --only NAME    only the rows whose name contains NAME
          --smoke        tiny counts on the server built beside this program; a minute and a half, proves only that every row runs
          --json         one JSON document instead of tables
        """;

    public static Settings? Parse(string[] args)
    {
        var settings = new Settings(null, false, false, null);
        for (var i = 0; i < args.Length; i++)
        {
            var next = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--server" when next is not null: settings = settings with { Server = next }; i++; break;
                case "--only" when next is not null: settings = settings with { Only = next }; i++; break;
                case "--smoke": settings = settings with { Smoke = true }; break;
                case "--json": settings = settings with { Json = true }; break;
                default: return null;
            }
        }
        return settings;
    }

    public bool Wants(string row) => Only is null || row.Contains(Only, StringComparison.OrdinalIgnoreCase);

    /// <summary>Connections that ask at the same time; enough to keep two cores busy, few enough not to queue.</summary>
    public int Workers => 8;
    public TimeSpan WarmUp => Smoke ? TimeSpan.FromSeconds(0.3) : TimeSpan.FromSeconds(3);
    public TimeSpan RoundLength => Smoke ? TimeSpan.FromSeconds(0.15) : TimeSpan.FromSeconds(1.0);
    /// <summary>Odd, so that the median is a round that happened.</summary>
    public int Rounds => Smoke ? 1 : 5;
    public int Tokens => Smoke ? 20 : 200;
    /// <summary>More than a server would remember: asked about in turn, each is as good as new.</summary>
    public int UnseenTokens => Smoke ? 40 : 12_000;
    /// <summary>Browsers that wait at the same time.</summary>
    public int Waiting => Smoke ? 40 : 10_000;
    public int People => Smoke ? 8 : 64;
}
