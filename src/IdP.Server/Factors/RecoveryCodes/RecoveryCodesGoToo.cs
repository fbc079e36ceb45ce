using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.Factors.RecoveryCodes;

/// <summary>With the last factor they stand in for, recovery codes go too, in the same commit.</summary>
internal sealed class RecoveryCodesGoToo : IAccountWatcher
{
    private const string Lonely = "user_id = @user and factor = @codes and not exists (select 1 from factor_bindings other where other.user_id = @user and other.factor <> @codes)";

    public Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel) => change is not { Kind: AccountChangeKind.FactorUnbound, At: { } at }
        ? Task.CompletedTask
        : FormerBindings.EndAsync(lane, Lonely, change.InTheirName, at, cancel, ("@user", change.UserId), ("@codes", RecoveryCodeList.Factor));
}
