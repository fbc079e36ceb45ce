using IdP.Server.Connect;

namespace IdP.Server.SignIn;

/// <summary>The way from an app's request to its answer.</summary>
internal static class SignInServices
{
    public static IServiceCollection AddIdpSignIn(this IServiceCollection services) => services
        .AddSingleton<SignIns>()
        .AddSingleton<SignInDesk>()
        .AddSingleton<SecondStepQuestion>()
        .AddSingleton<SignInFinish>()
        .AddSingleton<WayBack>()
        .AddSingleton<PasswordStep>()
        .AddSingleton<AnswerWriter>()
        .AddSingleton<AuthorizeEndpoint>()
        .AddSingleton<ContinueEndpoint>()
        .AddSingleton<PutAsideSignOuts>()
        .AddSingleton<EndSessionEndpoint>();

    public static void MapIdpSignIn(this IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var authorize = services.GetRequiredService<AuthorizeEndpoint>();
        routes.MapGet("/connect/authorize", authorize.GetAsync);
        routes.MapPost("/connect/authorize", authorize.PostAsync);

        var carryOn = services.GetRequiredService<ContinueEndpoint>();
        routes.MapGet("/connect/continue", carryOn.GetAsync);
        routes.MapPost("/connect/cancel", carryOn.CancelAsync);

        var endSession = services.GetRequiredService<EndSessionEndpoint>();
        routes.MapMethods("/connect/endsession", ["GET", "POST"], endSession.AskAsync);
        routes.MapPost("/connect/endsession/confirm", endSession.ConfirmAsync);
        routes.MapGet("/signed-out", endSession.FarewellAsync);
    }
}
