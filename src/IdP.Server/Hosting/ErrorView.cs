namespace IdP.Server.Hosting;

/// <summary>A page for the person when nothing else can answer.</summary>
/// <param name="Code">The standard's error code, or "not_found", "method_not_allowed", "too_large", "server_error", "temporarily_unavailable", "session_expired".</param>
/// <param name="RequestId">What an operator finds in the logs.</param>
/// <param name="Detail">For the app's developer; plain ASCII, never a secret or the raw input.</param>
internal sealed record ErrorView(string Code, string? RequestId, string? Detail = null)
{
    /// <summary>What helps here, before the ways that every page has.</summary>
    public WayOn? Way { get; init; }

    /// <summary>The app that sent this browser here last.</summary>
    public AppLink? App { get; init; }
}

/// <param name="Path">One of our own, or where a registered app is at home.</param>
/// <param name="Csrf">Given: a form is posted there instead of a link.</param>
internal sealed record WayOn(string Path, string Label, string? Csrf = null);
