using IdP.Server.Accounts;
using IdP.Server.Storage;

namespace IdP.Server.Mail;

/// <summary>With an account its mails go, those that are still on their way included.</summary>
internal sealed class RemovedMails : IAccountWatcher
{
    public Task OnChangeAsync(Lane lane, AccountChange change, CancellationToken cancel) => change.Kind == AccountChangeKind.AccountRemoved
        ? lane.ExecuteAsync("delete from outbox where user_id = @user", cancel, ("@user", change.UserId))
        : Task.CompletedTask;
}
