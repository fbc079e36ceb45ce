using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Storage;
using IdP.Server.Storage.Keys;

namespace IdP.Server.Cli;

/// <summary>"keys list|rotate|revoke".</summary>
internal static class KeyVerbs
{
    public static Command Make(Shell shell) => new("keys", "The keys that sign tokens; they rotate by themselves")
    {
        List(shell), Rotate(shell), Revoke(shell),
    };

    private static Command List(Shell shell)
    {
        var command = new Command("list", "Show every key and what it is doing");
        command.SetAction(async (_, cancel) =>
        {
            await using var bench = await Workbench.LookAsync(shell, cancel);
            var rows = await bench.Keys.ReadAsync(cancel);
            var now = bench.Clock.GetUtcNow();
            return shell.Say(
                new JsonArray([.. rows.Select(r => Describe(r, KeySchedule.State(rows, r, now)))]),
                TextTable.Of(["KID", "ALG", "STATE", "SIGNS FROM", "RETIRES"], rows.Select(r => (string[])
                    [r.Kid, r.Alg, KeySchedule.State(rows, r, now), $"{r.ActivatesAt:u}", r.RetiredAt is { } at ? $"{at:u}" : ""])));
        });
        return command;
    }

    private static Command Rotate(Shell shell)
    {
        var alg = new Option<string[]>("--alg") { Description = "Only this algorithm: ES256 or RS256 (default: both)" }.AcceptOnly([.. SigningKey.Algorithms]);
        var command = new Command("rotate", """
            Let a new key take over. It is published at once and signs six minutes later, when relying parties that cache the key set have
            read it again; the old one stays published until the last token it signed is dead.

            Example:
              idp keys rotate --alg ES256
            """) { alg };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            List<SigningKeyRow> made = [];
            foreach (var one in parsed.GetValue(alg) is { Length: > 0 } given ? given.Distinct() : SigningKey.Algorithms)
                made.Add(await bench.Keys.RotateAsync(one, Workbench.Actor, cancel));
            return shell.Say(
                new JsonArray([.. made.Select(r => Describe(r, "announced"))]),
                made.Select(r => $"{r.Alg}: {r.Kid} is published and signs from {r.ActivatesAt:u}."));
        });
        return command;
    }

    private static Command Revoke(Shell shell)
    {
        var kid = new Argument<string>("KID") { Description = "The key's id, from: idp keys list" };
        var command = new Command("revoke", """
            Stop publishing a key at once: every token it signed stops verifying. For a key that has leaked.
            If it was the one that signs, a successor takes over in the same moment.
            """) { kid };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            var id = parsed.GetValue(kid)!;
            return await bench.Keys.RevokeAsync(id, Workbench.Actor, cancel)
                ? shell.Say(new JsonObject { ["kid"] = id, ["state"] = "revoked" }, $"{id} is revoked; running servers stop publishing it within five seconds.")
                : shell.Refuse($"There is no key '{id}' that could be revoked.");
        });
        return command;
    }

    private static JsonObject Describe(SigningKeyRow row, string state) => new()
    {
        ["kid"] = row.Kid, ["alg"] = row.Alg, ["state"] = state, ["createdAt"] = row.CreatedAt, ["activatesAt"] = row.ActivatesAt, ["retiredAt"] = row.RetiredAt, ["revokedAt"] = row.RevokedAt,
    };
}
