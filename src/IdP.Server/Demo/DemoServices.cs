using IdP.Server.Hosting;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Demo;

/// <summary>The demo: a person, a relying party and a protected API on this very server, in Development only. Where it is off, its routes do not exist.</summary>
internal static class DemoServices
{
    /// <summary>Never outside Development, whatever the settings say: its page shows a person's password.</summary>
    public static bool IsOn(IHostEnvironment environment, IdpOptions options) =>
        environment.IsDevelopment() && options.Demo.Enabled != false;

    /// <summary>
    /// Why the server must not start: behind a public name anybody may ask for a reset link and read it in the demo's mailbox. Null when there is no demo, or its issuer is
    /// an address of this machine.
    /// </summary>
    public static string? Fault(IHostEnvironment environment, IdpOptions options) => !IsOn(environment, options) || UriRules.IsLoopback(new Uri(options.Issuer))
        ? null
        : $"Issuer: '{options.Issuer}' is public, and in {environment.EnvironmentName} the demo shows everybody's mails, so that anybody could take over any account; "
            + "set DOTNET_ENVIRONMENT=Production (IDP__Demo__Enabled=false keeps Development without the demo)";

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
        demo.AddEndpointFilter((call, next) => DemoGate.Opens(call.HttpContext) ? next(call) : new(Results.NotFound()));
        DemoPages.Map(demo);
        DemoApi.Map(demo);
        DemoMail.Map(demo);
        return routes;
    }
}
