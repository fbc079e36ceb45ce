using IdP.Server.Tests.Support;

namespace IdP.Journeys.RelyingParties;

/// <summary>The certified npm package openid-client, in a node process.</summary>
internal sealed class OpenIdClientParty : RealParty
{
    private ChildProcess? node;

    public override string Name => "npm-openid-client";

    public override string RedirectUri => Base + "/callback";

    public override async Task StartAsync(string issuer)
    {
        node = new ChildProcess("node", [Path.Combine(Folders.Project, "node", "rp.mjs"), $"{Port}", Base, issuer, Name, Secret]);
        await node.ListeningAsync(Port);
    }

    public override async ValueTask DisposeAsync()
    {
        if (node is not null)
            await node.DisposeAsync();
    }
}
