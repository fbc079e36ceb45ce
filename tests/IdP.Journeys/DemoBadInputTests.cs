using System.Text;
using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Routing;

namespace IdP.Journeys;

/// <summary>I-8 for the demo's own addresses, which exist in Development alone: whatever is sent there is answered in order, and leads nowhere else.</summary>
public abstract class DemoBadInputTests(JourneyHost host)
{
    private static readonly Dictionary<string, string> Routes = new()
    {
        ["/demo"] = "ui_locales theme", ["/demo/code"] = "any", ["/demo/sign-in"] = "how", ["/demo/callback"] = "code state iss error error_description", ["/demo/sign-out"] = "any", ["/demo/money"] = "again",
        ["/demo/api"] = "access_token", ["/demo/mail"] = "any",
    };

    private static readonly string[] Spoilt =
    [
        "", new('x', 4000), "\0", "x\0", "\r\nSet-Cookie: evil=1", "\u0001\u001b[31m", "\uFFFD\uFFFE", "-99999999999999999999", """{"a":[{"b":1e999}]}""", "   ", "<script>alert(1)</script>\"'>", "https://evil.example/", "//evil.example", "邮箱安全",
    ];

    private readonly TestIdp idp = host.Idp;

    public static TheoryData<string> Table => [.. Routes.Keys];

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Whatever_is_sent_to_the_demo_is_answered_in_order(string route)
    {
        var logged = idp.Log.Errors.Count();
        using var browser = idp.Browser();
        foreach (var name in Routes[route].Split(' '))
        {
            foreach (var value in Spoilt)
            {
                // In the middle of a sign-in, so that the callback has something to compare with; its state right, unless that is what is spoilt.
                browser.StopBefore = "/connect/authorize";
                var state = Browser.ParseQuery((await browser.VisitAsync("/demo/sign-in")).Url.Query).First(pair => pair.Key == "state").Value;
                browser.StopBefore = null;
                List<KeyValuePair<string, string>> pairs = route == "/demo/callback" ? [new("state", state), new("iss", idp.Issuer), new("code", "x")] : [];
                pairs.RemoveAll(pair => pair.Key == name);
                foreach (var sent in new[] { [.. pairs, new(name, value)], pairs, (List<KeyValuePair<string, string>>)[.. pairs, new(name, value), new(name, "other")] })
                {
                    var query = string.Join('&', sent.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
                    InOrder(await browser.VisitAsync($"{route}?{query}"), $"GET {route}?{query}");
                    InOrder(await browser.PostAsync(route, new StringContent(query, Encoding.ASCII, "application/x-www-form-urlencoded")), $"POST {route} {query}");
                }
            }
        }

        Assert.Equal("", string.Join('\n', idp.Log.Errors.Skip(logged)));
    }

    [Fact]
    public void Every_route_of_the_demo_has_its_row()
    {
        var routes = idp.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/')).Where(route => route.StartsWith("/demo", StringComparison.Ordinal));
        Assert.Equal(routes.Distinct().Order(StringComparer.Ordinal), Routes.Keys.Order(StringComparer.Ordinal));
    }

    private void InOrder(Stop stop, string what)
    {
        foreach (var hop in stop.Trail)
        {
            Assert.True((int)hop.Status is >= 200 and < 500, $"{what}: {(int)hop.Status} at {hop.Url}");
            Assert.True(hop.Head["Set-Cookie"]?.Contains("evil", StringComparison.Ordinal) is not true, what);
            Assert.True(hop.Location is null || hop.Location.GetLeftPart(UriPartial.Authority) == idp.Issuer, $"{what} → {hop.Location}");
        }

        Assert.Empty(stop.Page?.QuerySelectorAll("script:not([src])").AsEnumerable() ?? []);
    }
}

[Thorough, Collection(nameof(OnSqlite))]
public sealed class DemoBadInput_on_SQLite_and_memory(SqliteJourneyHost host) : DemoBadInputTests(host);

[Collection(nameof(OnPostgres))]
public sealed class DemoBadInput_on_PostgreSQL_and_Redis(PostgresJourneyHost host) : DemoBadInputTests(host);
