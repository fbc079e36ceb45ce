using System.Text.Json.Serialization;
using IdP.Server.Accounts;

namespace IdP.Server.SignIn;

/// <summary>
/// A sign-in in progress: what an app asked for, and what this person has proven in this browser since. Good for nothing but reaching
/// its own end; safe to lose (the person starts again). Kept in the ephemeral store, changed only by compare-and-set.
/// </summary>
internal sealed record SignInProgress
{
    /// <summary>In page URLs as tx, or its beginning; worth nothing without the browser's cookie.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256 of the browser cookie: the only browser that may go on with it.</summary>
    public required byte[] BrowserHash { get; init; }

    /// <summary>The authorize parameters, checked again at every step: a client that is disabled meanwhile gets nothing.</summary>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    public string? PushedHandle { get; init; }

    /// <summary>While it is only begun: where the parameters lie instead of here, so that opening one request often keeps it once.</summary>
    public string? PutAsideHandle { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Whose proofs these are: set by a right password, or by a second factor done on top of a session.</summary>
    public string? UserId { get; init; }

    /// <summary>What was proven since <see cref="StartedAt"/>, in this sign-in.</summary>
    public Proofs Proofs { get; init; } = Proofs.None;

    /// <summary>The counters that count its right password as a guess, until the session that it begins is there; null when they were forgotten at once.</summary>
    public IReadOnlyList<string>? Counted { get; init; }

    /// <summary>Who said yes on the consent page; another person is asked anew.</summary>
    public string? ConsentedBy { get; init; }

    /// <summary>The person went back to the app, or said no: nothing but access_denied comes of it now.</summary>
    public bool Refused { get; init; }

    /// <summary>The factor the person chose to be asked for; null for the default one.</summary>
    public string? ChosenFactor { get; init; }

    public string? ChallengeId { get; init; }

    /// <summary>A factor that could not send its code when it was to, and why; the page says so.</summary>
    public SendTrouble? Trouble { get; init; }

    /// <summary>What the person is about to bind, where binding is forced.</summary>
    public string? OfferId { get; init; }

    /// <summary>
    /// SHA-256 of a cookie that only the browser got which typed the right password, or had a session to go on with: whoever knew the browser's handle
    /// from before (a shared machine) cannot go on with what this person proves.
    /// </summary>
    public byte[]? OwnerHash { get; init; }

    /// <summary>With the factor that was proven in it, the person asked for the second step to be skipped in this browser from now on.</summary>
    public bool TrustThisBrowser { get; init; }

    /// <summary>Set by the one request that finishes it.</summary>
    public bool Finishing { get; init; }

    /// <summary>How often it was set: each time makes one session at most, also when somebody puts back what was kept before.</summary>
    public int Attempts { get; init; }

    /// <summary>The session that finished it, where nobody owned it: nothing but that session may see its answer again.</summary>
    public string? FinishedIn { get; init; }

    /// <summary>The answer to the app, kept for a minute so that a double click or a reload meets the same one.</summary>
    public FinalAnswer? Answer { get; init; }

    public bool SameOwnerAs(SignInProgress seen) => OwnerHash.AsSpan().SequenceEqual(seen.OwnerHash);
}

/// <param name="Reason">Key of the factor's own words.</param>
internal sealed record SendTrouble(string Factor, string Reason);

internal sealed record FinalAnswer(string RedirectUri, string ResponseMode, IReadOnlyList<KeyValuePair<string, string>> Fields);

[JsonSerializable(typeof(SignInProgress))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class SignInJson : JsonSerializerContext;
