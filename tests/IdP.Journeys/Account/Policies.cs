using IdP.Server.Accounts;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;

namespace IdP.Journeys.Account;

/// <summary>What an operator demands of some people.</summary>
internal static class Policies
{
    /// <summary>Waits until the server knows.</summary>
    public static async Task DemandAsync(TestIdp idp, params BindingPolicy[] demands)
    {
        await idp.Service<Database>().TransactAsync(async lane =>
        {
            foreach (var policy in demands)
                await idp.Service<BindingPolicyStore>().SaveAsync(lane, policy, "tests", default);
            return true;
        }, default);
        while (demands.ExceptBy((await idp.Service<BindingPolicies>().GetAsync(default)).Select(known => known.Name), policy => policy.Name).Any())
            await Task.Delay(100);
    }

    public static async Task JoinsAsync(TestIdp idp, Person person, string group)
    {
        var users = idp.Service<Users>();
        var account = (await users.FindByLoginAsync(person.UserName, default))!;
        await users.UpdateAsync(account.Id, account with { Groups = [group] }, By.Tool("tests"), default);
    }
}
