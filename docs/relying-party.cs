#:sdk Microsoft.NET.Sdk.Web
#:package Microsoft.AspNetCore.Authentication.OpenIdConnect
#:property PublishAot=false

// A whole app that signs people in here: "/" shows who came, "/safe" wants a second factor.
// dotnet run docs/relying-party.cs -- CLIENT_SECRET [ISSUER [ADDRESS]]
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;

var builder = WebApplication.CreateBuilder();
builder.WebHost.UseUrls(args.ElementAtOrDefault(2) ?? "http://localhost:3000");
builder.Services.AddAuthorization();
builder.Services.AddAuthentication("Cookies").AddCookie("Cookies").AddOpenIdConnect(options =>
{
    options.Authority = args.ElementAtOrDefault(1) ?? "http://localhost:5080";
    options.RequireHttpsMetadata = false; // On this machine only.
    options.ClientId = "my-app";
    options.ClientSecret = args[0];
    options.CallbackPath = "/callback";
    options.ResponseType = "code";
    options.ResponseMode = "query";
    options.Scope.Add("email");
    // Without https a browser takes no SameSite=None cookies, which form_post would need.
    options.NonceCookie.SameSite = options.CorrelationCookie.SameSite = SameSiteMode.Lax;
    options.NonceCookie.SecurePolicy = options.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
    options.MapInboundClaims = false;
    options.ClaimActions.Remove("acr");
    options.GetClaimsFromUserInfoEndpoint = true;
    options.Events.OnRedirectToIdentityProvider = context =>
    {
        // A demand, not a wish (acr_values): met, if need be by binding a factor, or answered with unmet_authentication_requirements.
        if (context.Properties.RedirectUri == "/safe")
            context.ProtocolMessage.SetParameter("claims", """{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}""");
        return Task.CompletedTask;
    };
    options.Events.OnRemoteFailure = context =>
    {
        context.HandleResponse();
        return context.Response.WriteAsync(context.Failure!.Message);
    };
});
var app = builder.Build();
app.MapGet("/", (HttpContext http) => ShowAsync(http, http.User.Identity is { IsAuthenticated: true }));
app.MapGet("/safe", (HttpContext http) => ShowAsync(http, http.User.HasClaim("acr", "mfa")));
app.Run();

static Task ShowAsync(HttpContext http, bool mayEnter) => mayEnter
    ? http.Response.WriteAsync(string.Join('\n', http.User.Claims.Select(claim => $"{claim.Type}: {claim.Value}")))
    : http.ChallengeAsync(OpenIdConnectDefaults.AuthenticationScheme, new AuthenticationProperties { RedirectUri = http.Request.Path });
