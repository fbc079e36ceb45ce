namespace IdP.Server.Cli;

/// <summary>What each kind of application needs, so that an operator does not have to know (RFC 6749 §2.1, RFC 8252, RFC 6749 §4.4).</summary>
/// <param name="IsPublic">It cannot keep a secret: none is made, and PKCE protects its codes.</param>
/// <param name="InBrowser">Its scripts call the token endpoint, from the origins of its redirect URIs unless others are named.</param>
internal sealed record ClientProfile(string Name, bool IsPublic, bool InBrowser, IReadOnlyList<string> Grants)
{
    public static readonly ClientProfile Web = new("web", IsPublic: false, InBrowser: false, ["authorization_code"]);

    private static readonly ClientProfile[] All =
    [
        Web,
        new("spa", IsPublic: true, InBrowser: true, ["authorization_code", "refresh_token"]),
        new("native", IsPublic: true, InBrowser: false, ["authorization_code", "refresh_token"]),
        new("machine", IsPublic: false, InBrowser: false, ["client_credentials"]),
    ];

    public static string[] Names { get; } = [.. All.Select(profile => profile.Name)];

    public static ClientProfile Of(string name) => All.First(profile => profile.Name == name);

    /// <summary>Scheme, host and port of each web address; what is no address is another check's to name.</summary>
    public static IReadOnlyList<string> Origins(IEnumerable<string> redirectUris) =>
    [
        .. redirectUris.Select(uri => Uri.TryCreate(uri, UriKind.Absolute, out var at) && at.Scheme is "https" or "http" ? at.GetLeftPart(UriPartial.Authority) : null)
            .OfType<string>().Distinct(StringComparer.Ordinal),
    ];
}
