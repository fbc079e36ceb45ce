using Microsoft.AspNetCore.Http.Extensions;

namespace IdP.Server.Hosting;

/// <summary>The address of this very page with one choice changed: plain links that keep the sign-in in progress and need no script.</summary>
internal static class SwitchLinks
{
    public static string With(HttpRequest request, string name, string value) => new QueryBuilder(Kept(request)) { { name, value } }.ToQueryString().Value!;

    /// <summary>This very page, once more.</summary>
    public static string Here(HttpRequest request) => new QueryBuilder(Kept(request)).ToQueryString() is { HasValue: true } query ? query.Value! : "?";

    // Relative to the page: a path could begin with two slashes and so name another host.
    private static IEnumerable<KeyValuePair<string, string>> Kept(HttpRequest request) =>
        request.Query.Where(q => q.Key is not ("ui_locales" or "theme")).SelectMany(q => q.Value, (q, v) => KeyValuePair.Create(q.Key, v ?? ""));
}
