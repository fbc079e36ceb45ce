using IdP.Support;

[assembly: AssemblyFixture(typeof(IdP.Server.Tests.Support.Servers))]

namespace IdP.Server.Tests.Support;

/// <summary>The real servers, started once for all tests of this assembly.</summary>
public sealed class Servers : IAsyncLifetime
{
    internal RealServers Real { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Real = await RealServers.StartAsync();

    public ValueTask DisposeAsync() => Real?.DisposeAsync() ?? ValueTask.CompletedTask;
}
