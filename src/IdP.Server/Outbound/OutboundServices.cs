using System.Net;
using IdP.Server.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Polly;

namespace IdP.Server.Outbound;

internal static class OutboundServices
{
    private static readonly TimeSpan OneTry = TimeSpan.FromSeconds(2);

    public static IServiceCollection AddOutbound(this IServiceCollection services, OutboundOptions options)
    {
        var connection = new GuardedConnection(new AddressRules([.. options.AllowedNetworks.Select(Network)]));
        services.AddSingleton<OutboundHttp>();
        services.AddHttpClient(OutboundHttp.ClientName, client =>
            {
                // Two seconds more than the pipeline's deadline: it never comes to that.
                client.Timeout = OutboundHttp.Deadline + TimeSpan.FromSeconds(2);
                client.DefaultRequestVersion = HttpVersion.Version20;
                client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
            })
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                AutomaticDecompression = DecompressionMethods.None,
                MaxResponseHeadersLength = 16,
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
                ConnectCallback = connection.ConnectAsync,
            })
            // Its lines name whole addresses.
            .RemoveAllLoggers()
            .AddResilienceHandler(OutboundHttp.ClientName, (pipeline, _) => pipeline
                .AddTimeout(OutboundHttp.Deadline)
                .AddRetry(new HttpRetryStrategyOptions
                {
                    MaxRetryAttempts = 1,
                    Delay = TimeSpan.FromMilliseconds(200),
                    UseJitter = true,
                    ShouldHandle = attempt => ValueTask.FromResult(
                        HttpClientResiliencePredicates.IsTransient(attempt.Outcome)
                        && IsRead(attempt.Context) && attempt.Outcome.Exception?.InnerException is not ForbiddenAddressException),
                })
                .AddTimeout(OneTry))
            .SelectPipelineByAuthority();
        return services;
    }

    /// <summary>A single address is a network of one.</summary>
    public static IPNetwork Network(string text) =>
        IPAddress.TryParse(text, out var address) ? new(address, address.GetAddressBytes().Length * 8) : IPNetwork.Parse(text);

    private static bool IsRead(ResilienceContext context) =>
        context.GetRequestMessage() is { } request && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head);
}
