using System.Data.Common;
using IdP.Server.Storage;

namespace IdP.Server.Audit;

/// <summary>Reads the audit log for operators.</summary>
internal sealed class AuditSearch(Database database)
{
    /// <summary>Rows are numbered before they commit: so many newer ones may be seen before an older one.</summary>
    public const int Overtaking = 1000;

    /// <summary>The newest rows that fit, oldest first.</summary>
    public async Task<List<AuditFound>> FindAsync(AuditFilter filter, int most, CancellationToken cancel)
    {
        var found = await database.ListAsync($"""
            select a.id, a.at, a.action, a.actor, a.user_id, a.client_id, a.address, a.details, about.user_name, doer.user_name
            from audit a left join users about on about.id = a.user_id left join users doer on doer.id = a.actor
            where a.id > @after{string.Concat(filter.Clauses.Select(clause => " and " + clause.Sql))}
            order by a.id desc limit @most
            """, Read, cancel, [("@after", filter.After), ("@most", most), .. filter.Clauses.SelectMany(clause => clause.Values)]);
        found.Reverse();
        return found;
    }

    private static AuditFound Read(DbDataReader row) => new(
        row.GetInt64(0), row.Time(1), row.GetString(2), row.TextOrNull(3), row.TextOrNull(4), row.TextOrNull(5), row.TextOrNull(6), row.TextOrNull(7),
        row.TextOrNull(8), row.TextOrNull(9));
}

/// <summary>What a row must have to be shown; what is null or empty narrows nothing.</summary>
internal sealed record AuditFilter
{
    public long After { get; init; }
    /// <summary>Any of these; a name that ends with '*' stands for all that begin so.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];
    /// <summary>The id of whom it concerns or who did it.</summary>
    public string? User { get; init; }
    public string? Client { get; init; }
    public string? Address { get; init; }
    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }

    /// <summary>SQL of this class alone; what was typed travels as values.</summary>
    internal IEnumerable<(string Sql, (string, object?)[] Values)> Clauses
    {
        get
        {
            if (Actions.Count > 0)
                yield return ($"({string.Join(" or ", Actions.Select((_, i) => $"a.action like @action{i} escape '!'"))})",
                    [.. Actions.Select((action, i) => ($"@action{i}", (object?)Pattern(action)))]);
            if (User is not null)
                yield return ("(a.user_id = @user or a.actor = @user)", [("@user", User)]);
            if (Client is not null)
                yield return ("a.client_id = @client", [("@client", Client)]);
            if (Address is not null)
                yield return ("a.address = @address", [("@address", Address)]);
            if (Since is { } since)
                yield return ("a.at >= @since", [("@since", since.Stored())]);
            if (Until is { } until)
                yield return ("a.at < @until", [("@until", until.Stored())]);
        }
    }

    private static string Pattern(string action)
    {
        var all = action.EndsWith('*');
        var plain = (all ? action[..^1] : action).Replace("!", "!!", StringComparison.Ordinal)
            .Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
        return all ? plain + "%" : plain;
    }
}

/// <param name="UserName">Whom it concerns; null where nobody has the id any more.</param>
/// <param name="ActorName">Who did it, where that is a person.</param>
internal sealed record AuditFound(
    long Id, DateTimeOffset At, string Action, string? Actor, string? UserId, string? ClientId, string? Address, string? Details, string? UserName, string? ActorName);
