using System.Globalization;

namespace IdP.Server.Hosting;

/// <summary>What an owner is told about a request, so that they recognise it or not: for which app, from which browser, from where.</summary>
/// <param name="App">The app's name; null where it is about this server's own pages.</param>
/// <param name="UserAgent">As sent, cut short; <see cref="BrowserName"/> makes words of it.</param>
/// <param name="Address">Where the request came from.</param>
/// <param name="Language">The one its pages speak.</param>
internal sealed record Circumstances(string? App = null, string? UserAgent = null, string? Address = null, string? Language = null)
{
    private const int LongestUserAgent = 400;

    public static readonly Circumstances Unknown = new();

    public static Circumstances Of(HttpContext http, string? app = null)
    {
        var agent = http.Request.Headers.UserAgent.ToString();
        return new(app, agent.Length > LongestUserAgent ? agent[..LongestUserAgent] : agent,
            http.Connection.RemoteIpAddress?.ToString(), CultureInfo.CurrentUICulture.Name);
    }
}
