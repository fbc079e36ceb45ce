using IdP.Server.Accounts;
using IdP.Server.Hosting;

namespace IdP.Server.Mail;

/// <summary>What this room lends to the others: words for a mail (<see cref="Mails"/>) and the way out (<see cref="Outbox"/>).</summary>
internal static class MailServices
{
    public static IServiceCollection AddIdpMail(this IServiceCollection services) => services
        .AddSingleton<Places>()
        .AddSingleton<MailTemplates>()
        .AddSingleton<Mails>()
        .AddSingleton<Outbox>()
        .AddSingleton<IAccountWatcher, RemovedMails>()
        .AddSingleton<CodeLimits>()
        .AddSingleton<MailedCodes>()
        .AddSingleton(provider => Transport(provider.GetRequiredService<IdpOptions>(), provider.GetService<IHostEnvironment>()?.IsDevelopment() ?? false))
        .AddHostedService<MailSender>();

    public static IMailTransport Transport(IdpOptions options, bool development) =>
        options.Mail.Host.Length > 0 ? new SmtpTransport(options)
        // The demo shows its mailbox; without the demo nobody would ever read what "was sent".
        : development && options.Demo.Enabled != false ? new DemoMailbox()
        : new NoTransport();
}
