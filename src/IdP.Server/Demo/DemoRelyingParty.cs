using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdP.Server.Storage;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;

namespace IdP.Server.Demo;

/// <summary>A relying party as one should be written: code flow, PKCE, state, nonce and iss, every answer checked before it is believed.</summary>
internal sealed class DemoRelyingParty(DemoIssuer issuer, DemoIdentity identity)
{
    private string Callback => issuer.Issuer + "/demo/callback";

    /// <summary>The address to send the browser to (OIDC Core §3.1.2.1); <paramref name="wishes"/> are further parameters, acr_values for one.</summary>
    public async Task<string> BeginAsync(DemoVisit visit, string returnTo, IReadOnlyDictionary<string, string?> wishes, CancellationToken cancel)
    {
        var attempt = new DemoAttempt(Handles.New(), Handles.New(), Handles.New(), returnTo);
        visit.Attempt = attempt;
        var metadata = await issuer.MetadataAsync(cancel);
        var request = new Dictionary<string, string?>(wishes)
        {
            ["client_id"] = DemoIdentity.ClientId,
            ["response_type"] = "code",
            ["redirect_uri"] = Callback,
            ["scope"] = $"openid profile email {DemoIdentity.Scope}",
            ["state"] = attempt.State,
            ["nonce"] = attempt.Nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(attempt.Verifier))),
            ["code_challenge_method"] = "S256",
        };
        return QueryHelpers.AddQueryString(metadata.GetProperty("authorization_endpoint").GetString()!, request);
    }

    /// <summary>Takes the answer in; where to go on. What went wrong stands in the visit.</summary>
    public async Task<string> FinishAsync(DemoVisit visit, IQueryCollection answer, CancellationToken cancel)
    {
        var attempt = visit.Attempt;
        visit.Attempt = null;
        visit.Error = null;
        if (attempt is null || answer["state"] != attempt.State)
            return Fail(visit, "state");
        // RFC 9207 §2.4: an answer from somebody else is not an answer.
        if (answer["iss"] != issuer.Issuer)
            return Fail(visit, "iss");
        if (answer["error"].ToString() is { Length: > 0 } error)
            return Fail(visit, $"{error}: {answer["error_description"]}".TrimEnd(':', ' '));

        var tokens = await RedeemAsync(answer["code"].ToString(), attempt, cancel);
        if (tokens is null)
            return Fail(visit, "id_token");

        visit.Tokens = tokens;
        return attempt.ReturnTo;
    }

    /// <summary>RP-Initiated Logout §2.</summary>
    public async Task<string> EndAsync(DemoVisit visit, CancellationToken cancel)
    {
        var metadata = await issuer.MetadataAsync(cancel);
        var hint = visit.Tokens?.IdToken;
        visit.Tokens = null;
        return QueryHelpers.AddQueryString(metadata.GetProperty("end_session_endpoint").GetString()!, new Dictionary<string, string?>
        {
            ["id_token_hint"] = hint,
            ["client_id"] = DemoIdentity.ClientId,
            ["post_logout_redirect_uri"] = issuer.Issuer + "/demo",
        });
    }

    private async Task<DemoTokens?> RedeemAsync(string code, DemoAttempt attempt, CancellationToken cancel)
    {
        var metadata = await issuer.MetadataAsync(cancel);
        using var request = new HttpRequestMessage(HttpMethod.Post, metadata.GetProperty("token_endpoint").GetString())
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = Callback, ["code_verifier"] = attempt.Verifier,
            }),
        };
        // RFC 6749 §2.3.1; neither half holds a character that form encoding would change.
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic",
            Convert.ToBase64String(Encoding.ASCII.GetBytes($"{DemoIdentity.ClientId}:{identity.ClientSecret}")));
        using var response = await issuer.Http.SendAsync(request, cancel);
        if (!response.IsSuccessStatusCode)
            return null;

        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancel));
        var idToken = body.RootElement.GetProperty("id_token").GetString()!;
        var accessToken = body.RootElement.GetProperty("access_token").GetString()!;
        var proven = await issuer.ValidateAsync(idToken, DemoIdentity.ClientId, "JWT", cancel);
        if (proven is null || !proven.TryGetPayloadValue<string>("nonce", out var nonce) || nonce != attempt.Nonce)
            return null;

        var userInfo = await UserInfoAsync(metadata, accessToken, cancel);
        // OIDC Core §5.3.2: an answer about somebody else is not to be used.
        return userInfo?.Find(claim => claim.Name == "sub")?.Value == proven.Subject
            ? new DemoTokens(idToken, accessToken, Claims(proven), Claims(new JsonWebToken(accessToken)), userInfo)
            : null;
    }

    private async Task<List<DemoClaim>?> UserInfoAsync(JsonElement metadata, string accessToken, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, metadata.GetProperty("userinfo_endpoint").GetString());
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        using var response = await issuer.Http.SendAsync(request, cancel);
        return response.IsSuccessStatusCode ? Claims(await response.Content.ReadAsStringAsync(cancel)) : null;
    }

    private static string Fail(DemoVisit visit, string what)
    {
        visit.Error = what;
        return "/demo";
    }

    private static List<DemoClaim> Claims(JsonWebToken token) => Claims(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.EncodedPayload)));

    private static List<DemoClaim> Claims(string json)
    {
        using var claims = JsonDocument.Parse(json);
        return [.. claims.RootElement.EnumerateObject().Select(member => new DemoClaim(member.Name, Text(member.Value)))];
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(" ", value.EnumerateArray().Select(Text)),
        _ => value.GetRawText(),
    };
}
