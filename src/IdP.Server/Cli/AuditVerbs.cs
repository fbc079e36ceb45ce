using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Audit;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>"audit list": who did what, from where.</summary>
internal sealed class AuditVerbs
{
    private const int Most = 10_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Option<string> user = new("--user") { Description = "Only what concerns this user name, or was done by them" };
    private readonly Option<string> client = new("--client") { Description = "Only what concerns this client's id" };
    private readonly Option<string[]> action = new("--action") { Description = "Only this action; 'factor-*' is all that begin so; may be repeated" };
    private readonly Option<string> address = new("--address") { Description = "Only what came from this IP address" };
    private readonly Option<string> since = new("--since") { Description = "From then on: a time (2027-01-31T08:00:00Z), or so long ago: 2h, 7d" };
    private readonly Option<string> until = new("--until") { Description = "Before then, written in the same way" };
    private readonly Option<int> limit = new("--limit")
    {
        Description = $"So many at most, the newest (default: 100, at most {Most})", DefaultValueFactory = _ => 100,
    };

    private readonly Option<bool> follow = new("--follow") { Description = "Go on with what happens from now on, until it is interrupted" };

    public static Command Make(Shell shell)
    {
        var verb = new AuditVerbs();
        var list = new Command("list", """
            Show who did what, from where: the newest last. With --json it is a list; with --follow as well, one object a line.

            Examples:
              idp audit list --user alice --since 7d
              idp audit list --action 'sign-in*' --action 'factor-*' --follow
              idp audit list --client webmail --since 2027-01-01 --until 2027-02-01 --limit 10000 --json
            """)
        {
            verb.user, verb.client, verb.action, verb.address, verb.since, verb.until, verb.limit, verb.follow,
        };
        list.SetAction((parsed, cancel) => verb.RunAsync(shell, parsed, cancel));
        return new Command("audit", "Who did what, from where") { list };
    }

    private async Task<int> RunAsync(Shell shell, ParseResult parsed, CancellationToken cancel)
    {
        await using var bench = await Workbench.LookAsync(shell, cancel);
        List<Fault> faults = [];
        var now = bench.Clock.GetUtcNow();
        var filter = new AuditFilter
        {
            Actions = parsed.GetValue(action) ?? [],
            Client = parsed.GetValue(client),
            Address = parsed.GetValue(address),
            Since = Moment(parsed, since, now, faults),
            Until = Moment(parsed, until, now, faults),
        };
        var most = parsed.GetValue(limit);
        if (most is < 1 or > Most)
            faults.Add(new("--limit", $"{most} must be between 1 and {Most}"));
        if (faults.Count > 0)
            return shell.Refuse(faults);
        if (parsed.GetValue(user) is { } name)
        {
            if (await WhoAsync(bench, name, cancel) is not { } id)
                return shell.Refuse($"There is no user '{name}', and no audit row of somebody who was removed with this name.");
            filter = filter with { User = id };
        }

        var search = bench.Get<AuditSearch>();
        var found = await search.FindAsync(filter, most, cancel);
        if (!parsed.GetValue(follow))
            return shell.Say(new JsonArray([.. found.Select(ToJson)]), Lines(found));
        foreach (var row in found)
            shell.SayLine(ToJson(row), Line(row));
        return await FollowAsync(shell, search, filter, found, cancel);
    }

    /// <summary>Also a person who was removed: their rows are still there.</summary>
    private static async Task<string?> WhoAsync(Workbench bench, string name, CancellationToken cancel) =>
        (await bench.FindUserAsync(name, cancel))?.Id
        ?? (await bench.Get<AuditSearch>().FindAsync(new AuditFilter { Actions = ["user-removed"] }, Most, cancel))
            .LastOrDefault(row => string.Equals(row.Details, name, StringComparison.OrdinalIgnoreCase))?.UserId;

    /// <summary>Rows may become visible out of order: what was shown is remembered, and a little further back is looked at each time.</summary>
    private static async Task<int> FollowAsync(Shell shell, AuditSearch search, AuditFilter filter, List<AuditFound> shown, CancellationToken cancel)
    {
        var newest = (await search.FindAsync(new AuditFilter(), 1, cancel)).LastOrDefault()?.Id ?? 0;
        HashSet<long> seen = [.. shown.Select(row => row.Id)];
        var from = shown.Count > 0 ? shown[^1].Id : newest;
        seen.UnionWith((await search.FindAsync(filter with { After = from - AuditSearch.Overtaking }, AuditSearch.Overtaking * 2, cancel))
            .Where(row => row.Id <= from).Select(row => row.Id));
        while (true)
        {
            foreach (var row in await search.FindAsync(filter with { After = from - AuditSearch.Overtaking }, Most, cancel))
            {
                from = Math.Max(from, row.Id);
                if (seen.Add(row.Id))
                    shell.SayLine(ToJson(row), Line(row));
            }

            seen.RemoveWhere(id => id <= from - AuditSearch.Overtaking);
            await Task.Delay(Pause, cancel);
        }
    }

    private static DateTimeOffset? Moment(ParseResult parsed, Option<string> option, DateTimeOffset now, List<Fault> faults)
    {
        if (parsed.GetValue(option) is not { } text)
            return null;
        var at = Moments.Read(text, now, ahead: false);
        if (at is null)
            faults.Add(new(option.Name, $"'{text}' is not a time such as 2027-01-31T08:00:00Z, 2h or 7d"));
        return at;
    }

    private static IEnumerable<string> Lines(List<AuditFound> found) => TextTable.Of(
        ["AT", "ACTION", "USER", "BY", "CLIENT", "FROM", "DETAILS"], found.Select(Cells));

    private static string Line(AuditFound row) => string.Join("  ", Cells(row).Select(cell => cell.Length > 0 ? cell : "-"));

    private static string[] Cells(AuditFound row) =>
    [
        $"{row.At:u}", row.Action, row.UserName ?? row.UserId ?? "", row.ActorName ?? row.Actor ?? "", row.ClientId ?? "", row.Address ?? "",
        Spoken.OneLine(row.Details ?? ""),
    ];

    public static JsonObject ToJson(AuditFound row) => new()
    {
        ["id"] = row.Id, ["at"] = row.At, ["action"] = row.Action, ["userId"] = row.UserId, ["userName"] = row.UserName, ["actor"] = row.Actor,
        ["actorName"] = row.ActorName, ["clientId"] = row.ClientId, ["address"] = row.Address, ["details"] = row.Details,
    };
}
