using System.Collections.Concurrent;
using IdP.Server.Storage;

namespace IdP.Server.Demo;

/// <summary>The demo app's own sessions: its cookie has nothing to do with the server's.</summary>
internal sealed class DemoVisits
{
    private const string Cookie = "idp.demo";
    private const int Most = 500;
    private readonly ConcurrentDictionary<string, DemoVisit> visits = [];

    public DemoVisit Of(HttpContext http)
    {
        if (http.Request.Cookies[Cookie] is { } known && visits.TryGetValue(known, out var visit))
            return visit;

        // A demo forgets rather than grows.
        if (visits.Count >= Most)
            visits.Clear();
        var id = Handles.New();
        http.Response.Cookies.Append(Cookie, id, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/demo", Secure = http.Request.IsHttps });
        return visits.GetOrAdd(id, new DemoVisit());
    }
}

internal sealed class DemoVisit
{
    /// <summary>The one sign-in under way; a newer one replaces it.</summary>
    public DemoAttempt? Attempt { get; set; }
    public DemoTokens? Tokens { get; set; }
    /// <summary>The last error that came back, shown once.</summary>
    public string? Error { get; set; }
}

/// <summary>What the app remembers between its request and the answer.</summary>
/// <param name="ReturnTo">Where in the demo the person goes on.</param>
internal sealed record DemoAttempt(string State, string Nonce, string Verifier, string ReturnTo);

internal sealed record DemoTokens(
    string IdToken, string AccessToken, IReadOnlyList<DemoClaim> IdClaims, IReadOnlyList<DemoClaim> AccessClaims, IReadOnlyList<DemoClaim> UserInfo)
{
    /// <summary>From the ID token, else from userinfo.</summary>
    public string? this[string name] => IdClaims.Concat(UserInfo).FirstOrDefault(claim => claim.Name == name)?.Value;
}

internal sealed record DemoClaim(string Name, string Value);
