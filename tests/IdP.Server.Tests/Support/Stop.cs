using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;

namespace IdP.Server.Tests.Support;

/// <summary>Where a browser came to rest: a page of ours, or the client's redirect URI with the answer in its hands.</summary>
/// <param name="Trail">Every response on the way, redirects included.</param>
public sealed record Stop(Uri Url, HttpStatusCode Status, IHtmlDocument? Page, AuthorizationAnswer? Answer, IReadOnlyList<Hop> Trail)
{
    /// <summary>"/sign-in", "/verify", ...; "client" when the browser left for the client.</summary>
    public string At => Answer is null ? Url.AbsolutePath : "client";

    /// <summary>Of a page of a sign-in: its id, without what travels with it while nothing is proven.</summary>
    public string SignInId => SignInIdIn(Url.Query);

    public static string SignInIdIn(string query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query["?tx=".Length..].Split('.')[0];
    }

    /// <summary>The code of an error shown to the person; null on any other page.</summary>
    public string? PersonError => Page?.QuerySelector("main[data-error]")?.GetAttribute("data-error");

    public IHtmlFormElement Form(string? action = null) =>
        Page?.Forms.FirstOrDefault(form => string.Equals(form.Method, "post", StringComparison.OrdinalIgnoreCase) && (action is null || new Uri(Url, form.GetAttribute("action") ?? "").AbsolutePath == action))
        ?? throw new InvalidOperationException($"No form{(action is null ? "" : " for " + action)} on {Describe()}");

    public AuthorizationAnswer MustAnswer() => Answer ?? throw new InvalidOperationException($"The client was not answered: {Describe()}");

    public string Describe()
    {
        if (Answer is { } answer)
            return $"answer {answer}";
        var text = Page?.Body?.TextContent.ReplaceLineEndings(" ") ?? "";
        return $"{(int)Status} at {Url.PathAndQuery} error={PersonError} text={text[..Math.Min(text.Length, 400)]}";
    }
}

/// <summary>One response on the way.</summary>
public sealed record Hop(string Method, Uri Url, HttpStatusCode Status, Uri? Location, HttpResponseHead Head);

/// <summary>Headers as received, names case-insensitive.</summary>
public sealed record HttpResponseHead(IReadOnlyDictionary<string, IReadOnlyList<string>> Headers)
{
    public string? this[string name] => Headers.TryGetValue(name, out var values) ? string.Join(", ", values) : null;

    public IReadOnlyList<string> All(string name) => Headers.GetValueOrDefault(name, []);

    public static HttpResponseHead Of(HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return new(response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => (IReadOnlyList<string>)[.. h.Value], StringComparer.OrdinalIgnoreCase));
    }
}

/// <summary>What reached the client's redirect URI.</summary>
/// <param name="Method">"GET" (query) or "POST" (form_post).</param>
/// <param name="Uri">As called; for form_post the form's action.</param>
/// <param name="Values">All parameters that the response carried, registered query included, in order.</param>
public sealed record AuthorizationAnswer(string Method, Uri Uri, IReadOnlyList<KeyValuePair<string, string>> Values)
{
    public string? this[string name] => Values.Where(pair => pair.Key == name).Select(pair => pair.Value).FirstOrDefault();

    public string Code => this["code"] ?? throw new InvalidOperationException($"No code: {this}");

    public string? Error => this["error"];

    public override string ToString() => $"{Method} {Uri} {string.Join(' ', Values)}";
}
