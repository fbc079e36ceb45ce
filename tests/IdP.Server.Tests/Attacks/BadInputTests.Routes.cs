using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.AspNetCore.Routing;

namespace IdP.Server.Tests.Attacks;

/// <summary>A route that is added has to come with its rows.</summary>
public abstract partial class BadInputTests
{
    [Fact]
    public async Task Every_route_has_its_rows()
    {
        var loader = idp.Service<PageLoader>();
        SortedSet<string> routes = [];
        foreach (var endpoint in idp.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var route = "/" + (endpoint.RoutePattern.RawText ?? "").TrimStart('/').Replace("/{handler?}", "", StringComparison.Ordinal);
            routes.Add(route);
            if (endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not { } page)
                continue;
            var handlers = (await loader.LoadAsync(page, EndpointMetadataCollection.Empty)).HandlerMethods.Select(handler => handler.Name).OfType<string>();
            routes.UnionWith(handlers.Select(handler => $"{route}/{char.ToLowerInvariant(handler[0])}{handler[1..]}"));
        }

        Assert.Contains("/verify/again", routes);
        Assert.Contains("/connect/token", routes);
        Assert.Equal(routes.Order(StringComparer.Ordinal), Paths.Order(StringComparer.Ordinal));
    }
}
