using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Factors.Totp;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Demo;

/// <summary>Registers the demo's app and people through the services that operators use. May run at every start; changes only what differs.</summary>
internal sealed class DemoSeed(
    IdpOptions options, DemoIdentity identity, Database database, ClientStore clients, ScopeStore scopes, Users users, FactorBindings bindings) : IHostedService
{
    private const string Actor = "demo";
    private static readonly By SettingUp = By.Tool(Actor) with { SettingUp = true };

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await RegisterAsync(cancellationToken);
        await BindAsync(await PersonAsync(DemoIdentity.UserName, "Demo Person", DemoIdentity.Email, cancellationToken), cancellationToken);
        await UnbindAsync(await PersonAsync(DemoIdentity.NewcomerName, "Demo Newcomer", DemoIdentity.NewcomerEmail, cancellationToken), cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RegisterAsync(CancellationToken cancel)
    {
        var scope = new Scope(DemoIdentity.Scope, "Money page", "See the balance on the demo's money page", DemoIdentity.Audience);
        var client = new Client
        {
            ClientId = DemoIdentity.ClientId,
            ClientName = "Demo app",
            ClientUri = options.Issuer + "/demo",
            ClientSecrets = [ClientSecrets.Hash(identity.ClientSecret)],
            RedirectUris = [options.Issuer + "/demo/callback"],
            PostLogoutRedirectUris = [options.Issuer + "/demo"],
            AllowedScopes = [ScopeCatalogue.OpenId, "profile", "email", DemoIdentity.Scope],
            // A plain sign-in stays at the password, so that there is something to step up from.
            SecondFactorPolicy = "OnRequest",
        };
        await database.TransactAsync(async lane =>
        {
            if ((await ScopeStore.ListAsync(lane, cancel)).All(known => ClientJson.Write(known) != ClientJson.Write(scope)))
                await scopes.SaveAsync(lane, scope, Actor, cancel);
            var known = await ClientStore.ReadAsync(lane, client.ClientId, cancel);
            if (known is null || ClientJson.Write(known) != ClientJson.Write(client))
                await clients.SaveAsync(lane, client, Actor, cancel);
            return true;
        }, cancel);
    }

    private async Task<string> PersonAsync(string userName, string name, string email, CancellationToken cancel)
    {
        var known = await users.FindByLoginAsync(userName, cancel);
        if (known is null)
        {
            var draft = new UserDraft { UserName = userName, Name = name, Email = email, EmailVerified = true };
            return await users.AddAsync(draft, identity.Password, Actor, cancel)
                ?? (await users.FindByLoginAsync(userName, cancel))!.Id;
        }

        if (await users.CheckPasswordAsync(known.Id, identity.Password, cancel) is null)
            await users.SetPasswordAsync(known.Id, identity.Password, SettingUp, exceptSid: null, cancel);
        return known.Id;
    }

    private async Task BindAsync(string userId, CancellationToken cancel)
    {
        var secret = new TotpSecret(identity.OtpSecret).ToBytes();
        var bound = (await bindings.ListAsync(userId, cancel)).FindAll(binding => binding.Factor == TotpSecret.Factor);
        if (bound.Exists(binding => binding.Data.AsSpan().SequenceEqual(secret)))
            return;

        foreach (var binding in bound)
            await bindings.RemoveAsync(userId, binding.Id, SettingUp, cancel);
        await bindings.AddAsync(userId, new(TotpSecret.Factor, "Demo", secret), SettingUp, cancel);
    }

    /// <summary>Fresh again, to be asked by the money page to bind.</summary>
    private async Task UnbindAsync(string userId, CancellationToken cancel)
    {
        foreach (var binding in await bindings.ListAsync(userId, cancel))
            await bindings.RemoveAsync(userId, binding.Id, SettingUp, cancel);
    }
}
