using System.Globalization;
using IdP.Protocol.Clients;
using IdP.Server.Storage.Clients;
using IdP.Server.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdP.Journeys.RelyingParties;

/// <summary>An app behind gateways: its callback, and its page for people who signed out, redirect over two origins that are registered nowhere.</summary>
internal sealed class RoamingParty : IAsyncDisposable
{
    private readonly int port = TestIdp.FreePort();
    private WebApplication? app;

    /// <summary>The last origin on the way; its query is what reached the callback.</summary>
    public string End => At("inside") + "/end";

    public TestClient Client(string id) => new(id, null) { RedirectUri = At("roaming") + "/callback" };

    /// <summary>As an operator registers it.</summary>
    public Client Registration(TestClient client) => client.ToClient() with
    {
        PostLogoutRedirectUris = [At("roaming") + "/bye"], SecondFactorPolicy = "OnRequest", RequireConsent = false,
    };

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        app = builder.Build();
        foreach (var path in (string[])["/callback", "/bye"])
            app.Map(path, (HttpContext http) => SeeOther(http, At("gateway") + "/through?" + (http.Request.HasFormContentType
                ? string.Join('&', http.Request.Form.Select(field => field.Key + "=" + Uri.EscapeDataString(field.Value.ToString())))
                : http.Request.QueryString.Value?.TrimStart('?'))));
        app.Map("/through", (HttpContext http) => SeeOther(http, End + http.Request.QueryString));
        app.Map("/end", () => Results.Content("<!doctype html><title>end</title><p>You are in.", "text/html"));
        await app.StartAsync();
    }

    private static void SeeOther(HttpContext http, string location)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = location;
    }

    private string At(string host) => string.Create(CultureInfo.InvariantCulture, $"http://{host}.localhost:{port}");

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.DisposeAsync();
    }
}
