using IdP.Protocol;
using IdP.Protocol.Tokens;
using IdP.Server.Accounts;
using IdP.Server.Connect;
using IdP.Server.Demo;
using IdP.Server.DeviceTrust;
using IdP.Server.Factors;
using IdP.Server.Mail;
using IdP.Server.Outbound;
using IdP.Server.Recovery;
using IdP.Server.Settings;
using IdP.Server.SignIn;
using IdP.Server.Storage;
using IdP.Server.Storage.Clients;
using IdP.Server.Storage.Keys;

namespace IdP.Server.Hosting;

/// <summary>Builds the server: settings, rooms, pipeline, routes - in the order a request meets them.</summary>
internal static class IdpHost
{
    /// <param name="args">Settings as --Section:Key VALUE.</param>
    /// <param name="tune">For tests: replaces parts, such as the clock, after everything is registered.</param>
    /// <param name="environment">For tests, whose hosts share one process; else the process's own.</param>
    /// <exception cref="BadConfigurationException">With every fault of the settings.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? tune = null, string? environment = null)
    {
        var options = IdpConfiguration.Load(args);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = environment ?? IdpConfiguration.EnvironmentName,
            // Settings are read once. Watching for changes would see every write to a database below this folder.
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        if (DemoServices.Fault(builder.Environment, options) is { } fault)
            throw new BadConfigurationException([fault]);
        // One core: somebody has to answer while a commit waits for the disk.
        if (Environment.ProcessorCount == 1)
            ThreadPool.SetMinThreads(2, 1);
        builder.AddIdpLogging(args);
        builder.WebHost.ConfigureIdpKestrel(options);
        AddRooms(builder.Services, options, builder.Environment);
        tune?.Invoke(builder);
        if (FactorSettings.Faults(builder.Services, options) is { Count: > 0 } faults)
            throw new BadConfigurationException(faults);

        var app = builder.Build();
        RuntimeNotice.Write(app.Logger);
        app.UseManagement(options);
        app.UseForwardedFrom(options.Proxies);
        app.UseIdpPages();
        // Inside the error pages: they must not take the deadline's own cancellation for a browser that went away.
        app.UseRequestTimeouts();
        app.UseRouting();
        app.MapIdpConnect();
        app.MapIdpSignIn();
        app.MapIdpSettings();
        app.MapSecondFactors();
        var demo = DemoServices.IsOn(app.Environment, options);
        app.MapIdpPages(demo);
        if (demo)
            app.MapIdpDemo();
        return app;
    }

    /// <summary>Why these settings, each sound by itself, must not start in this environment, or mean nothing to the installed kinds of second factors.</summary>
    public static IReadOnlyList<string> Faults(IdpOptions options, IHostEnvironment environment) =>
        [.. DemoServices.Fault(environment, options) is { } fault ? [fault] : Array.Empty<string>(), .. FactorSettings.Faults(new ServiceCollection().AddSecondFactors(), options)];

    private static void AddRooms(IServiceCollection services, IdpOptions options, IHostEnvironment environment)
    {
        var protocol = new ProtocolOptions { Issuer = options.Issuer, AcrNames = options.Acr.Names };
        services
            .AddSingleton(options)
            .AddSingleton(protocol)
            .AddSingleton(new AcrLevels(protocol))
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IdpCookies>()
            .AddSingleton<Csrf>()
            .AddRequestTimeouts(Deadlines.Configure)
            .AddIdpStorage(options)
            .AddIdpClients()
            .AddIdpKeys()
            .AddIdpAccounts()
            .AddIdpDeviceTrust()
            .AddIdpMail()
            .AddOutbound(options.Outbound)
            .AddSingleton<FirstAdministrator>()
            .AddHostedService<FirstAdministratorLink>()
            .AddSecondFactors()
            .AddIdpConnect()
            .AddIdpSignIn()
            .AddIdpSettings()
            .AddIdpRecovery()
            .AddIdpPages();
        if (DemoServices.IsOn(environment, options))
            services.AddIdpDemo();
    }
}
