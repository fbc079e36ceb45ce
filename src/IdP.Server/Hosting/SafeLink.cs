namespace IdP.Server.Hosting;

/// <summary>Addresses from a client's registration that a page may link to.</summary>
internal static class SafeLink
{
    /// <summary>Null for everything but https and http: no script, no data.</summary>
    public static string? Of(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? uri.AbsoluteUri : null;
}

/// <summary>The letter in an account's round badge.</summary>
internal static class Initial
{
    public static string Of(string? name) => string.IsNullOrEmpty(name) ? "" : System.Globalization.StringInfo.GetNextTextElement(name);
}
