namespace IdP.Server.Accounts;

/// <summary>By whose hand a change is made, and from where: for the audit row and for the mail that tells the person.</summary>
/// <param name="Actor">A user id, "cli", "system".</param>
/// <param name="Address">Where the request came from; null for what no request did.</param>
/// <param name="SessionId">The session that made the change: it may outlive it.</param>
internal sealed record By(string Actor, string? Address = null, string? UserAgent = null, string? SessionId = null)
{
    /// <summary>An account as it is set up (import, demo): nothing changes for anybody yet, so nobody is told.</summary>
    public bool SettingUp { get; init; }

    /// <summary>In a sign-in, where no session answers for the person yet: their epoch when they typed the password that does.</summary>
    public int? Epoch { get; init; }

    /// <summary>A tool or the server itself.</summary>
    public static By Tool(string name) => new(name);

    /// <summary>The person of an account, in this request.</summary>
    public static By Person(HttpContext http, string userId, string? sessionId) =>
        new(userId, http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent.ToString(), sessionId);
}
