using System.Net;
using System.Net.Sockets;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace IdP.Server.Tests.Support;

/// <summary>
/// A person's browser without a screen: its own cookies, follows redirects on our server only, fills forms by field name, and stops
/// where the client's redirect URI would be called. Each request may be sent through another node: the address stays the issuer's.
/// </summary>
public sealed class Browser : IDisposable
{
    private static readonly HtmlParser Parser = new();

    private readonly Uri issuer;
    private readonly HttpMessageInvoker[] nodes;

    public Browser(Uri issuer, IReadOnlyList<int> ports)
    {
        this.issuer = issuer;
        nodes = [.. ports.Select(port => Through(port))];
    }

    public CookieContainer Cookies { get; } = new();

    /// <summary>What it sends to the server, for requests that it does not make itself.</summary>
    public string CookieHeader => Cookies.GetCookieHeader(issuer);

    /// <summary>Which node answers the next request; a load balancer without stickiness is a function that alternates.</summary>
    public Func<int> Node { get; set; } = () => 0;

    /// <summary>As a person who tidies up by hand, or a browser that was closed.</summary>
    public void Forget(string name)
    {
        foreach (System.Net.Cookie cookie in Cookies.GetCookies(issuer))
            cookie.Expired |= cookie.Name == name || cookie.Name == "__Host-" + name;
    }

    public string Language { get; set; } = "en";

    public string UserAgent { get; set; } = "Mozilla/5.0 (test browser)";

    /// <summary>The address that a proxy in front would say this browser has; null where there is no proxy.</summary>
    public string? Address { get; set; }

    /// <summary>Which redirects are followed; before another this browser comes to rest.</summary>
    public Func<Uri, bool> Follows { get; set; } = _ => true;
    /// <summary>A path of ours that it stays before, as somebody who looks where a redirect leads; null follows all.</summary>
    public string? StopBefore { get; set; }

    /// <summary>Until when it waits for an answer.</summary>
    public CancellationToken Patience { get; set; }

    /// <summary>What was answered on the last way, also when the server was gone before its end.</summary>
    public IReadOnlyList<Hop> Trail { get; private set; } = [];

    public bool HasCookie(string name) => Cookies.GetCookies(issuer).Any(cookie => cookie.Name == name || cookie.Name == "__Host-" + name);

    /// <summary>Goes to an address as a link on another site would.</summary>
    public Task<Stop> OpenAsync(string url) => GoAsync(() => Navigation(HttpMethod.Get, new Uri(issuer, url), "cross-site"));

    /// <summary>Types an address, or follows a link on our own pages.</summary>
    public Task<Stop> VisitAsync(string url) => GoAsync(() => Navigation(HttpMethod.Get, new Uri(issuer, url), "same-origin"));

    /// <summary>A form on another site posts to us: SameSite=Lax cookies stay at home, as in a real browser.</summary>
    public Task<Stop> PostFromElsewhereAsync(string url, IEnumerable<KeyValuePair<string, string>> fields) => GoAsync(() =>
    {
        var request = Navigation(HttpMethod.Post, new Uri(issuer, url), "cross-site");
        request.Headers.Remove("Cookie");
        request.Headers.TryAddWithoutValidation("Origin", "https://elsewhere.example");
        request.Content = new FormUrlEncodedContent(fields);
        return request;
    });

    /// <summary>Posts to our own server from our own page, with whatever fields; the raw tool of the step-skipping tests.</summary>
    public Task<Stop> PostAsync(string url, IEnumerable<KeyValuePair<string, string>> fields, string? origin = null) =>
        PostAsync(url, new FormUrlEncodedContent(fields), origin);

    /// <summary>The same with a body of any kind.</summary>
    public Task<Stop> PostAsync(string url, HttpContent body, string? origin = null) => GoAsync(() =>
    {
        var request = Navigation(HttpMethod.Post, new Uri(issuer, url), origin is null ? "same-origin" : "cross-site");
        request.Headers.TryAddWithoutValidation("Origin", origin ?? issuer.GetLeftPart(UriPartial.Authority));
        request.Content = body;
        return request;
    });

    /// <summary>Presses "send the code" where a page has no more than that yet.</summary>
    public Task<Stop> SendCodeAsync(Stop at) => at?.Page?.QuerySelector("[data-unsent]") is null
        ? Task.FromResult(at!)
        : SubmitAsync(at, new Dictionary<string, string>(), at!.At + "/again");

    /// <summary>Fills the page's form (the first, or the one that posts to <paramref name="action"/>) and sends it.</summary>
    public Task<Stop> SubmitAsync(Stop at, IReadOnlyDictionary<string, string> fill, string? action = null)
    {
        ArgumentNullException.ThrowIfNull(at);
        ArgumentNullException.ThrowIfNull(fill);
        var form = at.Form(action);
        var fields = Fields(form);
        foreach (var (name, value) in fill)
            fields[name] = value;
        return PostAsync(new Uri(at.Url, form.GetAttribute("action") ?? at.Url.PathAndQuery).ToString(), fields);
    }

    /// <summary>Hidden fields and prefilled values; not the buttons.</summary>
    public static Dictionary<string, string> Fields(IHtmlFormElement form)
    {
        ArgumentNullException.ThrowIfNull(form);
        return form.Elements.OfType<IHtmlInputElement>().Where(input => input.Name is { Length: > 0 } && input.Type is not ("submit" or "checkbox" or "radio"))
            .GroupBy(input => input.Name!).ToDictionary(group => group.Key, group => group.First().Value);
    }

    private async Task<Stop> GoAsync(Func<HttpRequestMessage> first)
    {
        List<Hop> trail = [];
        Trail = trail;
        var request = first();
        while (true)
        {
            using var response = await nodes[Node() % nodes.Length].SendAsync(request, Patience);
            var url = request.RequestUri!;
            KeepCookies(url, response);
            var html = response.Content.Headers.ContentType?.MediaType == "text/html";
            var page = html ? Parser.ParseDocument(await response.Content.ReadAsStringAsync()) : null;
            var refresh = Refresh(page);
            var location = (response.Headers.Location ?? refresh) is { } to ? new Uri(url, to) : null;
            trail.Add(new Hop(request.Method.Method, url, response.StatusCode, location, HttpResponseHead.Of(response)));
            if (((int)response.StatusCode is 301 or 302 or 303 || refresh is not null) && location is not null)
            {
                if (!Ours(location))
                    return new Stop(location, response.StatusCode, null, new AuthorizationAnswer("GET", location, ParseQuery(location.Query)), trail);
                if (!Follows(location) || location.AbsolutePath == StopBefore)
                    return new Stop(location, response.StatusCode, null, null, trail);
                Assert.True(trail.Count < 20, $"redirects in a circle: {location}");
                request = Navigation(HttpMethod.Get, location, "same-origin");
                continue;
            }

            Assert.False((int)response.StatusCode is 307 or 308, "307 and 308 carry a posted password on");
            return new Stop(url, response.StatusCode, page, page is null ? null : FormPost(page, url), trail);
        }
    }

    /// <summary>Where the page itself goes on to, as the page that leaves for an app does.</summary>
    private static Uri? Refresh(IHtmlDocument? page)
    {
        const string AtOnce = "0;url=";
        var content = page?.QuerySelector("meta[http-equiv=refresh]")?.GetAttribute("content");
        return content?.StartsWith(AtOnce, StringComparison.Ordinal) is true ? new Uri(content[AtOnce.Length..]) : null;
    }

    private AuthorizationAnswer? FormPost(IHtmlDocument page, Uri url)
    {
        var form = page.Forms.FirstOrDefault(form => form.Method == "post" && form.GetAttribute("action") is { } action && !Ours(new Uri(url, action)));
        return form is null
            ? null
            : new AuthorizationAnswer("POST", new Uri(url, form.GetAttribute("action")!), [.. form.QuerySelectorAll("input[type=hidden]").Cast<IHtmlInputElement>().Select(input => KeyValuePair.Create(input.Name!, input.Value))]);
    }

    private bool Ours(Uri uri) => uri.GetLeftPart(UriPartial.Authority) == issuer.GetLeftPart(UriPartial.Authority);

    private HttpRequestMessage Navigation(HttpMethod method, Uri url, string site)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.TryAddWithoutValidation("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        request.Headers.TryAddWithoutValidation("Accept-Language", Language);
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (Address is not null)
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", Address);
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Mode", "navigate");
        request.Headers.TryAddWithoutValidation("Sec-Fetch-Dest", "document");
        if (Cookies.GetCookieHeader(url) is { Length: > 0 } cookies)
            request.Headers.TryAddWithoutValidation("Cookie", cookies);
        return request;
    }

    private void KeepCookies(Uri url, HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Set-Cookie", out var cookies))
            return;
        foreach (var cookie in cookies)
            Cookies.SetCookies(url, cookie);
    }

    internal static IReadOnlyList<KeyValuePair<string, string>> ParseQuery(string query) =>
        [.. query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
            .Select(pair => KeyValuePair.Create(WebUtility.UrlDecode(pair[0]), pair.Length > 1 ? WebUtility.UrlDecode(pair[1]) : ""))];

    /// <summary>Connects to one node whatever the address says, as a load balancer does.</summary>
    internal static HttpMessageInvoker Through(int port) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        SslOptions = TestCertificate.Trusting(),
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    });

    public void Dispose()
    {
        foreach (var node in nodes)
            node.Dispose();
    }
}
