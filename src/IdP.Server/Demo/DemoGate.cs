using System.Net;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Demo;

/// <summary>
/// The demo shows a person's password and every mail, reset links included: it answers this machine alone. A peer elsewhere, a request that something passed on (a proxy, a
/// tunnel) and a Host that is no name of this machine (DNS rebinding) find nothing here.
/// </summary>
internal static class DemoGate
{
    private static readonly string[] Forwarding = ["Forwarded", "Via"];
    private static readonly string[] ForwardingPrefixes = ["X-Forwarded", "X-Original", "X-Real-", "X-Client-", "CF-", "True-Client-"];

    public static bool Opens(HttpContext http) =>
        http.Connection.RemoteIpAddress is { } peer && IPAddress.IsLoopback(peer) && IsOurs(http.Request.Host) && !http.Request.Headers.Keys.Any(IsForwarding);

    private static bool IsOurs(HostString host) =>
        Uri.TryCreate($"http://{host.Value}", UriKind.Absolute, out var uri) && UriRules.IsLoopback(uri);

    private static bool IsForwarding(string header) =>
        Forwarding.Contains(header, StringComparer.OrdinalIgnoreCase) || ForwardingPrefixes.Any(prefix => header.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
