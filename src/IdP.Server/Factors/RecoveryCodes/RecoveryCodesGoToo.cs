using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.Factors.RecoveryCodes;

/// <summary>With the last factor they stand in for, recovery codes go too, in the same commit.</summary>
internal sealed class RecoveryCodesGoToo : IAccountWatcher
{
    public Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel) => change.Kind != AccountChangeKind.FactorUnbound
        ? Task.CompletedTask
        : lane.ExecuteAsync("""
            delete from factor_bindings where user_id = @user and factor = @codes
                and not exists (select 1 from factor_bindings other where other.user_id = @user and other.factor <> @codes)
            """, cancel, ("@user", change.UserId), ("@codes", RecoveryCodeList.Factor));
}
