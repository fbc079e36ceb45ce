namespace IdP.Server.Mail;

/// <summary>The last step of a mail: to a mail server, to the demo's mailbox, or nowhere.</summary>
internal interface IMailTransport
{
    /// <summary>False: this server cannot send mail at all, and what needs it is not offered.</summary>
    bool Available { get; }

    /// <summary>For operators: where mails go.</summary>
    string Name { get; }

    /// <summary>One attempt. Expected trouble is an answer, not an exception.</summary>
    Task<Delivery> DeliverAsync(OutgoingMail mail, CancellationToken cancel);
}

/// <summary>A mail, ready to go.</summary>
/// <param name="MessageId">The same at every attempt: mailboxes that see a mail twice show it once.</param>
/// <param name="Language">Of its words.</param>
internal sealed record OutgoingMail(string MessageId, DateTimeOffset CreatedAt, string Recipient, string Language, string Subject, string Text, string Html)
{
    /// <summary>Records print their members; this one must not (I-7).</summary>
    public override string ToString() => MessageId;
}

/// <summary>What came of one attempt.</summary>
internal abstract record Delivery
{
    private Delivery() { }

    internal sealed record Sent : Delivery;

    /// <summary>Trouble that may pass: worth another attempt.</summary>
    internal sealed record Later(string Reason) : Delivery;

    /// <summary>The mail server will not have it, now or later.</summary>
    internal sealed record Refused(string Reason) : Delivery;
}

/// <summary>Development: being in the outbox is being delivered; /demo/mail shows it.</summary>
internal sealed class DemoMailbox : IMailTransport
{
    public bool Available => true;

    public string Name => "to the demo's mailbox, /demo/mail";

    public Task<Delivery> DeliverAsync(OutgoingMail mail, CancellationToken cancel) => Task.FromResult<Delivery>(new Delivery.Sent());
}

/// <summary>No mail server is set.</summary>
internal sealed class NoTransport : IMailTransport
{
    public bool Available => false;

    public string Name => "nowhere: Mail:Host is not set, and what needs mail is not offered";

    public Task<Delivery> DeliverAsync(OutgoingMail mail, CancellationToken cancel) => Task.FromResult<Delivery>(new Delivery.Later("no mail server is set"));
}
