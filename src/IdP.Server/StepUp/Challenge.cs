using System.Security.Cryptography;
using System.Text.Json.Serialization;
using IdP.Server.Accounts;
using IdP.Server.Hosting;

namespace IdP.Server.StepUp;

/// <summary>
/// Pending → Approved | Denied | Cancelled | Expired; Approved → Claimed; Pending ↔ SetAside. Each move is a compare-and-set, made by
/// <see cref="StepUpService"/> alone.
/// </summary>
internal enum ChallengeState
{
    Pending,
    Approved,
    Denied,
    Cancelled,
    /// <summary>Sent already, but the person is asked another way now. Takes no answer until they come back to it.</summary>
    SetAside,
}

/// <summary>One question put to one person in one browser for one purpose. Safe to lose: the person is asked again.</summary>
internal sealed record Challenge
{
    public required string Id { get; init; }
    public required string UserId { get; init; }
    /// <summary>The way: "totp", "app/push".</summary>
    public required string Factor { get; init; }
    /// <summary>What a success is good for, and nothing else: "sign-in:ID" or an action in the settings.</summary>
    public required string Purpose { get; init; }
    /// <summary>SHA-256 of the browser cookie that started it; only that browser can claim.</summary>
    public required byte[] BrowserHash { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public ChallengeState State { get; init; }
    /// <summary>Answers looked at so far, counted before looking.</summary>
    public int Tries { get; init; }
    public byte[] Memo { get; init; } = [];
    /// <summary>The binding that a right answer has proven; null until then.</summary>
    public string? Binding { get; init; }
    /// <summary>RFC 8176 values of that answer.</summary>
    public IReadOnlyList<string> Amr { get; init => field = value ?? []; } = [];
    /// <summary>What the answer said about trusting this browser; null: nothing.</summary>
    public bool? TrustThisBrowser { get; init; }
    public required Prompt Prompt { get; init; }
    /// <summary>The question that was set aside for this one: a code that was sent can be typed once the person comes back.</summary>
    public string? Left { get; init; }
    /// <summary>What the person is told elsewhere (a mail, a phone) about who asks.</summary>
    public Circumstances Circumstances { get; init; } = Circumstances.Unknown;

    /// <summary>The kind that the way belongs to: what guesses are counted by.</summary>
    [JsonIgnore]
    public string Kind => FactorIds.KindOf(Factor);

    /// <summary>Asked for a sign-in, not for a change in the settings.</summary>
    [JsonIgnore]
    public bool IsSignIn => Purpose.StartsWith(SignInPurpose, StringComparison.Ordinal);

    /// <summary>Approved elsewhere and only claimed here; else the answer is given here.</summary>
    [JsonIgnore]
    public bool IsApprovedElsewhere => Prompt is Prompt.AwaitApproval or Prompt.ScanQr;

    [JsonIgnore]
    public bool TakesAnswers => this is { State: ChallengeState.Pending, Tries: < Challenges.Tries };

    public bool IsFor(string userId, string purpose, byte[] browserHash) =>
        UserId == userId && Purpose == purpose && CryptographicOperations.FixedTimeEquals(BrowserHash, browserHash);

    public const string SignInPurpose = "sign-in:";
}

[JsonSerializable(typeof(Challenge))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class ChallengeJson : JsonSerializerContext;
