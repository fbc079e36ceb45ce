using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace IdP.Server.Hosting;

/// <summary>X-Forwarded-For, -Proto and -Host are believed from the configured proxies only; from anybody else they are air.</summary>
internal static class Proxies
{
    public static void UseForwardedFrom(this IApplicationBuilder app, ProxyOptions proxies)
    {
        if (proxies.Known.Count == 0)
            return;
        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
            ForwardLimit = null,
        };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var known in proxies.Known)
        {
            if (IPAddress.TryParse(known, out var address))
                forwarded.KnownProxies.Add(address);
            else
                forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(known));
        }

        app.UseForwardedHeaders(forwarded);
    }
}
