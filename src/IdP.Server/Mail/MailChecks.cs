using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IdP.Server.Accounts;
using IdP.Server.Hosting;

namespace IdP.Server.Mail;

/// <summary>What the mail settings must fulfil before the server starts. Messages quote the bad value, never a secret.</summary>
internal static class MailChecks
{
    public static IEnumerable<string?> Faults(MailOptions mail)
    {
        if (mail.Host.Length > 0)
        {
            if (Uri.CheckHostName(mail.Host) == UriHostNameType.Unknown)
                yield return $"Mail:Host: '{mail.Host}' is not the name or address of a mail server; the port has a setting of its own, Mail:Port";
            else if (mail.Security == MailSecurity.None && !IsLoopback(mail.Host))
                yield return $"Mail:Security: 'None' is for a mail server on this machine; '{mail.Host}' must be spoken to with ImplicitTls or StartTlsRequired";
            if (mail.From.Length == 0)
                yield return "Mail:From: is not set; with Mail:Host it names the address that mails come from, for example no-reply@example.com";
        }

        if (mail.From.Length > 0 && Emails.Fault(mail.From) is { } from)
            yield return $"Mail:From: {from}; the name beside it is Mail:FromName";
        if (mail.FromName is { } name && name.Any(char.IsControl))
            yield return $"Mail:FromName: '{new string([.. name.Select(c => char.IsControl(c) ? '?' : c)])}' has control characters";
        if (mail.Port is < 1 or > 65535)
            yield return $"Mail:Port: '{mail.Port}' must be between 1 and 65535";
        if (!Enum.IsDefined(mail.Security))
            yield return $"Mail:Security: '{mail.Security}' must be one of {string.Join(", ", Enum.GetNames<MailSecurity>())}";
        if (mail.Timeout < TimeSpan.FromSeconds(1) || mail.Timeout > TimeSpan.FromMinutes(1))
            yield return $"Mail:Timeout: '{mail.Timeout}' must be between 00:00:01 and 00:01:00";
        yield return Credentials(mail);
        yield return Authority(mail.Authority);
        foreach (var domain in mail.OwnDomains)
            yield return Uri.CheckHostName(domain) == UriHostNameType.Dns ? null : $"Mail:OwnDomains: '{domain}' is not a domain such as example.com";
        foreach (var fault in MailTemplates.Faults(mail.TemplateDirectory))
            yield return fault;
    }

    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string? Credentials(MailOptions mail)
    {
        (string Name, string? Value)[] ways = [("Mail:Password", mail.Password), ("Mail:OAuth2Token", mail.OAuth2Token), ("Mail:OAuth2TokenFile", mail.OAuth2TokenFile)];
        string[] given = [.. ways.Where(way => !string.IsNullOrEmpty(way.Value)).Select(way => way.Name)];
        return given.Length > 1 ? $"Mail: {string.Join(" and ", given)} are set; one of them is enough"
            : string.IsNullOrEmpty(mail.User) && given.Length == 1 ? $"Mail:User: is not set, but {given[0]} is"
            : !string.IsNullOrEmpty(mail.User) && given.Length == 0 ? $"Mail:User: '{mail.User}' needs Mail:Password, Mail:OAuth2Token or Mail:OAuth2TokenFile"
            : !string.IsNullOrEmpty(mail.OAuth2TokenFile) && !File.Exists(mail.OAuth2TokenFile) ? $"Mail:OAuth2TokenFile: there is no file '{mail.OAuth2TokenFile}'"
            : null;
    }

    private static string? Authority(string? file)
    {
        if (string.IsNullOrEmpty(file))
            return null;
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(file);
            return found.Count > 0 ? null : $"Mail:Authority: '{file}' has no certificate in PEM";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"Mail:Authority: '{file}' cannot be read as certificates in PEM: {problem.Message}";
        }
    }
}
