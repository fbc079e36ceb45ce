using IdP.Protocol;
using IdP.Server.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace IdP.Server.Settings;

/// <summary>The personal pages.</summary>
internal static class SettingsServices
{
    public static IServiceCollection AddIdpSettings(this IServiceCollection services) => services
        .AddSingleton<AccountClient>()
        .Replace(ServiceDescriptor.Singleton<IClients>(provider => provider.GetRequiredService<AccountClient>()))
        .AddSingleton<SettingsDesk>()
        .AddSingleton<SettingsActions>()
        .AddSingleton<AppGrants>();

    public static void MapIdpSettings(this IEndpointRouteBuilder routes) =>
        // The answer to our own request: its code is never redeemed, its state is where the person wanted to go.
        routes.MapGet(AccountClient.ReturnPath, (HttpContext http) =>
        {
            http.Response.StatusCode = StatusCodes.Status303SeeOther;
            http.Response.Headers.Location = http.Request.Query.ContainsKey("error") ? "/" : AccountClient.Own(http.Request.Query["state"]);
        });
}
