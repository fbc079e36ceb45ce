using IdP.Server.Factors;
using IdP.Server.StepUp;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>What stands behind the kind's line.</summary>
internal static class AppServices
{
    public static IServiceCollection AddApp(this IServiceCollection services, Phone phone) => services
        .AddFactor<AppEnrolment, AppPush, AppScan, AppCode>()
        .AddFactorOptions<AppOptions>(AppEnrolment.Id, AppOptions.Faults)
        .AddSingleton<IFactorEndpoints, AppEndpoints>()
        .AddSingleton(phone);
}
