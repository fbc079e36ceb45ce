using System.CommandLine;
using System.Text.Json.Nodes;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>"user add|list|show|disable|enable|unlock|password|reset-factors|remove".</summary>
internal static class UserVerbs
{
    public static Command Make(Shell shell) => new("user", "People who sign in here")
    {
        Add(shell), List(shell), UserShowVerb.Make(shell), SetDisabled(shell, true), SetDisabled(shell, false), Unlock(shell), Password(shell),
        ResetFactors(shell), Remove(shell),
    };

    private static Command Add(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "The name they sign in with" };
        var email = new Option<string>("--email") { Description = "Their address; they may sign in with it too" };
        var full = new Option<string>("--name") { Description = "Their name in full" };
        var admin = new Option<bool>("--admin") { Description = "An administrator of this server" };
        var secret = new PasswordOptions();
        var command = new Command("add", """
            Add a person.

            Examples:
              idp user add alice --email alice@example.com --name "Alice Liddell" --password-stdin < password.txt
              idp user add bob --password 'correct horse battery'
            """) { name, email, full, admin, secret.Given, secret.Stdin };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            var password = await secret.ReadAsync(shell, parsed, cancel);
            var draft = new UserDraft { UserName = parsed.GetValue(name)!, Email = parsed.GetValue(email), Name = parsed.GetValue(full), IsAdmin = parsed.GetValue(admin) };
            List<Fault> faults = [.. password is null ? [] : PasswordFaults(bench, password, draft)];
            if (UserNames.Normalize(draft.UserName) is null)
                faults.Add(new("NAME", "must have 1 to 256 visible characters"));
            if (draft.Email is { } address && Emails.Fault(address) is { } bad)
                faults.Add(new("--email", bad));
            if (faults.Count > 0)
                return shell.Refuse(faults);
            return await bench.Users.AddAsync(draft, password, Workbench.Actor, cancel) is { } id
                ? shell.Say(new JsonObject { ["id"] = id, ["userName"] = draft.UserName }, $"'{draft.UserName}' is added, with the id {id}{(password is null ? "; without a password they cannot sign in yet" : "")}.")
                : shell.Refuse($"There is a user '{draft.UserName}' already.");
        });
        return command;
    }

    private static Command List(Shell shell)
    {
        var command = new Command("list", "Show everybody");
        command.SetAction(async (_, cancel) =>
        {
            await using var bench = await Workbench.LookAsync(shell, cancel);
            var users = await bench.Users.ListAsync(cancel);
            return shell.Say(
                new JsonArray([.. users.Select(Describe)]),
                TextTable.Of(["NAME", "E-MAIL", "FULL NAME", "FACTORS", "STATE"], users.Select(u => (string[])
                    [u.UserName, u.Email ?? "", u.Name ?? "", string.Join(' ', u.BoundFactors), (u.Disabled ? "disabled" : "enabled") + (u.IsAdmin ? ", admin" : "")])));
        });
        return command;
    }

    private static Command SetDisabled(Shell shell, bool disabled)
    {
        var name = new Argument<string>("NAME") { Description = "Their user name" };
        var command = disabled
            ? new Command("disable", "Shut somebody out: sessions and tokens end at once") { name }
            : new Command("enable", "Let somebody in again") { name };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            if (await bench.FindUserAsync(parsed.GetValue(name)!, cancel) is not { } user)
                return Unknown(shell, parsed.GetValue(name)!);
            await bench.Users.SetDisabledAsync(user.Id, disabled, Workbench.By, cancel);
            return shell.Say(new JsonObject { ["id"] = user.Id, ["userName"] = user.UserName, ["disabled"] = disabled }, $"'{user.UserName}' is {(disabled ? "disabled" : "enabled")}; running servers know within five seconds.");
        });
        return command;
    }

    private static Command Unlock(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "Their user name" };
        var command = new Command("unlock", "Let somebody try again at once after too many wrong passwords or codes") { name };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            if (await bench.FindUserAsync(parsed.GetValue(name)!, cancel) is not { } user)
                return Unknown(shell, parsed.GetValue(name)!);
            await bench.Users.UnlockAsync(user.Id, Workbench.Actor, cancel);
            return shell.Say(new JsonObject { ["id"] = user.Id, ["userName"] = user.UserName }, $"'{user.UserName}' may try again.");
        });
        return command;
    }

    private static Command Password(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "Their user name" };
        var secret = new PasswordOptions();
        var command = new Command("password", "Give somebody a new password; their sessions end") { name, secret.Given, secret.Stdin };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            if (await bench.FindUserAsync(parsed.GetValue(name)!, cancel) is not { } user)
                return Unknown(shell, parsed.GetValue(name)!);
            if (await secret.ReadAsync(shell, parsed, cancel) is not { } password)
                return shell.Fail(ExitCode.Usage, "Give the new password with --password-stdin or --password.", []);
            if (PasswordFaults(bench, password, user) is { Count: > 0 } faults)
                return shell.Refuse(faults);
            await bench.Users.SetPasswordAsync(user.Id, password, Workbench.By, exceptSid: null, cancel);
            return shell.Say(new JsonObject { ["id"] = user.Id, ["userName"] = user.UserName }, $"'{user.UserName}' has a new password; their sessions have ended.");
        });
        return command;
    }

    private static Command ResetFactors(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "Their user name" };
        var command = new Command("reset-factors", """
            Remove every second factor of somebody who has lost them; recovery codes too. Sessions, tokens and trusted devices end.
            They are told by mail, sign in with the password alone, and bind anew. Make sure first that it is really them who asks.
            """) { name };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            if (await bench.FindUserAsync(parsed.GetValue(name)!, cancel) is not { } user)
                return Unknown(shell, parsed.GetValue(name)!);
            var bindings = bench.Get<FactorBindings>();
            var removed = await bench.Users.ResetFactorsAsync(user.Id, lane => bindings.RemoveAllAsync(lane, user.Id, Workbench.By, cancel), Workbench.By, cancel);
            return shell.Say(
                new JsonObject { ["id"] = user.Id, ["userName"] = user.UserName, ["removed"] = removed },
                removed == 0
                    ? $"'{user.UserName}' has no second factor; nothing was changed."
                    : $"'{user.UserName}' has no second factor any more ({string.Join(", ", user.BoundFactors)}); their sessions have ended.");
        });
        return command;
    }

    private static Command Remove(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "Their user name" };
        var command = new Command("remove", """
            Remove somebody for good: sessions, tokens, second factors, trusted devices and mails on their way go too; the audit log stays.
            To shut somebody out for a while: idp user disable
            """) { name };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var bench = await Workbench.OpenAsync(shell, cancel);
            if (await bench.FindUserAsync(parsed.GetValue(name)!, cancel) is not { } user || !await bench.Users.RemoveAsync(user.Id, Workbench.By, cancel))
                return Unknown(shell, parsed.GetValue(name)!);
            string[] hint = user.IsAdmin && !await bench.Users.AnyAdminAsync(cancel) ? ["There is no administrator left; 'idp admin link' makes a link to one."] : [];
            return shell.Say(
                new JsonObject { ["id"] = user.Id, ["userName"] = user.UserName, ["removed"] = true },
                [$"'{user.UserName}' is removed; running servers know within five seconds.", .. hint]);
        });
        return command;
    }

    private static List<Fault> PasswordFaults(Workbench bench, string password, UserDraft account) =>
        PasswordPolicy.Check(password, bench.Options.SignIn.MinimumPasswordLength, account) is { } weak ? [new("password", weak.Reason)] : [];

    private static int Unknown(Shell shell, string name) => shell.Refuse($"There is no user '{name}'.");

    public static JsonObject Describe(UserRecord user) => new()
    {
        ["id"] = user.Id, ["userName"] = user.UserName, ["email"] = user.Email, ["name"] = user.Name, ["isAdmin"] = user.IsAdmin, ["disabled"] = user.Disabled,
        ["factors"] = new JsonArray([.. user.BoundFactors.Select(f => (JsonNode)f)]),
    };

    private sealed class PasswordOptions
    {
        public Option<string> Given { get; } = new("--password") { Description = "The password; other users of this machine may see it in the process list" };
        public Option<bool> Stdin { get; } = new("--password-stdin") { Description = "Read the password from the first line of standard input" };

        /// <summary>Null when none was given.</summary>
        public async Task<string?> ReadAsync(Shell shell, ParseResult parsed, CancellationToken cancel) =>
            parsed.GetValue(Stdin) ? await shell.Terminal.Input.ReadLineAsync(cancel) ?? "" : parsed.GetValue(Given);
    }
}
