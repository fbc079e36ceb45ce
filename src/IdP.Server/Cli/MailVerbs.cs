using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>"mail test": one mail, and the mail server's own words when it does not take it.</summary>
internal static class MailVerbs
{
    public static Command Make(Shell shell)
    {
        var address = new Argument<string>("ADDRESS") { Description = "Where the mail goes" };
        var language = new Option<string>("--language") { Description = "en (default) or zh-Hans" }.AcceptOnly(Languages.English, Languages.Chinese);
        var test = new Command("test", """
            Send one mail now and say what the mail server answers. It is tried once, and not put into the outbox.

            Example:
              idp mail test postmaster@example.com
            """) { address, language };
        test.SetAction((parsed, cancel) => RunAsync(shell, parsed.GetValue(address)!, parsed.GetValue(language) ?? Languages.English, cancel));
        return new Command("mail", "The way to the mail server") { test };
    }

    private static async Task<int> RunAsync(Shell shell, string address, string language, CancellationToken cancel)
    {
        await using var bench = await Workbench.OpenAsync(shell, cancel);
        if (Emails.Fault(address) is { } bad)
            return shell.Refuse([new Fault("ADDRESS", bad)]);
        var transport = bench.Get<IMailTransport>();
        if (!transport.Available)
            return shell.Refuse($"Mail goes {transport.Name}.");
        if (transport is DemoMailbox)
            return shell.Refuse($"Mail goes {transport.Name}: no mail server is set (Mail:Host) that could be tried.");

        var draft = bench.Get<Mails>().Test(new MailTo(null, address, language, TimeZoneInfo.Utc));
        var delivery = await transport.DeliverAsync(
            new($"{Handles.NewId()}@{bench.Options.Mail.From[(bench.Options.Mail.From.LastIndexOf('@') + 1)..]}", bench.Clock.GetUtcNow(), address, language,
                draft.Subject, draft.Text, draft.Html), cancel);
        var (outcome, reason) = delivery switch
        {
            Delivery.Sent => ("sent", null),
            Delivery.Refused refused => ("refused", refused.Reason),
            Delivery.Later later => ("not taken now", later.Reason),
            _ => throw new InvalidOperationException(delivery.ToString()),
        };
        await bench.Audit.WriteAsync(new AuditEntry("mail-tested", Workbench.Actor, Details: $"{outcome}: {Emails.Masked(address)}"), cancel);
        return reason is null
            ? shell.Say(
                new JsonObject { ["address"] = address, ["outcome"] = outcome, ["server"] = transport.Name },
                $"The mail server took the mail for {address} ({transport.Name}).")
            : shell.Fail(ExitCode.Refused, $"The mail was {outcome} ({transport.Name}): {Spoken.OneLine(reason)}", []);
    }
}
