using System.Net;
using IdP.Protocol;

namespace IdP.Server.Tests.Support;

/// <summary>Looks at every client secret, however many were wrong before.</summary>
internal sealed class UncountedClients : IClientGuesses
{
    public bool IsRefused(string? clientId, IPAddress address) => false;

    public Task FailedAsync(string? clientId, IPAddress address) => Task.CompletedTask;
}
