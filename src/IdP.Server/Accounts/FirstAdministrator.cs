using IdP.Server.Audit;
using IdP.Server.Hosting;
using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>One-time links that let whoever holds them create an administrator. Only the token's hash is kept.</summary>
internal sealed class FirstAdministrator(Database database, Users users, Passwords passwords, AuditLog audit, IdpOptions options, TimeProvider clock)
{
    private const string Asked = "admin-setup";
    /// <summary>Printed at a start without an administrator; worth nothing once there is one.</summary>
    private const string Automatic = "admin-setup-at-start";
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>For an operator who asked for it: stays good whoever else becomes an administrator.</summary>
    public Task<SetupLink> MakeLinkAsync(string actor, CancellationToken cancel) => MakeLinkAsync(Asked, actor, cancel);

    /// <summary>For a start without an administrator: every such link ends when one has been created.</summary>
    public Task<SetupLink> MakeAutomaticLinkAsync(CancellationToken cancel) => MakeLinkAsync(Automatic, "system", cancel);

    private async Task<SetupLink> MakeLinkAsync(string purpose, string actor, CancellationToken cancel)
    {
        var token = Handles.New();
        var expires = clock.GetUtcNow() + Life;
        await database.TransactAsync(async lane =>
        {
            await lane.ExecuteAsync("insert into one_time_links (hash, purpose, expires_at) values (@hash, @purpose, @expires)", cancel,
                ("@hash", Handles.Hash(token)), ("@purpose", purpose), ("@expires", expires.Stored()));
            await audit.AddAsync(lane, new("admin-link-made", actor), cancel);
            return true;
        }, cancel);
        return new($"{options.Issuer}/setup?token={token}", expires);
    }

    /// <summary>Whether the link may still be used.</summary>
    public async Task<bool> CheckAsync(string? token, CancellationToken cancel) =>
        token is not null && await database.FirstAsync(
            "select count(*) from one_time_links where hash = @hash and purpose in (@asked, @automatic) and used_at is null and expires_at > @now",
            row => row.GetInt64(0), cancel, ("@hash", Handles.Hash(token)), ("@asked", Asked), ("@automatic", Automatic), ("@now", clock.GetUtcNow().Stored())) > 0;

    /// <summary>
    /// Creates the administrator and uses up the link, both or neither. The hash is made before the link is taken:
    /// a crash between the two costs nothing.
    /// </summary>
    public async Task<SetupOutcome> CreateAsync(string token, string userName, string? email, string password, CancellationToken cancel)
    {
        List<string> faults = [];
        if (UserNames.Normalize(userName) is null)
            faults.Add("userName: must have 1 to 256 visible characters");
        if (email is { Length: > 0 } && Emails.Fault(email) is { } bad)
            faults.Add("email: " + bad);
        if (faults.Count > 0)
            return new SetupOutcome.Refused(faults);
        var draft = new UserDraft { UserName = userName, Email = string.IsNullOrEmpty(email) ? null : email, IsAdmin = true };
        if (PasswordPolicy.Check(password, options.SignIn.MinimumPasswordLength, draft) is { } weak)
            return new SetupOutcome.WeakPassword(weak);
        if (!await CheckAsync(token, cancel))
            return new SetupOutcome.LinkUsed();

        var id = Handles.NewId();
        var secret = await passwords.HashAsync(id, password, cancel);
        try
        {
            return await database.TransactAsync<SetupOutcome>(async lane =>
            {
                if (!await TakeAsync(lane, token, cancel))
                    return new SetupOutcome.LinkUsed();
                if (!await users.AddAsync(lane, id, draft, secret, "setup-link", cancel))
                    throw new NameTakenException();
                await lane.ExecuteAsync("update one_time_links set used_at = @now where purpose = @automatic and used_at is null", cancel,
                    ("@now", clock.GetUtcNow().Stored()), ("@automatic", Automatic));
                return new SetupOutcome.Created(id);
            }, cancel);
        }
        catch (NameTakenException)
        {
            return new SetupOutcome.NameTaken();
        }
    }

    /// <summary>The conditional write that must win.</summary>
    private async Task<bool> TakeAsync(Lane lane, string token, CancellationToken cancel) =>
        await lane.ExecuteAsync(
            "update one_time_links set used_at = @now where hash = @hash and purpose in (@asked, @automatic) and used_at is null and expires_at > @now", cancel,
            ("@now", clock.GetUtcNow().Stored()), ("@hash", Handles.Hash(token)), ("@asked", Asked), ("@automatic", Automatic)) == 1;

    /// <summary>Rolls the transaction back, so that the link stays good for another name.</summary>
    private sealed class NameTakenException : Exception;
}

/// <param name="Url">Shown to the operator only; grants administration.</param>
internal sealed record SetupLink(string Url, DateTimeOffset ExpiresAt);

/// <summary>What came of a set-up form.</summary>
internal abstract record SetupOutcome
{
    private SetupOutcome() { }

    public sealed record Created(string UserId) : SetupOutcome;

    /// <summary>Used, expired, or never made.</summary>
    public sealed record LinkUsed : SetupOutcome;

    public sealed record NameTaken : SetupOutcome;

    public sealed record WeakPassword(PasswordFault Fault) : SetupOutcome;

    /// <param name="Faults">"userName: ...", "email: ...".</param>
    public sealed record Refused(IReadOnlyList<string> Faults) : SetupOutcome;
}
