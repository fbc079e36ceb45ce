namespace IdP.Protocol;

/// <summary>A refusal in the words of the standards. <see cref="Status"/> is the HTTP status of endpoints that answer programs (RFC 6749 §5.2).</summary>
/// <param name="Code">The registered error code, %x20-21 / %x23-5B / %x5D-7E.</param>
/// <param name="Description">For the developer of the client; printable ASCII, no quotes, no secret, never the parameter's raw value.</param>
public sealed record ProtocolError(string Code, string Description, int Status = 400)
{
    public static ProtocolError InvalidRequest(string why) => new("invalid_request", why);
    public static ProtocolError InvalidClient(string why = "Client authentication failed.") => new("invalid_client", why, 401);
    public static ProtocolError InvalidGrant(string why) => new("invalid_grant", why);
    public static ProtocolError InvalidScope(string why) => new("invalid_scope", why);
    public static ProtocolError UnauthorizedClient(string why) => new("unauthorized_client", why);
    public static ProtocolError UnsupportedGrantType(string why) => new("unsupported_grant_type", why);
    public static ProtocolError InvalidToken(string why) => new("invalid_token", why, 401);
    public static ProtocolError AccessDenied(string why = "The person refused.") => new("access_denied", why);
    public static ProtocolError LoginRequired(string why = "Nobody is signed in.") => new("login_required", why);
    public static ProtocolError InteractionRequired(string why) => new("interaction_required", why);
    public static ProtocolError ConsentRequired(string why = "The person has not consented yet.") => new("consent_required", why);

    /// <summary>RFC 9470 and the OpenID Connect "unmet authentication requirements" extension: a demanded acr cannot be reached.</summary>
    public static ProtocolError UnmetAuthenticationRequirements(string why) => new("unmet_authentication_requirements", why);

    /// <summary>RFC 6750 §3.1.</summary>
    public static ProtocolError InsufficientScope(string why) => new("insufficient_scope", why, 403);
    public static ProtocolError TemporarilyUnavailable(string why = "Please try again in a moment.") => new("temporarily_unavailable", why, 503);
}
