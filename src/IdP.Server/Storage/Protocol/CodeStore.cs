using System.Text.Json;
using IdP.Protocol;

namespace IdP.Server.Storage.Protocol;

/// <summary>
/// Authorization codes (RFC 6749 §4.1.2): the content may be lost, which only costs a sign-in; the mark of use may not (I-2). A person has
/// room for a bounded number of them, and their own oldest make way.
/// </summary>
internal sealed class CodeStore(SealedStore ephemeral, Database database, RevocationList revocations, TimeProvider clock) : ICodes
{
    // A session that is over, an epoch that was raised, or what the person has taken back since, makes the code worthless. PostgreSQL locks the person's row and
    // the session's: an ending that is under way settles first, so that nothing given before it outlives it. The person's is locked by a statement of its own,
    // since a statement that waits for a lock goes on seeing every other table as it was before it waited.
    private const string HoldPerson = "select 1 from users where id = @user for share";
    private const string Within = "with born_in as (select ended_at from sessions where id = @session_id";

    private const string Mark = """
        insert into used_codes (key, grant_id) select @code, @grant_id
        where exists (select 1 from users where id = @user and epoch = @epoch)
            and not exists (select 1 from born_in where ended_at is not null)
            and not exists (select 1 from revocations where key in (@app, @every_app) and at >= @given_at)
        on conflict (key) do nothing
        """;

    private const string MarkOnSqlite = $"{Within}) {Mark}";
    private const string MarkOnPostgres = $"{Within} for share) {Mark}";

    private const string MarkWithFamily = $"{Within} for share), used as ({Mark} returning 1) {RefreshFamilyStore.Insert} from used";

    public async Task<string> StoreAsync(CodeContent content, CancellationToken cancel)
    {
        var code = UsedCodes.NewCode(content.ExpiresAt);
        await ephemeral.AddAsync(
            Key(code), JsonSerializer.SerializeToUtf8Bytes(content, StorageJson.Default.CodeContent), content.ExpiresAt - clock.GetUtcNow(),
            Holder.Person(content.Grant.Subject), cancel);
        return code;
    }

    public async ValueTask<CodeContent?> FindAsync(string code, CancellationToken cancel) => UsedCodes.IsCode(code) && await ephemeral.GetAsync(Key(code), cancel) is { } stored
        ? Stored.Read(stored.Value, StorageJson.Default.CodeContent)
        : null;

    public async Task<bool> ConsumeAsync(string code, CodeContent content, NewRefreshFamily? family, CancellationToken cancel)
    {
        (string, object?)[] mark =
        [
            ("@code", UsedCodes.Key(code, content.ExpiresAt)), ("@grant_id", content.Grant.Id), ("@session_id", content.Grant.SessionId),
            ("@user", content.Grant.Subject), ("@epoch", content.Grant.Epoch),
            ("@app", RevocationList.WithdrawalKey(content.Grant.Subject, content.Grant.ClientId)), ("@every_app", RevocationList.WithdrawalKey(content.Grant.Subject, null)),
            ("@given_at", content.Grant.GivenAt.Stored()),
        ];
        var won = !database.IsPostgres ? await ConsumeOnSqliteAsync(mark, family, content.Grant, cancel)
            : await database.ExecuteAfterAsync((HoldPerson, [("@user", content.Grant.Subject)]), family is null
                ? (MarkOnPostgres, mark)
                : (MarkWithFamily, [.. mark, .. RefreshFamilyStore.Values(family, content.Grant)]), cancel) == 1;
        if (!won)
            await revocations.RevokeGrantAsync(content.Grant.Id, cancel);
        return won;
    }

    public async Task NoteReplayAsync(string code, CancellationToken cancel)
    {
        if (!UsedCodes.IsCode(code))
            return;
        var grant = await database.FirstAsync("select grant_id from used_codes where key = @code", row => row.GetString(0), cancel,
            ("@code", UsedCodes.Key(code, UsedCodes.EndOf(code))));
        if (grant is not null)
            await revocations.RevokeGrantAsync(grant, cancel);
    }

    /// <summary>No round trips to save here: the same in two statements.</summary>
    private async Task<bool> ConsumeOnSqliteAsync((string, object?)[] mark, NewRefreshFamily? family, Grant grant, CancellationToken cancel) => family is null
        ? await database.ExecuteAsync(MarkOnSqlite, cancel, mark) == 1
        : await database.TransactAsync(async lane => await lane.ExecuteAsync(MarkOnSqlite, cancel, mark) == 1
            && await lane.ExecuteAsync(RefreshFamilyStore.Insert, cancel, [
                ("@grant_id", grant.Id), ("@session_id", grant.SessionId), ("@user", grant.Subject), .. RefreshFamilyStore.Values(family, grant),
            ]) == 1, cancel);

    private static string Key(string code) => "code:" + Handles.HashText(code);
}
