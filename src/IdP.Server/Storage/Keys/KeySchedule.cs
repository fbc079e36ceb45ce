using IdP.Server.Storage.Clients;

namespace IdP.Server.Storage.Keys;

/// <summary>When a key is announced, signs, retires and is forgotten; pure time, no store.</summary>
internal static class KeySchedule
{
    /// <summary>After retiring: the longest token, and an hour for clocks that differ.</summary>
    public static readonly TimeSpan Afterlife = TimeSpan.FromSeconds(ClientValidator.LongestTokenLifetime) + TimeSpan.FromHours(1);

    /// <summary>
    /// An operator's rotation waits this long before the key signs: every node publishes it within seconds, and whoever keeps the key set for as long as we say (300 s)
    /// reads it again. Only the successor of a revoked key signs at once.
    /// </summary>
    public static readonly TimeSpan Propagation = TimeSpan.FromSeconds(360);

    /// <summary>The key that signs: the newest generation whose time has come.</summary>
    public static SigningKeyRow? Active(IEnumerable<SigningKeyRow> rows, string alg, DateTimeOffset now) =>
        rows.Where(r => r.Alg == alg && r.RevokedAt is null && r.ActivatesAt <= now).MaxBy(r => r.Generation);

    /// <summary>The key that is announced and will sign next.</summary>
    public static SigningKeyRow? Next(IEnumerable<SigningKeyRow> rows, string alg, DateTimeOffset now) =>
        rows.Where(r => r.Alg == alg && r.RevokedAt is null && r.ActivatesAt > now).MaxBy(r => r.Generation);

    public static bool IsPublished(SigningKeyRow row, DateTimeOffset now) =>
        row.RevokedAt is null && (row.RetiredAt is not { } retired || now < retired + Afterlife);

    /// <summary>When a successor must begin to sign if one has to be made now; null when none is needed yet.</summary>
    public static DateTimeOffset? Due(IReadOnlyList<SigningKeyRow> rows, string alg, DateTimeOffset now, TimeSpan rotation, TimeSpan announce)
    {
        if (Next(rows, alg, now) is not null)
            return null;
        if (Active(rows, alg, now) is not { } active)
            return now;
        var end = active.ActivatesAt + rotation;
        if (now < end - announce)
            return null;
        // A server that slept through the announcement still announces in full; the old key signs a little longer.
        return now + announce > end ? now + announce : end;
    }

    public static string State(IEnumerable<SigningKeyRow> rows, SigningKeyRow row, DateTimeOffset now) =>
        row.RevokedAt is not null ? "revoked"
        : row.ActivatesAt > now ? "announced"
        : Active(rows, row.Alg, now) == row ? "active"
        : IsPublished(row, now) ? "retired"
        : "expired";
}
