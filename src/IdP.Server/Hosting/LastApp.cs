using IdP.Protocol;
using IdP.Protocol.Clients;
using IdP.Server.Storage;

namespace IdP.Server.Hosting;

/// <summary>
/// The app that sent this browser here last, and its sign-in: what a page that cannot go on offers as the way back. A cookie of the browser's session that
/// grants nothing: it names a registered client, and a sign-in that this browser must own by other cookies.
/// </summary>
internal sealed class LastApp(IdpCookies cookies, IClients clients)
{
    private const string Cookie = "idp.app";

    /// <summary>Characters. The name of a sign-in that carries a longer request is not kept: the cookie goes with every request.</summary>
    private const int LongestSignIn = 1500;

    public void Remember(HttpContext context, string clientId, string signIn) =>
        cookies.KeepForSession(context, Cookie, $"{(signIn.Length > LongestSignIn ? "" : signIn)}~{clientId}");

    /// <summary>The sign-in that was begun last, as addresses name it; whether it is still there, and this browser's, is the sign-in's matter.</summary>
    public string? SignIn(HttpContext context) => Read(context)?.SignIn;

    /// <summary>Null when there is none, it was removed, or it has no address that a link may lead to. During an outage too: the page must not wait for it.</summary>
    public async Task<AppLink?> FindAsync(HttpContext context)
    {
        try
        {
            return Read(context) is { } kept && await clients.FindAsync(kept.ClientId, context.RequestAborted) is { Enabled: true } client ? LinkTo(client) : null;
        }
        catch (Exception problem) when (problem is StoreUnavailableException || Outage.Find(problem) is not null)
        {
            return null;
        }
    }

    /// <summary>The home that the registration names, else the site that answers are sent to.</summary>
    public static AppLink? LinkTo(Client client) =>
        (SafeLink.Of(client.ClientUri) ?? client.RedirectUris.Select(SiteOf).FirstOrDefault(site => site is not null)) is { } home
            ? new(client.ClientName ?? client.ClientId, home)
            : null;

    private static string? SiteOf(string redirectUri) =>
        SafeLink.Of(redirectUri) is { } web ? new Uri(web).GetLeftPart(UriPartial.Authority) + "/" : null;

    private (string SignIn, string ClientId)? Read(HttpContext context) =>
        cookies.Kept(context, Cookie)?.Split('~', 2) is [{ Length: <= LongestSignIn } signIn, { Length: > 0 } clientId] ? (signIn, clientId) : null;
}

/// <param name="Home">https, or http on a loopback address.</param>
internal sealed record AppLink(string Name, string Home);
