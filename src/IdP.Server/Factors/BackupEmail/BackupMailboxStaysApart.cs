using IdP.Server.Accounts;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Factors.BackupEmail;

/// <summary>
/// An account is not moved to the mailbox of its own backup e-mail: who reads that mailbox would hold the reset link and the second factor. The change is refused as a
/// whole, in its own transaction; the person's row is held there, so that no binding comes between.
/// </summary>
internal sealed class BackupMailboxStaysApart(SecretProtector protector) : IAccountWatcher
{
    public async Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        if (change.Kind == AccountChangeKind.EmailChanged && await Users.ReadAsync(lane, change.UserId, cancel) is { Email: { } email })
            Check(email, await FactorBindings.ListAsync(lane, protector, change.UserId, cancel));
    }

    /// <exception cref="FaultsException">The address is the mailbox of a backup e-mail among these.</exception>
    public static void Check(string? email, IEnumerable<FactorBinding> bound)
    {
        if (bound.Any(binding => binding.Factor == BackupEmailFactor.Id && BackupAddress.From(binding).IsMailboxOf(email)))
        {
            throw new FaultsException("email",
                $"'{email}' is the mailbox of the backup e-mail that this person has bound, which would be no second factor any more; it must be unbound first");
        }
    }
}
