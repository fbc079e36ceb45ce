#:sdk Microsoft.NET.Sdk.Web
#:package Microsoft.AspNetCore.Authentication.OpenIdConnect@10.0.*
#:property PublishAot=false
#:property ManagePackageVersionsCentrally=false

// A whole app that signs people in here: "/" shows who came, "/safe" wants a second factor. It needs nothing but this file.
// dotnet run relying-party.cs -- CLIENT_SECRET [ISSUER [ADDRESS]]
using System.Net;
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
    options.SignedOutCallbackPath = "/signed-out";
    options.ResponseType = "code";
    options.ResponseMode = "query";
    options.Scope.Add("email");
    // The sign-out names the session by its id_token, so that nobody is asked once more.
    options.SaveTokens = true;
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
        return ShowAsync(context.HttpContext, [context.Failure!.Message]);
    };
});
var app = builder.Build();
app.MapGet("/", (HttpContext http) => EnterAsync(http, http.User.Identity is { IsAuthenticated: true }));
app.MapGet("/safe", (HttpContext http) => EnterAsync(http, http.User.HasClaim("acr", "mfa")));
// A post, and the cookie is SameSite=Lax: no other site's link or form signs anybody out.
app.MapPost("/sign-out", () => Results.SignOut(new AuthenticationProperties { RedirectUri = "/" }, ["Cookies", OpenIdConnectDefaults.AuthenticationScheme]));
app.Run();

static Task EnterAsync(HttpContext http, bool mayEnter) => mayEnter
    ? ShowAsync(http, http.User.Claims.Select(claim => $"{claim.Type}: {claim.Value}"))
    : http.ChallengeAsync(OpenIdConnectDefaults.AuthenticationScheme, new AuthenticationProperties { RedirectUri = http.Request.Path });

static Task ShowAsync(HttpContext http, IEnumerable<string> lines)
{
    http.Response.ContentType = "text/html; charset=utf-8";
    var list = string.Concat(lines.Select(line => $"<li>{WebUtility.HtmlEncode(line)}</li>"));
    return http.Response.WriteAsync($"""
        <!doctype html><html lang="en"><head><meta charset="utf-8"><title>my-app</title></head><body><ul>{list}</ul>
        <p><a href="/">Home</a> · <a href="/safe">The safe page</a></p>
        <form method="post" action="/sign-out"><button>Sign out</button></form></body></html>
        """);
}
