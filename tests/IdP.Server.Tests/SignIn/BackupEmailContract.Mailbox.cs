using IdP.Server.Accounts;
using IdP.Server.Cli.Apply;
using IdP.Server.Factors;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>The account's own address and its backup address are never one mailbox, whichever changes last.</summary>
public abstract partial class BackupEmailContract
{
    [Theory]
    [InlineData("")]
    [InlineData("+work")]
    public async Task An_account_is_never_moved_to_its_backup_mailbox(string tag)
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        var users = idp.Service<Users>();
        var before = (await users.FindByLoginAsync(person.UserName, default))!;
        var moved = person.Mailbox.Replace("@", tag + "@", StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<FaultsException>(() => users.UpdateAsync(person.Id, before with { Email = moved }, By.Tool("tests"), default));
        Assert.Contains($"'{moved}' is the mailbox of the backup e-mail", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before.Email, (await users.FindByLoginAsync(person.UserName, default))!.Email);

        // The command line says it before anything is written, in a dry run too.
        var plan = new UserPlan(users, idp.Service<Passwords>(), idp.Service<FactorBindings>());
        var entry = new UserEntry { UserName = person.UserName, Email = moved };
        refused = await Assert.ThrowsAsync<FaultsException>(() => plan.ForAsync(entry, before, dryRun: true, default));
        Assert.Contains($"'{moved}' is the mailbox of the backup e-mail", refused.Message, StringComparison.Ordinal);

        Assert.True(await users.UpdateAsync(person.Id, before with { Email = "else-" + person.Mailbox }, By.Tool("tests"), default));
    }

    [Fact]
    public async Task A_mailbox_that_became_the_accounts_own_is_bound_no_more()
    {
        var users = idp.Service<Users>();
        var person = await FactorPerson.AddAsync(idp, "totp");
        var (offer, _) = await OfferAsync(person, person.Mailbox);
        var before = (await users.FindByLoginAsync(person.UserName, default))!;
        Assert.True(await users.UpdateAsync(person.Id, before with { Email = person.Mailbox }, By.Tool("tests"), default));
        var outcome = await ConfirmAsync(person, offer, CodeIn(person.Mailbox));
        Assert.IsType<EnrolmentOutcome.Over>(outcome);
        Assert.DoesNotContain(await idp.Service<FactorBindings>().ListAsync(person.Id, default), binding => binding.Factor == "email");
    }

    /// <summary>However it came to be: a notice's link may bring back a binding after the account has moved.</summary>
    [Fact]
    public async Task A_code_is_never_mailed_to_the_accounts_own_mailbox()
    {
        var person = await FactorPerson.AddAsync(idp, "email");
        await idp.Service<Database>().ExecuteAsync("update users set email = @email where id = @id", default, ("@email", person.Mailbox), ("@id", person.Id));
        idp.Service<Users>().Forget(person.Id);
        var start = await idp.Service<StepUpService>().StartAsync(person.Id, "email", "tests", Browser, null, default);
        Assert.Equal((null, "OwnMailbox"), (start.Challenge, start.Reason));
        Assert.Equal(0, person.Mails);
    }
}
