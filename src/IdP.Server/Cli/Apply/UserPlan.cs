using System.Text.Json;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.BackupEmail;
using IdP.Server.Factors.Totp;
using IdP.Server.Storage;

namespace IdP.Server.Cli.Apply;

/// <summary>
/// People: what the file leaves out stays as it is. Passwords are compared, and new ones hashed, before the transaction begins,
/// so that a running server does not wait for Argon2.
/// </summary>
internal sealed class UserPlan(Users users, Passwords passwords, FactorBindings bindings)
{
    /// <param name="dryRun">Nothing will be written: no password is hashed.</param>
    public async Task<Change> ForAsync(UserEntry entry, UserRecord? stored, bool dryRun, CancellationToken cancel)
    {
        var id = stored?.Id ?? Handles.NewId();
        var draft = Draft(entry, stored);
        List<string> members = stored is null ? [] : [.. Differing(stored, draft)];
        var profileChanges = members.Count > 0;
        if (stored is not null && members.Contains("email"))
            BackupMailboxStaysApart.Check(draft.Email, await bindings.ListAsync(id, cancel));

        var passwordChanges = entry.Password is { } password && !(stored is not null && await passwords.VerifyAsync(id, await users.ReadPasswordAsync(id, cancel), password, cancel));
        var secret = passwordChanges && !dryRun ? await passwords.HashAsync(id, entry.Password!, cancel) : null;
        var bound = entry.TotpSecret is null || stored is null ? [] : (await bindings.ListAsync(id, cancel)).Where(b => b.Factor == TotpSecret.Factor).ToList();
        var otp = entry.TotpSecret is { } base32 ? TotpSecret.Parse(base32, out _) : null;
        var otpChanges = otp is not null && !(bound.Count == 1 && TotpSecret.From(bound[0].Data) == otp);
        var disabledChanges = entry.Disabled is { } disabled && disabled != (stored?.Disabled ?? false);

        if (passwordChanges)
            members.Add("password");
        if (otpChanges)
            members.Add("totpSecret");
        if (disabledChanges)
            members.Add("disabled");
        if (stored is not null && members.Count == 0)
            return Change.Unchanged("user", entry.UserName);

        return new("user", entry.UserName, stored is null ? "add" : "change", stored is null ? [] : members, async (lane, end) =>
        {
            var by = Workbench.By with { SettingUp = stored is null };
            if (stored is null)
                MustWin(await users.AddAsync(lane, id, draft, secret, Workbench.Actor, end), entry);
            else if (profileChanges)
                MustWin(await users.UpdateAsync(lane, id, draft, by, end), entry);
            if (stored is not null && secret is not null)
                await users.SetPasswordAsync(lane, id, secret, Workbench.By, exceptSid: null, end);
            if (disabledChanges)
                await users.SetDisabledAsync(lane, id, entry.Disabled!.Value, Workbench.By, end);
            if (!otpChanges)
                return;
            foreach (var old in bound)
                await bindings.RemoveAsync(lane, id, old.Id, by, end);
            await bindings.AddAsync(lane, id, new(TotpSecret.Factor, null, otp!.ToBytes()), by, end);
        });
    }

    private static UserDraft Draft(UserEntry entry, UserRecord? stored) => new()
    {
        UserName = entry.UserName.Trim(),
        Email = (entry.Email is { } email ? UserNames.Normalize(email) : null) ?? stored?.Email,
        EmailVerified = entry.EmailVerified ?? stored?.EmailVerified ?? false,
        Name = entry.Name ?? stored?.Name,
        Locale = entry.Locale ?? stored?.Locale,
        Claims = entry.Claims?.Where(c => c.Value is not null).ToDictionary(c => c.Key, c => JsonSerializer.SerializeToElement(c.Value)) ?? stored?.Claims ?? [],
        Groups = entry.Groups ?? stored?.Groups ?? [],
        IsAdmin = entry.IsAdmin ?? stored?.IsAdmin ?? false,
    };

    private static IEnumerable<string> Differing(UserRecord before, UserDraft after)
    {
        if (!before.Groups.SequenceEqual(after.Groups))
            yield return "groups";
        if (before.UserName != after.UserName)
            yield return "userName";
        if (before.Email != after.Email)
            yield return "email";
        if (before.EmailVerified != after.EmailVerified)
            yield return "emailVerified";
        if (before.Name != after.Name)
            yield return "name";
        if (before.Locale != after.Locale)
            yield return "locale";
        if (before.IsAdmin != after.IsAdmin)
            yield return "isAdmin";
        if (before.Claims.Count != after.Claims.Count || before.Claims.Any(c => !after.Claims.TryGetValue(c.Key, out var value) || !JsonElement.DeepEquals(c.Value, value)))
            yield return "claims";
    }

    private static void MustWin(bool won, UserEntry entry)
    {
        if (!won)
            throw new Storage.Clients.FaultsException("users", $"'{entry.UserName}' was changed by somebody else in this moment; run it again");
    }
}
