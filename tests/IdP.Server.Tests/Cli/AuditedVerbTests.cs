using System.Globalization;
using Microsoft.Data.Sqlite;

namespace IdP.Server.Tests.Cli;

/// <summary>I-9: what an operator does at the command line is written down.</summary>
public sealed class AuditedVerbTests : IDisposable
{
    private readonly Idp idp = new();

    [Fact]
    public async Task Each_verb_that_changes_something_leaves_its_row()
    {
        await LeavesAsync("client-added web", "client", "add", "web", "--redirect-uri", "https://web.example.com/cb");
        await LeavesAsync("client-secret-added web", "client", "secret", "add", "web");
        var secret = Rows().Last(row => row.Action == "client-secret-added").Details!;
        await LeavesAsync("client-secret-removed web", "client", "secret", "remove", "web", secret);
        await LeavesAsync("client-removed web", "client", "remove", "web");
        await LeavesAsync("user-added alice", "user", "add", "alice", "--password", "correct horse battery");
        await LeavesAsync("user-disabled alice", "user", "disable", "alice");
        await LeavesAsync("user-enabled alice", "user", "enable", "alice");
        await LeavesAsync("password-changed alice", "user", "password", "alice", "--password", "another horse battery");
        await LeavesAsync("user-unlocked alice", "user", "unlock", "alice");
        await idp.RunAsync("apply", idp.Write("otp.yaml", "users: [{userName: alice, totpSecret: JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP}]"));
        await LeavesAsync("factors-reset alice", "user", "reset-factors", "alice");
        await LeavesAsync("user-removed", "user", "remove", "alice");
        Assert.Equal("alice", Rows().Last(row => row.Action == "user-removed").Details);
        await LeavesAsync("admin-link-made", "admin", "link");
        await LeavesAsync("key-rotated", "keys", "rotate", "--alg", "ES256");
        var kid = (await idp.JsonAsync("keys", "list")).AsArray().Last(key => key!["alg"]!.GetValue<string>() == "ES256")!["kid"]!.GetValue<string>();
        Assert.Equal("ES256 " + kid, Rows().Last(row => row.Action == "key-rotated").Details);
        await LeavesAsync("key-revoked", "keys", "revoke", kid);
        Assert.Equal("ES256 " + kid, Rows().Last(row => row.Action == "key-revoked").Details);
    }

    [Fact]
    public async Task What_was_refused_leaves_none()
    {
        Assert.Equal(0, (await idp.RunAsync("user", "add", "alice", "--password", "correct horse battery")).Code);
        var before = Rows().Count;
        foreach (var refused in (string[][])
        [
            ["user", "add", "ALICE", "--password", "correct horse battery"], ["user", "disable", "nobody"], ["client", "remove", "nobody"], ["keys", "revoke", "no-such-key"],
            ["user", "remove", "nobody"], ["user", "reset-factors", "nobody"], ["client", "secret", "add", "nobody"], ["mail", "test", "not an address"],
            ["client", "add", "x", "--redirect-uri", "not an address"],
        ])
        {
            Assert.Equal(1, (await idp.RunAsync(refused)).Code);
            Assert.Equal(before, Rows().Count);
        }
    }

    private async Task LeavesAsync(string expected, params string[] arguments)
    {
        var before = File.Exists(Path.Combine(idp.Folder, "idp.db")) ? Rows().Count : 0;
        var from = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var (code, output, error) = await idp.RunAsync(arguments);
        Assert.True(code == 0, output + error);
        var row = Assert.Single(Rows().Skip(before), row => row.Action == expected.Split(' ')[0]);
        Assert.Equal((expected, "cli"), ($"{row.Action} {row.About}".Trim(), row.Actor));
        Assert.InRange(row.At, from, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private List<(string Action, string Actor, string About, string? Details, long At)> Rows()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(idp.Folder, "idp.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select a.action, a.actor, coalesce(u.user_name, a.client_id, ''), a.details, a.at from audit a left join users u on u.id = a.user_id order by a.id";
        using var reader = command.ExecuteReader();
        List<(string, string, string, string?, long)> rows = [];
        while (reader.Read())
            rows.Add((reader.GetString(0), reader.IsDBNull(1) ? "" : reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), Convert.ToInt64(reader.GetValue(4), CultureInfo.InvariantCulture)));
        return rows;
    }

    public void Dispose() => idp.Dispose();
}
