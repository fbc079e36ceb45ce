using System.Text.Json;
using IdP.Protocol;

namespace IdP.Server.Storage.Protocol;

/// <summary>Authorization codes (RFC 6749 §4.1.2): the content may be lost, which only costs a sign-in; the mark of use may not (I-2).</summary>
internal sealed class CodeStore(IEphemeralStore ephemeral, Database database, RevocationList revocations, TimeProvider clock) : ICodes
{
    /// <summary>How long after a code's death a replay of it is still recognised.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private const string Mark = """
        insert into consumed_codes (code_hash, grant_id, expires_at) values (@code_hash, @grant_id, @expires_at)
        on conflict (code_hash) do nothing
        """;

    public Task StoreAsync(string code, CodeContent content, CancellationToken cancel) =>
        ephemeral.SetAsync(Key(code), JsonSerializer.SerializeToUtf8Bytes(content, StorageJson.Default.CodeContent), content.ExpiresAt - clock.GetUtcNow(), cancel);

    public async ValueTask<CodeContent?> FindAsync(string code, CancellationToken cancel) =>
        await ephemeral.GetAsync(Key(code), cancel) is { } stored ? JsonSerializer.Deserialize(stored, StorageJson.Default.CodeContent) : null;

    public async Task<bool> ConsumeAsync(string code, CodeContent content, NewRefreshFamily? family, CancellationToken cancel)
    {
        (string, object?)[] mark =
        [
            ("@code_hash", Handles.Hash(code)), ("@grant_id", content.Grant.Id), ("@expires_at", (content.ExpiresAt + Memory).Stored()),
        ];
        var won = family is null ? await database.ExecuteAsync(Mark, cancel, mark) == 1
            : database.IsPostgres ? await database.ExecuteAsync(MarkWithFamily, cancel, [.. mark, .. RefreshFamilyStore.Values(family, content.Grant)]) == 1
            : await ConsumeOnSqliteAsync(mark, family, content.Grant, cancel);
        if (!won)
            await revocations.RevokeGrantAsync(content.Grant.Id, cancel);
        return won;
    }

    public async Task NoteReplayAsync(string code, CancellationToken cancel)
    {
        var grant = await database.FirstAsync("select grant_id from consumed_codes where code_hash = @code_hash",
            row => row.GetString(0), cancel, ("@code_hash", Handles.Hash(code)));
        if (grant is not null)
            await revocations.RevokeGrantAsync(grant, cancel);
    }

    /// <summary>One round trip. The row lock makes a session that is just ending settle first, so that no family outlives it.</summary>
    private const string MarkWithFamily = $"with used as ({Mark} returning 1) {RefreshFamilyStore.Insert} for share) from used";

    /// <summary>No round trips to save here: the same in two statements.</summary>
    private Task<bool> ConsumeOnSqliteAsync((string, object?)[] mark, NewRefreshFamily family, Grant grant, CancellationToken cancel) => database.TransactAsync(async lane =>
        await lane.ExecuteAsync(Mark, cancel, mark) == 1
        && await lane.ExecuteAsync(RefreshFamilyStore.Insert + ")", cancel, RefreshFamilyStore.Values(family, grant)) == 1, cancel);

    private static string Key(string code) => "code:" + Handles.HashText(code);
}
