namespace IdP.Server.Storage;

// The durable tables. Times are DateTimeOffset in code and Unix milliseconds in both databases, so that both compare them alike.

internal sealed class UserRow
{
    /// <summary>The sub: 128 random bits, base64url; never reused.</summary>
    public required string Id { get; set; }
    public required string UserName { get; set; }
    /// <summary>NFKC, lower case, trimmed: two spellings of one name are one account (I-6).</summary>
    public required string NormalizedName { get; set; }
    public string? Email { get; set; }
    public bool EmailVerified { get; set; }
    public string? Name { get; set; }
    public string? Locale { get; set; }
    /// <summary>Further standard claims as one JSON object.</summary>
    public string? ClaimsJson { get; set; }
    /// <summary>Argon2id PHC string, sealed: a stolen database alone cannot be guessed against.</summary>
    public byte[]? PasswordSealed { get; set; }
    public DateTimeOffset? PasswordChangedAt { get; set; }
    public bool IsAdmin { get; set; }
    public bool Disabled { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

internal sealed class ClientRow
{
    public required string ClientId { get; set; }
    /// <summary>The client model as camelCase JSON, secrets as hashes.</summary>
    public required string Json { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

internal sealed class ScopeRow
{
    public required string Name { get; set; }
    public required string Json { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>One second factor bound to one account; the factor's own data is sealed and opaque here.</summary>
internal sealed class FactorBindingRow
{
    public required string Id { get; set; }
    public required string UserId { get; set; }
    /// <summary>"totp", "email", ...: the factor that understands <see cref="Sealed"/>.</summary>
    public required string Factor { get; set; }
    public string? Label { get; set; }
    public required byte[] Sealed { get; set; }
    /// <summary>Last accepted OTP step; moved forward only by a conditional write (I-3).</summary>
    public long? LastStep { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
}

internal sealed class SessionRow
{
    /// <summary>The public sid that tokens carry.</summary>
    public required string Id { get; set; }
    /// <summary>SHA-256 of the cookie's handle; changes at every authentication.</summary>
    public required byte[] HandleHash { get; set; }
    public required string UserId { get; set; }
    /// <summary>What was proven and when, as JSON.</summary>
    public required string ProofsJson { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public string? UserAgent { get; set; }
    public string? Address { get; set; }
}

internal sealed class ConsentRow
{
    public required string UserId { get; set; }
    public required string ClientId { get; set; }
    /// <summary>Space-separated.</summary>
    public required string Scopes { get; set; }
    public DateTimeOffset GivenAt { get; set; }
}

internal sealed class ConsumedCodeRow
{
    public required byte[] CodeHash { get; set; }
    public required string GrantId { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
}

internal sealed class RefreshFamilyRow
{
    public required string Handle { get; set; }
    public required string GrantId { get; set; }
    public required string UserId { get; set; }
    public required string SessionId { get; set; }
    public required string ClientId { get; set; }
    public required string GrantJson { get; set; }
    public required byte[] CurrentHash { get; set; }
    public byte[]? PreviousHash { get; set; }
    public required byte[] Salt { get; set; }
    public DateTimeOffset? RotatedAt { get; set; }
    public DateTimeOffset SlidingExpiry { get; set; }
    public DateTimeOffset AbsoluteExpiry { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
}

internal sealed class RevocationRow
{
    /// <summary>"jti:...", "grant:..." or "sid:...".</summary>
    public required string Key { get; set; }
    /// <summary>After this nothing the revocation stops can be alive.</summary>
    public DateTimeOffset Until { get; set; }
    public DateTimeOffset At { get; set; }
}

internal sealed class ReferenceTokenRow
{
    public required byte[] Hash { get; set; }
    public required string Json { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
}

internal sealed class SigningKeyRow
{
    public required string Kid { get; set; }
    public required string Alg { get; set; }
    /// <summary>Unique per algorithm: two nodes that rotate at once make one key.</summary>
    public int Generation { get; set; }
    /// <summary>PKCS#8, sealed.</summary>
    public required byte[] Sealed { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset ActivatesAt { get; set; }
    /// <summary>Set when its successor takes over; published until the last token it signed is dead.</summary>
    public DateTimeOffset? RetiredAt { get; set; }
    /// <summary>Operator's emergency: not published from then on.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>Durable failure counters (I-6): a guess is counted before it is looked at.</summary>
internal sealed class GuessCounterRow
{
    public required string Key { get; set; }
    public int InRow { get; set; }
    public int InWindow { get; set; }
    public DateTimeOffset WindowStart { get; set; }
}

internal sealed class AuditRow
{
    public long Id { get; set; }
    public DateTimeOffset At { get; set; }
    /// <summary>"sign-in", "sign-in-failed", "factor-bound", "client-changed", ...</summary>
    public required string Action { get; set; }
    /// <summary>Who did it: a user id, "cli", "system".</summary>
    public string? Actor { get; set; }
    public string? UserId { get; set; }
    public string? ClientId { get; set; }
    public string? Address { get; set; }
    /// <summary>Never a secret.</summary>
    public string? Details { get; set; }
}

internal sealed class OneTimeLinkRow
{
    public required byte[] Hash { get; set; }
    public required string Purpose { get; set; }
    public string? UserId { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset? UsedAt { get; set; }
}

internal sealed class OutboxMailRow
{
    public long Id { get; set; }
    public required string Recipient { get; set; }
    public required string Subject { get; set; }
    public required string Text { get; set; }
    public string? Html { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? SentAt { get; set; }
}
