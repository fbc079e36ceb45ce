using System.Net;
using System.Threading.Channels;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Storage;

namespace IdP.Server.Recovery;

/// <summary>
/// "I forgot my password": the answer is the same for any name and comes before anything is looked up, so that neither words nor time tell whether there is
/// such an account. What is asked for waits in a short queue; when that is full, or the server stops, the person asks again.
/// </summary>
internal sealed class Forgetting(
    Database database, Users users, FactorBindings bindings, SecondFactors factors, PasswordReset reset, Outbox outbox, Mails mails, AddressGuard addresses, AuditLog audit, IdpOptions options, TimeProvider clock,
    ILogger<Forgetting> log) : BackgroundService
{
    private const int MostMailsAnHour = 3;

    private readonly Channel<(string Name, Circumstances Seen)> asked =
        Channel.CreateBounded<(string, Circumstances)>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>False: this server cannot send mail, so the way is not offered.</summary>
    public bool Available => outbox.Available;

    /// <summary>Counted against the address, whatever comes of it. False when that address has to wait.</summary>
    public async Task<bool> AskAsync(string name, IPAddress? address, Circumstances seen)
    {
        if (!await addresses.TryAsync(address, clock.GetUtcNow()))
            return false;
        asked.Writer.TryWrite((name, seen));
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (name, seen) in asked.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await WriteAsync(name, seen, stoppingToken);
            }
            catch (StoreUnavailableException outage)
            {
                log.LogWarning("A link to a new password could not be written: {Reason}", outage.Message);
            }
        }
    }

    private async Task WriteAsync(string name, Circumstances seen, CancellationToken cancel)
    {
        if (await users.FindByLoginAsync(name, cancel) is not { Disabled: false } person)
            return;
        var backup = await BackupAsync(person, cancel);
        if (MailTo.Person(person, seen, backup?.Address) is not { } to)
            return;
        await database.TransactAsync(async lane =>
        {
            // Nodes that are asked at once count one after the other.
            await Users.HoldAsync(lane, person.Id, cancel);
            if ((await Outbox.WrittenAsync(lane, person.Id, MailKind.Reset, clock.GetUtcNow() - TimeSpan.FromHours(1), cancel)).Count >= MostMailsAnHour)
                return false;
            var token = await reset.MakeAsync(lane, person.Id, cancel, backup?.Binding);
            await outbox.AddAsync(lane, mails.Reset(to, $"{options.Issuer}/reset?token={token}", PasswordReset.Life, person.UserName, seen), cancel);
            await audit.AddAsync(lane, new("password-reset-asked", null, person.Id, Address: seen.Address), cancel);
            return true;
        }, cancel);
    }

    /// <summary>Where the account's own mailbox opens with the very password that was lost, the link goes to the backup address.</summary>
    private async Task<(FactorBinding Binding, string Address)?> BackupAsync(UserRecord person, CancellationToken cancel)
    {
        if (person.Email is not { } own || !Emails.IsAt(own, options.Mail.OwnDomains))
            return null;
        foreach (var binding in Enumerable.Reverse(await bindings.ListAsync(person.Id, cancel)))
        {
            if (factors.FindKind(binding.Factor)?.AddressOf(binding) is { } address)
                return (binding, address);
        }

        return null;
    }
}
