using IdP.Server.Hosting;

namespace IdP.Server.Demo;

/// <summary>The demo: a person, a relying party and a protected API on this very server, in Development only. Where it is off, its routes do not exist.</summary>
internal static class DemoServices
{
    /// <summary>Never outside Development, whatever the settings say: its page shows a person's password.</summary>
    public static bool IsOn(IHostEnvironment environment, IdpOptions options) =>
        environment.IsDevelopment() && options.Demo.Enabled != false;

    public static IServiceCollection AddIdpDemo(this IServiceCollection services)
    {
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
