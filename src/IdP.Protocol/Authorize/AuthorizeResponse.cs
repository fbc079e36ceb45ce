using System.Text;

namespace IdP.Protocol.Authorize;

/// <summary>
/// Authorization responses, successes and errors alike (RFC 6749 §4.1.2, OIDC Core §3.1.2.5): state byte by byte as it came, and always iss (RFC 9207 §2).
/// The same list of parameters goes into a query or into a self-posting form.
/// </summary>
public sealed class AuthorizeResponse(ProtocolOptions options)
{
    public IReadOnlyList<KeyValuePair<string, string>> Success(ResponseTarget target, string code)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Complete(target, [new("code", code)]);
    }

    public IReadOnlyList<KeyValuePair<string, string>> Error(ResponseTarget target, ProtocolError error)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(error);
        return Complete(target, [new("error", error.Code), new("error_description", error.Description)]);
    }

    /// <summary>The address for response_mode=query; parameters the client registered in its redirect URI stay where they are.</summary>
    public static string Location(ResponseTarget target, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Appended(target.RedirectUri, parameters);
    }

    internal static string Appended(string address, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        var location = new StringBuilder(address);
        var separator = !address.Contains('?', StringComparison.Ordinal) ? '?' : '&';
        if (address[^1] is '?' or '&')
            separator = '\0';
        foreach (var (name, value) in parameters)
        {
            if (separator != '\0')
                location.Append(separator);
            location.Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
        return location.ToString();
    }

    private List<KeyValuePair<string, string>> Complete(ResponseTarget target, List<KeyValuePair<string, string>> parameters)
    {
        if (target.State is { } state)
            parameters.Add(new("state", state));
        parameters.Add(new("iss", options.Issuer));
        return parameters;
    }
}
