using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.Factors;

/// <summary>With an account all its bindings go, former ones included: no link in a mail brings them back.</summary>
internal sealed class RemovedBindings : IAccountWatcher
{
    public async Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel)
    {
        if (change.Kind != AccountChangeKind.AccountRemoved)
            return;
        await lane.ExecuteAsync("delete from factor_bindings where user_id = @user", cancel, ("@user", change.UserId));
        await lane.ExecuteAsync("delete from former_bindings where user_id = @user", cancel, ("@user", change.UserId));
    }
}
