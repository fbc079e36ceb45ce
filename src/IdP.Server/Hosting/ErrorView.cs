namespace IdP.Server.Hosting;

/// <summary>A page for the person when nothing else can answer.</summary>
/// <param name="Code">The standard's error code, or "not_found", "method_not_allowed", "too_large", "server_error", "temporarily_unavailable", "session_expired".</param>
/// <param name="RequestId">What an operator finds in the logs.</param>
/// <param name="Detail">For the app's developer; plain ASCII, never a secret or the raw input.</param>
internal sealed record ErrorView(string Code, string? RequestId, string? Detail = null);
