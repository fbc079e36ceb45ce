using System.Collections.Concurrent;
using IdP.Server.Mail;

namespace IdP.Server.Tests.Support;

/// <summary>The end of the line in tests that need no mail server: keeps what is delivered, or fails as it is told.</summary>
internal sealed class Postbox : IMailTransport
{
    public ConcurrentQueue<OutgoingMail> Delivered { get; } = new();

    /// <summary>What to do with the next mails; null: take them.</summary>
    public Func<OutgoingMail, CancellationToken, Task<Delivery>>? Instead { get; set; }

    public bool Available { get; set; } = true;

    public string Name => "to a test";

    public async Task<Delivery> DeliverAsync(OutgoingMail mail, CancellationToken cancel)
    {
        if (Instead is { } instead)
            return await instead(mail, cancel);
        Delivered.Enqueue(mail);
        return new Delivery.Sent();
    }
}
