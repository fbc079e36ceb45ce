using System.Collections.Concurrent;
using System.Diagnostics;
using IdP.Server.Mail;

namespace IdP.Server.Tests.Support;

/// <summary>The end of the line in tests that need no mail server: keeps what is delivered, or fails as it is told.</summary>
internal sealed class Postbox : IMailTransport
{
    public ConcurrentQueue<OutgoingMail> Delivered { get; } = new();

    /// <summary>What to do with the next mails; null: take them.</summary>
    public Func<OutgoingMail, CancellationToken, Task<Delivery>>? Instead { get; set; }

    /// <summary>Has the mails delivered that wait in an outbox, for those who are about to look here.</summary>
    public Func<Task> Fetch { get; set; } = () => Task.CompletedTask;

    public bool Available { get; set; } = true;

    public string Name => "to a test";

    public async Task<Delivery> DeliverAsync(OutgoingMail mail, CancellationToken cancel)
    {
        if (Instead is { } instead)
            return await instead(mail, cancel);
        Delivered.Enqueue(mail);
        return new Delivery.Sent();
    }

    /// <summary>The newest mail to an address whose text contains <paramref name="part"/>; waits for it.</summary>
    public async Task<OutgoingMail> ReceiveAsync(string address, string part)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(15); await Task.Delay(50))
        {
            await Fetch();
            if (Delivered.LastOrDefault(mail => mail.Recipient == address && mail.Text.Contains(part, StringComparison.Ordinal)) is { } mail)
                return mail;
        }

        throw new InvalidOperationException($"No mail with '{part}' came to {address}.");
    }

    /// <summary>The six digits mailed last to an address.</summary>
    public string CodeTo(string address) => CodeIn(Delivered.Last(mail => mail.Recipient == address).Text);

    public static string CodeIn(string text) => CodesIn(text).First();

    public static bool HasCode(string text) => CodesIn(text).Any();

    private static IEnumerable<string> CodesIn(string text) => text.Split('\n').Select(line => line.Trim()).Where(line => line.Length == 6 && line.All(char.IsAsciiDigit));
}
