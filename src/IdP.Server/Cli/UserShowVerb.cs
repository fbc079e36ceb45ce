using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Accounts;
using IdP.Server.Audit;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Hosting;

namespace IdP.Server.Cli;

/// <summary>"user show": one person, how they get in, and what happened last.</summary>
internal static class UserShowVerb
{
    private const int LastRows = 10;

    public static Command Make(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "Their user name" };
        var command = new Command("show", "Show one person: second factors, sessions, trusted devices, and what happened last") { name };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.LookAsync(shell, cancel);
            if (await bench.FindUserAsync(parsed.GetValue(name)!, cancel) is not { } user)
                return shell.Refuse($"There is no user '{parsed.GetValue(name)}'.");
            var found = new Found(
                user, await bench.Users.ReadPasswordAsync(user.Id, cancel) is not null,
                await bench.Get<FactorBindings>().ListAsync(user.Id, cancel), await bench.Get<Sessions>().ListAsync(user.Id, cancel),
                await bench.Get<TrustedDevices>().ListAsync(user.Id, shown: null, cancel),
                await bench.Get<AuditSearch>().FindAsync(new AuditFilter { User = user.Id }, LastRows, cancel));
            return shell.Say(ToJson(found), Lines(found));
        });
        return command;
    }

    private static IEnumerable<string> Lines(Found found)
    {
        var user = found.User;
        return
        [
            $"{user.UserName} ({(user.Disabled ? "disabled" : "enabled")}{(user.IsAdmin ? ", administrator" : "")})",
            $"  id         {user.Id}",
            $"  name       {Spoken.OneLine(user.Name ?? "-")}",
            $"  e-mail     {(user.Email is { } email ? email + (user.EmailVerified ? " (verified)" : " (not verified)") : "-")}",
            $"  locale     {user.Locale ?? "-"}",
            $"  groups     {(user.Groups.Count > 0 ? string.Join(' ', user.Groups) : "-")}",
            $"  password   {(found.HasPassword ? $"set {user.PasswordChangedAt:u}" : "none: they cannot sign in with one")}",
            .. Section("Second factors", found.Bindings.Select(binding =>
                $"{binding.Factor}{(binding.Label is { } label ? $" ({Spoken.OneLine(label)})" : "")}, bound {binding.CreatedAt:u}, {LastUsed(binding)}")),
            .. Section("Sessions", found.Sessions.Select(session =>
                $"from {session.Session.CreatedAt:u} until {session.Session.ExpiresAt:u}, {session.Address ?? "-"}, {Browser(session.UserAgent)}")),
            .. Section("Trusted devices", found.Devices.Select(device =>
                $"{Browser(device.UserAgent)}, {device.Address ?? "-"}, last used {device.LastUsedAt:u}, until {device.ExpiresAt:u}")),
            .. Section($"Last events (more: idp audit list --user {user.UserName})", found.Events.Select(row =>
                $"{row.At:u}  {row.Action}  {row.Address ?? "-"}  {Spoken.OneLine(row.Details ?? "")}".TrimEnd())),
        ];
    }

    private static IEnumerable<string> Section(string title, IEnumerable<string> lines) =>
        ["", title, .. lines.DefaultIfEmpty("none").Select(line => "  " + line)];

    private static string LastUsed(FactorBinding binding) => binding.LastUsedAt is { } at ? $"last used {at:u}" : "never used";

    private static string Browser(string? agent) => agent is null ? "-" : BrowserName.Of(agent).ToString();

    private static JsonObject ToJson(Found found)
    {
        var user = UserVerbs.Describe(found.User);
        user["emailVerified"] = found.User.EmailVerified;
        user["locale"] = found.User.Locale;
        user["groups"] = new JsonArray([.. found.User.Groups.Select(group => (JsonNode)group)]);
        user["hasPassword"] = found.HasPassword;
        user["passwordChangedAt"] = found.User.PasswordChangedAt;
        user["bindings"] = new JsonArray([.. found.Bindings.Select(binding => new JsonObject
        {
            ["id"] = binding.Id, ["factor"] = binding.Factor, ["label"] = binding.Label, ["boundAt"] = binding.CreatedAt, ["lastUsedAt"] = binding.LastUsedAt,
        })]);
        user["sessions"] = new JsonArray([.. found.Sessions.Select(session => new JsonObject
        {
            ["id"] = session.Session.Id, ["createdAt"] = session.Session.CreatedAt, ["expiresAt"] = session.Session.ExpiresAt,
            ["address"] = session.Address, ["userAgent"] = session.UserAgent,
        })]);
        user["trustedDevices"] = new JsonArray([.. found.Devices.Select(device => new JsonObject
        {
            ["id"] = device.Id, ["address"] = device.Address, ["userAgent"] = device.UserAgent, ["givenAt"] = device.GivenAt,
            ["lastUsedAt"] = device.LastUsedAt, ["expiresAt"] = device.ExpiresAt,
        })]);
        user["events"] = new JsonArray([.. found.Events.Select(AuditVerbs.ToJson)]);
        return user;
    }

    private sealed record Found(
        UserRecord User, bool HasPassword, List<FactorBinding> Bindings, List<SessionView> Sessions, List<TrustedDeviceView> Devices, List<AuditFound> Events);
}
