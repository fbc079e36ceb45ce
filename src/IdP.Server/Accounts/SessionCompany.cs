using IdP.Server.Storage;

namespace IdP.Server.Accounts;

/// <summary>What happens beside a session that begins or goes on, so that both are committed or neither.</summary>
internal sealed record SessionCompany
{
    /// <summary>The trusted device that spares the session its second step.</summary>
    public string? DeviceId { get; init; }

    /// <summary>
    /// First; false when there is nothing to build a session on any more. Before it locks anything else it holds the person (<see cref="Users.HoldAsync"/>).
    /// </summary>
    public required Func<Lane, Task<bool>> Before { get; init; }

    public required Func<Lane, Session, Task> After { get; init; }

    /// <summary>For the caller, once the session is there: cookies.</summary>
    public required Func<Task> Committed { get; init; }
}
