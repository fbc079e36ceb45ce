using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace IdP.Server.Outbound;

/// <summary>What came of a request to somebody else's address. Every outcome is expected; none throws.</summary>
internal abstract record OutboundResult
{
    private OutboundResult() { }

    /// <param name="Body">Whole, at most as many bytes as were asked for.</param>
    internal sealed record Answered(HttpStatusCode Status, byte[] Body, string? MediaType, RetryConditionHeaderValue? RetryAfter) : OutboundResult;

    /// <summary>Never sent: the address is not one that this server connects to.</summary>
    internal sealed record Forbidden(string Why) : OutboundResult;

    /// <summary>No answer in time, a broken connection, a bad certificate, an answer that is too large, or a server that failed too often just now.</summary>
    internal sealed record Failed(string Why) : OutboundResult;
}

/// <summary>
/// The one way out to addresses that somebody else gave this server: https only, no private or loopback addresses (judged when the connection is
/// made), no redirects, no cookies, no proxy, five seconds in all, a limit on the answer's size. Reads are tried again; what changes something is not.
/// </summary>
internal sealed partial class OutboundHttp(IHttpClientFactory clients, ILogger<OutboundHttp> log)
{
    internal const string ClientName = "outbound";
    internal const int MostBytes = 256 * 1024;
    internal static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <param name="mostBytes">A larger answer is a failure.</param>
    public Task<OutboundResult> GetAsync(Uri address, CancellationToken cancel, int mostBytes = MostBytes) =>
        SendAsync(address, () => new HttpRequestMessage(HttpMethod.Get, address), mostBytes, cancel);

    public Task<OutboundResult> PostAsync(Uri address, HttpContent content, CancellationToken cancel, int mostBytes = MostBytes) =>
        SendAsync(address, () => new HttpRequestMessage(HttpMethod.Post, address) { Content = content }, mostBytes, cancel);

    /// <summary>Why this server would never send anything there, told before anything is resolved: for those who register addresses.</summary>
    public static string? Fault(Uri address) =>
        !address.IsAbsoluteUri || address.Scheme != Uri.UriSchemeHttps ? "the address must begin with https://"
        : address.UserInfo.Length > 0 ? "the address must not carry a user name or a password"
        : null;

    private async Task<OutboundResult> SendAsync(Uri address, Func<HttpRequestMessage> make, int mostBytes, CancellationToken cancel)
    {
        if (Fault(address) is { } fault)
            return new OutboundResult.Forbidden(fault);
        try
        {
            using var request = make();
            using var client = clients.CreateClient(ClientName);
            client.MaxResponseContentBufferSize = mostBytes;
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
            return new OutboundResult.Answered(
                answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancel), answer.Content.Headers.ContentType?.MediaType,
                answer.Headers.RetryAfter);
        }
        catch (HttpRequestException problem) when (Find<ForbiddenAddressException>(problem) is { } forbidden)
        {
            LogForbidden(address.Host);
            return new OutboundResult.Forbidden(forbidden.Message);
        }
        catch (Exception problem) when (problem is HttpRequestException or TimeoutRejectedException or BrokenCircuitException
            || (problem is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            // The host and no more: the path may hold somebody's secret (a push subscription is one).
            LogFailed(address.Host, problem.GetType().Name);
            return new OutboundResult.Failed(problem switch
            {
                HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => "the answer is too large",
                HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "the name does not resolve",
                HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no trusted TLS connection",
                BrokenCircuitException => "it failed too often just now",
                HttpRequestException => "no answer",
                _ => "no answer in time",
            });
        }
    }

    private static T? Find<T>(Exception? problem) where T : Exception => problem is null or T ? problem as T : Find<T>(problem.InnerException);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request to {Host} was not sent: the name leads to an address that Outbound:AllowedNetworks does not open")]
    private partial void LogForbidden(string host);

    [LoggerMessage(Level = LogLevel.Information, Message = "A request to {Host} failed: {Problem}")]
    private partial void LogFailed(string host, string problem);
}

/// <summary>A name led to no address that may be connected to.</summary>
internal sealed class ForbiddenAddressException(string host) : IOException($"'{host}' leads to no public address");

/// <summary>Connects only where <see cref="AddressRules"/> allow it: to the very address that was judged, so that no second look-up can change it.</summary>
internal sealed class GuardedConnection(AddressRules rules)
{
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var host = context.DnsEndPoint.Host;
        var all = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancel);
        IPAddress[] open = [.. all.Where(rules.Allows)];
        if (open.Length == 0)
            throw new ForbiddenAddressException(host);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
