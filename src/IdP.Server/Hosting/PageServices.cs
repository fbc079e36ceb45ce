using System.Text.Encodings.Web;
using System.Text.Unicode;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.WebEncoders;

namespace IdP.Server.Hosting;

/// <summary>Everything a person sees: pages, texts, assets, themes, and the headers around them.</summary>
internal static class PageServices
{
    public static IServiceCollection AddIdpPages(this IServiceCollection services)
    {
        services.AddMvcCore().ConfigureApplicationPartManager(OnlyOurPages).AddRazorPages(pages =>
        {
            pages.RootDirectory = "/";
            // Forms carry our own token (Csrf), which needs no key ring.
            pages.Conventions.ConfigureFilter(new IgnoreAntiforgeryTokenAttribute());
            pages.Conventions.ConfigureFilter(new NoHandlerNoPage());
        });
        ForgetDataProtection(services);
        ForgetAuthorization(services);

        // Chinese stays Chinese in the source of a page, and small.
        services.Configure<WebEncoderOptions>(encoder => encoder.TextEncoderSettings = new TextEncoderSettings(UnicodeRanges.All));
        services.AddHttpContextAccessor();
        services.AddSingleton<Brand>();
        services.AddSingleton<Assets>();
        services.AddSingleton<Preferences>();
        services.AddSingleton<PageRenderer>();
        services.AddSingleton<RefusalLog>();
        services.AddSingleton<LastApp>();
        services.AddSingleton<ErrorPages>();
        return services;
    }

    /// <summary>To stand first in the pipeline.</summary>
    public static IApplicationBuilder UseIdpPages(this IApplicationBuilder app)
    {
        var preferences = app.ApplicationServices.GetRequiredService<Preferences>();
        var errors = app.ApplicationServices.GetRequiredService<ErrorPages>();
        return app
            .UseSecurityHeaders()
            .Use(next => http => preferences.InvokeAsync(http, next))
            .Use(next => http => errors.InvokeAsync(http, next));
    }

    public static IEndpointRouteBuilder MapIdpPages(this IEndpointRouteBuilder routes, bool demo)
    {
        routes.ServiceProvider.GetRequiredService<Assets>().Map(routes);
        routes.MapMethods("/", ["GET", "HEAD"], async (HttpContext http, PageRenderer renderer, LastApp lastApp) =>
            await renderer.RenderAsync(http, "/Hosting/Pages/Front.cshtml", new FrontView(demo, await lastApp.FindAsync(http)), StatusCodes.Status200OK));
        // A page without a handler for the method would be drawn without its view.
        routes.MapRazorPages().WithMetadata(new HttpMethodMetadata(["GET", "HEAD", "POST"]));
        return routes;
    }

    // Whichever executable hosts us, the pages are those of this assembly, once; and nobody looks through its types for controllers.
    private static void OnlyOurPages(ApplicationPartManager manager)
    {
        manager.ApplicationParts.Clear();
        manager.ApplicationParts.Add(new CompiledRazorAssemblyPart(typeof(PageServices).Assembly));
    }

    // Razor Pages bring a key ring along that would write files at start; no cookie of ours is sealed with it.
    private static void ForgetDataProtection(IServiceCollection services)
    {
        foreach (var starter in services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType?.Namespace == "Microsoft.AspNetCore.DataProtection.Internal").ToList())
            services.Remove(starter);
        services.Replace(ServiceDescriptor.Singleton<IDataProtectionProvider, EphemeralDataProtectionProvider>());
        services.Replace(ServiceDescriptor.Singleton<ITempDataProvider, NoTempData>());
    }

    // Who may see a page is the sign-in's matter. The framework's own policies are not registered, and this is what would ask for them.
    private static void ForgetAuthorization(IServiceCollection services) =>
        services.Remove(services.Single(s => s.ImplementationType?.Name == "AuthorizationPageApplicationModelProvider"));
}

/// <summary>A method or a handler that the page does not have: the framework would draw the page without its view.</summary>
internal sealed class NoHandlerNoPage : IPageFilter
{
    public void OnPageHandlerSelected(PageHandlerSelectedContext context)
    {
    }

    public void OnPageHandlerExecuting(PageHandlerExecutingContext context)
    {
        if (context.HandlerMethod is null)
            context.Result = new StatusCodeResult(HttpMethods.IsPost(context.HttpContext.Request.Method) ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound);
    }

    public void OnPageHandlerExecuted(PageHandlerExecutedContext context)
    {
    }
}

internal sealed record FrontView(bool Demo, AppLink? App);
