using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdP.Journeys.RelyingParties;

/// <summary>ASP.NET Core's own OpenIdConnect handler, as its template sets it up: pushed authorization requests and form_post by itself.</summary>
internal sealed class AspNetParty : RealParty
{
    private WebApplication? app;

    public override string Name => "aspnet";

    public override string RedirectUri => Base + "/signin-oidc";

    public override string Bye => Base + "/signout-callback-oidc";

    public override async Task StartAsync(string issuer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{Port}");
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddAuthorization();
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie()
            .AddOpenIdConnect(options => Configure(options, issuer));
        app = builder.Build();
        app.Use(TellFailuresAsync);
        app.UseAuthentication();
        app.MapGet("/", (HttpContext http) => ShowOrSignInAsync(http, wanted: null));
        app.MapGet("/money", (HttpContext http) => ShowOrSignInAsync(http, wanted: "mfa"));
        app.MapGet("/bye", () => "bye");
        app.MapGet("/signout", async (HttpContext http) =>
        {
            await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
            await http.SignOutAsync(OpenIdConnectDefaults.AuthenticationScheme, new AuthenticationProperties { RedirectUri = "/bye" });
        });
        await app.StartAsync();
    }

    private void Configure(OpenIdConnectOptions options, string issuer)
    {
        options.Authority = issuer;
        options.RequireHttpsMetadata = false;
        options.ClientId = Name;
        options.ClientSecret = Secret;
        options.ResponseType = "code";
        options.SaveTokens = true;
        options.MapInboundClaims = false;
        options.GetClaimsFromUserInfoEndpoint = true;
        // The handler drops acr unless told not to; this app decides by it.
        options.ClaimActions.Remove("acr");
        options.BackchannelHttpHandler = new SocketsHttpHandler
        {
            UseProxy = false,
            // RFC 6761: names under localhost are this machine, whatever the resolver thinks.
            ConnectCallback = async (context, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        options.Events.OnRedirectToIdentityProvider = context =>
        {
            if (context.Properties.Items.TryGetValue("acr", out var acr))
                context.ProtocolMessage.AcrValues = acr;
            return Task.CompletedTask;
        };
    }

    private static async Task ShowOrSignInAsync(HttpContext http, string? wanted)
    {
        var acr = http.User.FindFirstValue("acr");
        if (http.User.Identity is not { IsAuthenticated: true } || (wanted is not null && acr != wanted))
        {
            var properties = new AuthenticationProperties { RedirectUri = http.Request.Path };
            if (wanted is not null)
                properties.Items["acr"] = wanted;
            await http.ChallengeAsync(OpenIdConnectDefaults.AuthenticationScheme, properties);
            return;
        }

        http.Response.ContentType = "text/html";
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsync($"""<!doctype html><title>aspnet</title><pre id="claims">sub={http.User.FindFirstValue("sub")} acr={acr} amr={string.Join(',', http.User.FindAll("amr").Select(claim => claim.Value))} auth_time={http.User.FindFirstValue("auth_time")}</pre>""");
    }

    private static async Task TellFailuresAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
        }
        catch (AuthenticationFailureException failure)
        {
            http.Response.StatusCode = 502;
            await http.Response.WriteAsync($"<pre id=claims>refused: {failure.InnerException?.Message ?? failure.Message}</pre>");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.DisposeAsync();
    }
}
