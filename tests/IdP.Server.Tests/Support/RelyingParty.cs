using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Tests.Support;

/// <summary>A client's server side: builds the request, redeems the code, asks userinfo. Never touches the server's insides.</summary>
public sealed class RelyingParty(TestClient client, TestIdp idp)
{
    public TestClient Client => client;

    /// <summary>How the secret travels: "client_secret_basic" or "client_secret_post".</summary>
    public string Authentication { get; init; } = "client_secret_basic";

    public AuthorizationAsk Ask(string scope = "openid", string? responseMode = null) => new(client, idp.Issuer, scope, responseMode);

    public Task<TokenAnswer> RedeemAsync(AuthorizationAnswer answer, AuthorizationAsk ask, int node = 0)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return RedeemAsync(answer.Code, ask, node);
    }

    public Task<TokenAnswer> RedeemAsync(string code, AuthorizationAsk ask, int node = 0)
    {
        ArgumentNullException.ThrowIfNull(ask);
        Dictionary<string, string> form = new() { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = ask["redirect_uri"] ?? client.RedirectUri };
        if (ask.Verifier is { } verifier)
            form["code_verifier"] = verifier;
        return PostAsync("/connect/token", form, node);
    }

    public Task<TokenAnswer> RefreshAsync(string refreshToken, int node = 0) =>
        PostAsync("/connect/token", new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken }, node);

    public Task<TokenAnswer> PushAsync(AuthorizationAsk ask, int node = 0) => PostAsync("/connect/par", ask.Values, node);

    /// <summary>Posts a form with this client's credentials.</summary>
    public async Task<TokenAnswer> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> form, int node = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, idp.Issuer + path);
        var fields = form.ToList();
        if (client.Secret is null)
            fields = [.. fields.Where(f => f.Key != "client_id"), KeyValuePair.Create("client_id", client.Id)];
        else if (Authentication == "client_secret_post")
            fields = [.. fields.Where(f => f.Key != "client_id"), KeyValuePair.Create("client_id", client.Id), KeyValuePair.Create("client_secret", client.Secret)];
        else
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(client.Id)}:{Uri.EscapeDataString(client.Secret)}")));
        request.Content = new FormUrlEncodedContent(fields);
        return await idp.SendAsync(request, node);
    }

    public async Task<TokenAnswer> UserInfoAsync(string accessToken, HttpMethod? method = null, int node = 0)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, idp.Issuer + "/connect/userinfo");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return await idp.SendAsync(request, node);
    }

    public async Task<bool> IsActiveAsync(string token, int node = 0)
    {
        var answer = await PostAsync("/connect/introspect", new Dictionary<string, string> { ["token"] = token }, node);
        Assert.Equal(200, answer.Status);
        return answer.Json!["active"]!.GetValue<bool>();
    }
}

/// <summary>An authorization request in the making; change what the test is about, then take its address.</summary>
public sealed class AuthorizationAsk
{
    private readonly string issuer;
    private readonly List<KeyValuePair<string, string>> values;

    public AuthorizationAsk(TestClient client, string issuer, string scope, string? responseMode)
    {
        ArgumentNullException.ThrowIfNull(client);
        this.issuer = issuer;
        State = RandomNumberGenerator.GetHexString(32);
        Nonce = RandomNumberGenerator.GetHexString(32);
        values = [new("client_id", client.Id), new("redirect_uri", client.RedirectUri), new("response_type", "code"), new("scope", scope), new("state", State), new("nonce", Nonce)];
        if (responseMode is not null)
            values.Add(new("response_mode", responseMode));
        if (client.Pkce)
            WithPkce();
        Client = client;
    }

    public TestClient Client { get; }
    public string State { get; }
    public string Nonce { get; }
    public string? Verifier { get; private set; }

    public IReadOnlyList<KeyValuePair<string, string>> Values => values;

    public string? this[string name] => values.Where(pair => pair.Key == name).Select(pair => pair.Value).FirstOrDefault();

    public string Url => issuer + "/connect/authorize?" + string.Join('&', values.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));

    /// <summary>Sets a parameter; null takes it away.</summary>
    public AuthorizationAsk With(string name, string? value)
    {
        values.RemoveAll(pair => pair.Key == name);
        if (value is not null)
            values.Add(new(name, value));
        return this;
    }

    public AuthorizationAsk Twice(string name)
    {
        values.Add(new(name, this[name] ?? "x"));
        return this;
    }

    public AuthorizationAsk Reversed()
    {
        values.Reverse();
        return this;
    }

    public AuthorizationAsk WithPkce()
    {
        Verifier = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));
        return With("code_challenge", Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)))).With("code_challenge_method", "S256");
    }

    public string BehindHandle(string requestUri) => $"{issuer}/connect/authorize?client_id={Uri.EscapeDataString(Client.Id)}&request_uri={Uri.EscapeDataString(requestUri)}";
}

/// <summary>What an endpoint for programs answered.</summary>
public sealed record TokenAnswer(int Status, HttpResponseHead Head, string Body, JsonObject? Json)
{
    public string? Error => this["error"];

    public string AccessToken => this["access_token"] ?? throw new InvalidOperationException($"No access token: {Status} {Body}");

    public string RefreshToken => this["refresh_token"] ?? throw new InvalidOperationException($"No refresh token: {Status} {Body}");

    public string IdToken => this["id_token"] ?? throw new InvalidOperationException($"No id_token: {Status} {Body}");

    public string? this[string name] => Json?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public TokenAnswer MustSucceed()
    {
        Assert.True(Status is 200 or 201, $"{Status} {Body}");
        return this;
    }
}
