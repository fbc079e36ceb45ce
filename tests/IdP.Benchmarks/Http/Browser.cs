using System.Net;
using System.Text.RegularExpressions;

namespace IdP.Benchmarks.Http;

/// <summary>As much of a browser as a journey needs: cookies, redirects on its own server, the form of a page.</summary>
internal sealed partial class Browser(Wire wire, string issuer)
{
    private readonly Dictionary<string, (string Value, bool Stays)> cookies = new(StringComparer.Ordinal);
    private readonly string authority = new Uri(issuer).Authority;

    /// <summary>Follows redirects, those by page too, until a page is shown or another server is named; then the page is empty and the address absolute.</summary>
    public (string Address, string Page) Go(string path) => Follow(path, Requests.Get(authority, path, Headers()));

    /// <summary>Sends back the page's form that has the first of these fields; its hidden fields go as they are.</summary>
    public (string Address, string Page) Submit(string path, string page, params (string Name, string Value)[] filled)
    {
        var form = Form().Matches(page).Select(m => m.Value).FirstOrDefault(f => f.Contains($"name=\"{filled[0].Name}\"", StringComparison.Ordinal))
            ?? throw new BenchmarkException($"no form with '{filled[0].Name}' at {path}: {page}");
        var action = Attribute(form[..form.IndexOf('>', StringComparison.Ordinal)], "action") is { Length: > 0 } named ? named : path;
        var fields = filled.ToList();
        foreach (Match input in HiddenInput().Matches(form))
        {
            var name = Attribute(input.Value, "name");
            if (!fields.Exists(f => f.Name == name))
                fields.Add((name, Attribute(input.Value, "value")));
        }
        return Follow(action, Requests.Post(authority, action, [.. fields], Headers($"Origin: {issuer}", "Sec-Fetch-Site: same-origin")));
    }

    /// <summary>Closed and opened again: only cookies with a lifetime are left (RFC 6265 §5.3).</summary>
    public void Reopen()
    {
        foreach (var name in cookies.Where(c => !c.Value.Stays).Select(c => c.Key).ToList())
            cookies.Remove(name);
    }

    private (string, string) Follow(string path, byte[] request)
    {
        for (var hop = 0; hop < 10; hop++)
        {
            var reply = wire.Send(request).Expect(200, 302, 303);
            foreach (var cookie in reply.Headers("Set-Cookie"))
            {
                var pair = cookie.Split(';', 2)[0].Split('=', 2);
                if (pair[1].Length == 0)
                    cookies.Remove(pair[0]);
                else
                    cookies[pair[0]] = (pair[1], cookie.Contains("max-age=", StringComparison.OrdinalIgnoreCase) || cookie.Contains("expires=", StringComparison.OrdinalIgnoreCase));
            }
            var page = reply.Status == 200 ? reply.Text : "";
            var location = reply.Status == 200 ? Refresh(page) : reply.Header("Location");
            if (location is null)
                return (path, page);
            var next = new Uri(new Uri(issuer + path), location);
            if (next.Authority != authority)
                return (next.AbsoluteUri, "");
            path = next.PathAndQuery;
            request = Requests.Get(authority, path, Headers());
        }
        throw new BenchmarkException("ten redirects in a row, the last to " + path);
    }

    /// <summary>Where the page that leaves for an app goes on to; null on any other.</summary>
    private static string? Refresh(string page) =>
        RefreshTag().Match(page) is { Success: true } tag ? WebUtility.HtmlDecode(tag.Groups[1].Value) : null;

    private string[] Headers(params string[] more) =>
        cookies.Count == 0 ? more : [.. more, "Cookie: " + string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value.Value}"))];

    private static string Attribute(string tag, string name)
    {
        var mark = $" {name}=\"";
        var start = tag.IndexOf(mark, StringComparison.Ordinal) + mark.Length;
        return start < mark.Length ? "" : WebUtility.HtmlDecode(tag[start..tag.IndexOf('"', start)]);
    }

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<meta http-equiv=\"refresh\" content=\"0;url=([^\"]*)\">")]
    private static partial Regex RefreshTag();

    [GeneratedRegex("<input[^>]*type=\"hidden\"[^>]*>")]
    private static partial Regex HiddenInput();
}
