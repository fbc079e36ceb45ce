using Microsoft.AspNetCore.Http.Extensions;

namespace IdP.Server.Hosting;

/// <summary>The address of this very page with one choice changed: plain links that keep the sign-in in progress and need no script.</summary>
internal static class SwitchLinks
{
    public static string With(HttpRequest request, string name, string value)
    {
        var kept = request.Query.Where(q => q.Key is not ("ui_locales" or "theme")).SelectMany(q => q.Value, (q, v) => KeyValuePair.Create(q.Key, v ?? ""));
        // Relative to the page: a path could begin with two slashes and so name another host.
        return new QueryBuilder(kept) { { name, value } }.ToQueryString().Value!;
    }
}
