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
    /// <summary>Raised whenever what was proven before must not count any more: a new password, all (other) sessions ended, disabled, enabled.</summary>
    public int Epoch { get; set; }
    public bool IsAdmin { get; set; }
    public bool Disabled { get; set; }
    /// <summary>Space-separated names that policies speak of.</summary>
    public string? Groups { get; set; }
    /// <summary>The factor this person wants to be asked for first; null: the one used last.</summary>
    public string? PreferredFactor { get; set; }
    /// <summary>How often forced binding was put off; never counted down.</summary>
    public int BindingSkips { get; set; }
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

/// <summary>A binding that was unbound or replaced, as it was: kept for as long as a notice's link can take that back, and good for nothing else.</summary>
internal sealed class FormerBindingRow
{
    public required string Id { get; set; }
    public required string UserId { get; set; }
    public required string Factor { get; set; }
    public string? Label { get; set; }
    public required byte[] Sealed { get; set; }
    public long? LastStep { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public DateTimeOffset EndedAt { get; set; }
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
    /// <summary>The trusted device that spared this session its second step; ends with it.</summary>
    public string? DeviceId { get; set; }
}

/// <summary>A browser that skips the second step for a while. A row outlives its trust, for the audit.</summary>
internal sealed class TrustedDeviceRow
{
    public required string Id { get; set; }
    public required string UserId { get; set; }
    /// <summary>SHA-256 of the cookie's secret, new at every use.</summary>
    public required byte[] SecretHash { get; set; }
    /// <summary>The secret before: good for seconds after the change, an alarm later.</summary>
    public byte[]? PreviousHash { get; set; }
    public DateTimeOffset? RotatedAt { get; set; }
    /// <summary>The second factors really done when trust was given, as JSON.</summary>
    public required string ProofsJson { get; set; }
    public string? UserAgent { get; set; }
    public string? Address { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset LastUsedAt { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>
/// A browser that a person has signed in with: a sign-in from another one is told by mail, and its wrong guesses are counted apart from strangers'. Grants nothing.
/// </summary>
internal sealed class KnownBrowserRow
{
    public required string UserId { get; set; }
    /// <summary>SHA-256 of a handle that was made for this person in this browser.</summary>
    public required byte[] BrowserHash { get; set; }
    /// <summary>Guess counters are named by it.</summary>
    public required string Id { get; set; }
    public DateTimeOffset LastSeenAt { get; set; }
}

/// <summary>Who must have a second factor, from when.</summary>
internal sealed class BindingPolicyRow
{
    public required string Name { get; set; }
    public required string Json { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

internal sealed class ConsentRow
{
    public required string UserId { get; set; }
    public required string ClientId { get; set; }
    /// <summary>Space-separated.</summary>
    public required string Scopes { get; set; }
    public DateTimeOffset GivenAt { get; set; }
}

internal sealed class UsedCodeRow
{
    /// <summary><see cref="UsedCodes"/> says what it is made of.</summary>
    public required byte[] Key { get; set; }
    /// <summary>What a replay revokes; empty where there is nothing to revoke.</summary>
    public required string GrantId { get; set; }
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
    /// <summary>"jti:...", "grant:..." or "sid:..."; "app:USER CLIENT" for what was given before <see cref="At"/>, without a client for all of them.</summary>
    public required string Key { get; set; }
    /// <summary>After this nothing the revocation stops can be alive.</summary>
    public DateTimeOffset Until { get; set; }
    public DateTimeOffset At { get; set; }
    /// <summary>The order of writing, whatever the writers' clocks say: PostgreSQL's transaction id, SQLite's next number.</summary>
    public long Seq { get; set; }
    /// <summary>For one access token of a grant: the grant, whose end makes this row needless.</summary>
    public string? GrantId { get; set; }
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
    /// <summary>How many of them this row stands for, from <see cref="At"/> to <see cref="LastAt"/>.</summary>
    public int Count { get; set; }
    public DateTimeOffset? LastAt { get; set; }
    /// <summary>What rows that are summed have in common, hour included; null for what is written down one by one.</summary>
    public string? SumKey { get; set; }
}

internal sealed class OneTimeLinkRow
{
    public required byte[] Hash { get; set; }
    public required string Purpose { get; set; }
    public string? UserId { get; set; }
    /// <summary>What the link is about, sealed.</summary>
    public byte[]? Sealed { get; set; }
    public DateTimeOffset ExpiresAt { get; set; }
    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>A mail on its way. Committed with what it tells of; sent once, by one node.</summary>
internal sealed class OutboxMailRow
{
    public long Id { get; set; }
    public string? UserId { get; set; }
    /// <summary>Which template: "code", "notice", ...; limits count by it.</summary>
    public required string Kind { get; set; }
    public required string Recipient { get; set; }
    /// <summary>The mailbox behind the recipient, as far as its spelling tells: limits count by it.</summary>
    public required string Mailbox { get; set; }
    /// <summary>Subject, text and HTML: they hold codes and links. Null once sent long ago.</summary>
    public byte[]? Sealed { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    /// <summary>Worth nothing later (a code that has expired).</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
    public int Attempts { get; set; }
    /// <summary>The earliest next attempt; in the future also while a node is at it.</summary>
    public DateTimeOffset NextAttemptAt { get; set; }
    public DateTimeOffset? SentAt { get; set; }
    public DateTimeOffset? FailedAt { get; set; }
    /// <summary>Why the last attempt failed; never the mail's words.</summary>
    public string? LastError { get; set; }
}
