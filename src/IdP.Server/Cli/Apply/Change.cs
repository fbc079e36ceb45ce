using System.Text.Json.Nodes;
using IdP.Server.Storage;

namespace IdP.Server.Cli.Apply;

/// <summary>What applying the file does to one thing.</summary>
/// <param name="Kind">"scope", "client", "user".</param>
/// <param name="Action">"add", "change" or "unchanged".</param>
/// <param name="Members">The members that differ, when it changes.</param>
/// <param name="Write">Does it, in the one transaction.</param>
internal sealed record Change(string Kind, string Name, string Action, IReadOnlyList<string> Members, Func<Lane, CancellationToken, Task> Write)
{
    public static Change Unchanged(string kind, string name) => new(kind, name, "unchanged", [], (_, _) => Task.CompletedTask);

    public bool Writes => Action != "unchanged";

    public JsonObject ToJson() => new()
    {
        ["kind"] = Kind, ["name"] = Name, ["action"] = Action, ["members"] = new JsonArray([.. Members.Select(m => (JsonNode)m)]),
    };

    public override string ToString() => $"{Kind} {Name}: {Action}{(Members.Count > 0 ? $" ({string.Join(", ", Members)})" : "")}";
}
