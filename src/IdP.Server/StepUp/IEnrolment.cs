using System.Text.Json.Serialization;
using IdP.Server.Factors;
using IdP.Server.Hosting;

namespace IdP.Server.StepUp;

/// <summary>
/// One kind of second factor: what it is called, how it comes to be bound, and what can be said of a binding. How long an offer lives, whose it is,
/// how often it may be answered, single use, the commit and its audit row belong to <see cref="Enrolments"/>, once, around all factors.
/// </summary>
internal interface IEnrolment
{
    FactorKind Kind { get; }

    /// <summary>Whether it can be bound at all on this server: what is sent by mail cannot without a mail server.</summary>
    bool Available => true;

    /// <summary>Whether a person may have more than one.</summary>
    bool Several => false;

    /// <summary>What the person must say before there is something to prove (an address); null when nothing.</summary>
    EnrolmentQuestion? Question => null;

    /// <summary>Makes what the person must prove. Nothing is bound yet.</summary>
    /// <param name="said">The answer to <see cref="Question"/>, as typed.</param>
    Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel);

    /// <summary>
    /// What to bind when the answer proves the offer; null when it is wrong. Where the prompt awaits an approval, the answer is the
    /// <see cref="Answer.Approval"/> that an endpoint of the factor gave to <see cref="Enrolments.ApproveAsync"/>, and nothing else.
    /// </summary>
    Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel);

    /// <summary>One line that tells this binding from another, in the person's language: a label, a masked address, how many are left.</summary>
    string? Describe(FactorBinding binding) => binding.Label;

    /// <summary>Where a mail about the account reaches its owner through this binding; null for what is no address.</summary>
    string? AddressOf(FactorBinding binding) => null;

    /// <summary>What the person should do something about soon; null when all is well.</summary>
    string? Warn(FactorBinding binding) => null;
}

/// <param name="Id">Stable name in bindings, policies and URLs: "totp". Lower-case letters, digits and '-'.</param>
/// <param name="Words">
/// Its words in every language: "Name", "Instruction" (how to answer), "About" (one sentence for the settings). A way has its own "Name_WAY" and
/// "Instruction_WAY" where they differ.
/// </param>
/// <param name="IsFallback">Recovery codes: offered last, and never enough where a policy demands a factor.</param>
internal sealed record FactorKind(string Id, Texts Words, bool IsFallback = false)
{
    public string Name => Words.Get("Name");

    public string Instruction => Words.Get("Instruction");

    public string About => Words.Get("About");
}

/// <param name="AccountName">As the person knows the account; authenticator apps show it.</param>
/// <param name="Circumstances">Mails say them.</param>
/// <param name="BrowserHash">SHA-256 of the browser cookie: who may watch the offer while it waits for an approval.</param>
internal sealed record EnrolmentFor(string UserId, string AccountName, Circumstances? Circumstances = null, byte[]? BrowserHash = null)
{
    /// <summary>The id that the offer will have: what a QR code names, and <see cref="Enrolments.ApproveAsync"/> is given.</summary>
    public string OfferId { get; init; } = "";
}

/// <param name="InputType">HTML's: "email", "text".</param>
/// <param name="AutoComplete">HTML's: "email", "off".</param>
/// <remarks>Its words are the factor's own: "Ask" (label) and "AskHelp".</remarks>
internal sealed record EnrolmentQuestion(string InputType, string AutoComplete, int MaxLength = 256);

internal abstract record Offered
{
    private Offered() { }

    /// <param name="Memo">The factor's own, kept sealed with the offer.</param>
    /// <param name="Show">What the page shows: "uri" becomes a QR code, "secret" text to type, "codes" a list to keep.</param>
    internal sealed record Made(Prompt Prompt, byte[] Memo, IReadOnlyDictionary<string, string> Show) : Offered;

    /// <param name="Reason">Key of the factor's own words: why not, and what to do.</param>
    internal sealed record Refused(string Reason) : Offered;
}

/// <summary>Something to prove, in one place, ten minutes, once.</summary>
internal sealed record EnrolmentOffer
{
    public required string Id { get; init; }
    /// <summary>The kind.</summary>
    public required string Factor { get; init; }
    public required string UserId { get; init; }
    /// <summary>SHA-256 of what names the browser, or the browser in one session; nobody else can confirm.</summary>
    public required byte[] Place { get; init; }
    /// <summary>SHA-256 of the browser cookie: who may watch it while it waits.</summary>
    public byte[]? BrowserHash { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required Prompt Prompt { get; init; }
    public required byte[] Memo { get; init; }
    public required IReadOnlyDictionary<string, string> Show { get; init; }
    /// <summary>What the person said for it, so that another mail can be sent.</summary>
    public string? Said { get; init; }
    /// <summary>The binding whose place it takes; it works until then.</summary>
    public string? Replaces { get; init; }
    /// <summary>Answers looked at so far, counted before looking.</summary>
    public int Tries { get; init; }
    /// <summary>A confirmation has won; no other can.</summary>
    public bool Confirmed { get; init; }
    /// <summary>What another device has proven, and the page that waits will bind.</summary>
    public ApprovedBinding? Approved { get; init; }

    /// <summary>Approved on another device and only bound here; else the answer is given here.</summary>
    [JsonIgnore]
    public bool IsApprovedElsewhere => Prompt is Prompt.AwaitApproval or Prompt.ScanQr;

    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => $"offer of {Factor}";
}

/// <summary>A <see cref="NewBinding"/> as it is kept with its offer. It may hold a secret: the store seals it.</summary>
internal sealed record ApprovedBinding(string Factor, string? Label, byte[] Data, long? LastStep, bool StandsIn, string? Mailbox, IReadOnlyList<string>? Amr, string? Way)
{
    public static ApprovedBinding Of(NewBinding fresh) =>
        new(fresh.Factor, fresh.Label, fresh.Data, fresh.LastStep, fresh.StandsIn, fresh.Mailbox, fresh.Amr, fresh.Way);

    public NewBinding ToBinding() => new(Factor, Label, Data, LastStep) { StandsIn = StandsIn, Mailbox = Mailbox, Amr = Amr, Way = Way };

    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => $"approved {Factor}";
}

[JsonSerializable(typeof(EnrolmentOffer))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class EnrolmentJson : JsonSerializerContext;
