using IdP.Server.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdP.Server.Demo;

/// <summary>The demo: a person, a relying party and a protected API on this very server, in Development only. Where it is off, its routes do not exist.</summary>
internal static class DemoServices
{
    /// <summary>Never in Production, whatever the settings say.</summary>
    public static bool IsOn(IHostEnvironment environment, IdpOptions options) =>
        !environment.IsProduction() && (options.Demo.Enabled ?? environment.IsDevelopment());

    public static IServiceCollection AddIdpDemo(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<DemoIdentity>();
        services.AddSingleton<DemoVisits>();
        services.AddSingleton<DemoIssuer>();
        services.AddSingleton<DemoRelyingParty>();
        services.AddHostedService<DemoSeed>();
        return services;
    }

    public static IEndpointRouteBuilder MapIdpDemo(this IEndpointRouteBuilder routes)
    {
        var demo = routes.MapGroup("/demo");
        DemoPages.Map(demo);
        DemoApi.Map(demo);
        DemoMail.Map(demo);
        return routes;
    }
}
