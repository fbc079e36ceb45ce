using System.Text;
using System.Text.Json.Nodes;
using IdP.Server.Tests.Support;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Tests.Conformance;

/// <summary>What the OpenID Foundation's modules check in every flow (C-A to C-H); what is a warning there is a failure here.</summary>
internal static class Checks
{
    private static readonly string[] LoginRequiredFamily = ["login_required", "interaction_required", "account_selection_required", "consent_required"];
    private static readonly string[] AlwaysInIdToken = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "nbf", "jti", "sid", "txn"];
    private static readonly string[] InErrors = ["error", "error_description", "error_uri", "state", "session_state", "iss"];

    /// <summary>C-A: discovery and keys.</summary>
    public static async Task<JsonObject> PreambleAsync(TestIdp idp)
    {
        var discovery = await idp.GetAsync("/.well-known/openid-configuration");
        Assert.Equal(200, discovery.Status);
        Assert.Equal(idp.Issuer, discovery["issuer"]);
        var jwks = await idp.GetAsync(new Uri(discovery["jwks_uri"]!).AbsolutePath);
        Assert.Equal(200, jwks.Status);
        var keys = jwks.Json!["keys"]!.AsArray().Select(key => key!.AsObject()).ToList();
        Assert.NotEmpty(keys);
        Assert.Equal(keys.Count, keys.Select(key => (string?)key["kid"]).Distinct().Count());
        foreach (var key in keys)
        {
            Assert.False(string.IsNullOrEmpty((string?)key["kid"]));
            Assert.DoesNotContain(key, member => member.Key is "d" or "p" or "q" or "dp" or "dq" or "qi" or "k" or "oth");
            switch ((string?)key["kty"])
            {
                case "RSA":
                    Assert.True(Base64UrlEncoder.DecodeBytes((string)key["n"]!).Length >= 256);
                    Assert.NotEmpty(Base64UrlEncoder.DecodeBytes((string)key["e"]!));
                    break;
                case "EC":
                    Assert.Equal("P-256", (string?)key["crv"]);
                    Assert.Equal(32, Base64UrlEncoder.DecodeBytes((string)key["x"]!).Length);
                    Assert.Equal(32, Base64UrlEncoder.DecodeBytes((string)key["y"]!).Length);
                    break;
                default:
                    Assert.Fail($"key type {key["kty"]}");
                    break;
            }
        }

        return discovery.Json!;
    }

    /// <summary>C-B and C-C: a code on the registered address, nothing but what belongs there.</summary>
    public static string Success(Stop stop, AuthorizationAsk ask, string issuer)
    {
        var answer = Delivered(stop, ask, issuer);
        Assert.Null(answer.Error);
        Assert.All(answer.Values, pair => Assert.Contains(pair.Key, (string[])["code", "state", "iss", "session_state", .. RegisteredQuery(ask).Select(q => q.Key)]));
        Random(answer.Code);
        return answer.Code;
    }

    /// <summary>C-F: an error the client may read, state and iss included.</summary>
    public static string Error(Stop stop, AuthorizationAsk ask, string issuer)
    {
        var answer = Delivered(stop, ask, issuer);
        Assert.Null(answer["code"]);
        Assert.NotNull(answer.Error);
        Assert.All(answer.Values, pair => Assert.Contains(pair.Key, (string[])[.. InErrors, .. RegisteredQuery(ask).Select(q => q.Key)]));
        Legal(answer.Error, answer["error_description"], answer["error_uri"]);
        return answer.Error;
    }

    /// <summary>The family of errors that prompt=none may answer with.</summary>
    public static void NeedsTheUser(Stop stop, AuthorizationAsk ask, string issuer) => Assert.Contains(Error(stop, ask, issuer), LoginRequiredFamily);

    /// <summary>A page that tells the person; neither the right address nor a wrong one is called.</summary>
    public static void ErrorPage(Stop stop)
    {
        Assert.True(stop.Answer is null, stop.Describe());
        Assert.InRange((int)stop.Status, 400, 499);
        Assert.False(string.IsNullOrEmpty(stop.PersonError), stop.Describe());
    }

    /// <summary>C-D and C-E: the token answer, and the id_token read with the published keys.</summary>
    public static async Task<IdToken> TokensAsync(TestIdp idp, TokenAnswer answer, AuthorizationAsk ask)
    {
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");
        Assert.Equal("application/json", answer.Head["Content-Type"]!.Split(';')[0]);
        Assert.Contains("no-store", answer.Head["Cache-Control"], StringComparison.Ordinal);
        Assert.Equal("bearer", answer["token_type"], ignoreCase: true);
        Assert.InRange(answer.Json!["expires_in"]!.GetValue<long>(), 1, 31_536_000);
        Random(answer.AccessToken);
        if (answer["refresh_token"] is { } refresh)
        {
            Random(refresh);
            Assert.All(refresh, c => Assert.InRange(c, ' ', '~'));
        }

        var token = await idp.ReadAsync(answer.IdToken, ask.Client.Id);
        var now = idp.Clock.GetUtcNow();
        Assert.InRange(token.At("exp"), now, now.AddYears(50));
        Assert.InRange(token.At("iat"), now.AddMinutes(-5), now.AddSeconds(5));
        if (token["auth_time"] is not null)
            Assert.InRange(token.At("auth_time"), now.AddYears(-1), now.AddSeconds(5));
        Assert.Equal(ask["nonce"], token["nonce"]);
        Assert.Matches("^[!-~]{1,255}$", token.Subject);
        if (token["at_hash"] is { } hash)
            Assert.Equal(LeftHalf(answer.AccessToken), hash);
        Assert.All(token.Claims, claim => Assert.Contains(claim.Key, AlwaysInIdToken));
        return token;
    }

    /// <summary>C-G: an error in the words of RFC 6749 §5.2.</summary>
    public static void TokenError(TokenAnswer answer, string error)
    {
        Assert.True(answer.Status == 400 || (answer.Status == 401 && error == "invalid_client"), $"{answer.Status} {answer.Body}");
        Assert.Equal("application/json", answer.Head["Content-Type"]!.Split(';')[0]);
        Assert.Equal(error, answer.Error);
        Legal(error, answer["error_description"], answer["error_uri"]);
    }

    /// <summary>C-H: userinfo of the person the id_token names.</summary>
    public static JsonObject UserInfo(TokenAnswer answer, IdToken token)
    {
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Body}");
        Assert.Equal("application/json", answer.Head["Content-Type"]!.Split(';')[0]);
        Assert.Equal(token.Subject, answer["sub"]);
        foreach (var (name, value) in answer.Json!)
        {
            var kind = value!.GetValueKind();
            Assert.Equal(name switch { "updated_at" => System.Text.Json.JsonValueKind.Number, "address" => System.Text.Json.JsonValueKind.Object, _ => kind }, kind);
            if (name is "email_verified" or "phone_number_verified")
                Assert.True(kind is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False);
            else if (name is not ("updated_at" or "address"))
                Assert.Equal(System.Text.Json.JsonValueKind.String, kind);
        }

        return answer.Json;
    }

    private static AuthorizationAnswer Delivered(Stop stop, AuthorizationAsk ask, string issuer)
    {
        var answer = stop.MustAnswer();
        var registered = ask.Client.RedirectUri;
        if (ask["response_mode"] == "form_post")
        {
            Assert.Equal("POST", answer.Method);
            Assert.Equal(registered, answer.Uri.OriginalString);
            Assert.Equal(200, (int)stop.Status);
            Assert.NotNull(stop.Page!.QuerySelector("form button, form input[type=submit]"));
            Assert.Contains("no-store", stop.Trail[^1].Head["Cache-Control"], StringComparison.Ordinal);
            Assert.Contains(answer.Uri.GetLeftPart(UriPartial.Authority), stop.Trail[^1].Head["Content-Security-Policy"], StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal("GET", answer.Method);
            Assert.Equal(registered.Split('?')[0], answer.Uri.GetLeftPart(UriPartial.Path));
            Assert.All(RegisteredQuery(ask), pair => Assert.Equal(pair.Value, answer[pair.Key]));
            Assert.Equal("", answer.Uri.Fragment);
            var head = stop.Trail[^1].Head;
            Assert.Equal("no-store", head["Cache-Control"]);
            Assert.Equal("no-referrer", head["Referrer-Policy"]);
            // After a form the app's own redirects must not meet our form-action, so a page leaves for it; a link is answered by a redirect.
            var afterForm = stop.Trail.Any(hop => hop.Url.AbsolutePath == "/connect/continue");
            Assert.Equal((afterForm ? 200 : 303, !afterForm), ((int)stop.Status, head["Location"] is not null));
            if (afterForm)
                Assert.Contains("form-action 'self';", head["Content-Security-Policy"], StringComparison.Ordinal);
        }

        Assert.Equal(ask["state"], answer["state"]);
        Assert.Equal(issuer, answer["iss"]);
        Assert.Equal(answer.Values.Count, answer.Values.DistinctBy(pair => pair.Key).Count());
        return answer;
    }

    private static IReadOnlyList<KeyValuePair<string, string>> RegisteredQuery(AuthorizationAsk ask) =>
        ask.Client.RedirectUri.Split('?') is [_, var query] ? Browser.ParseQuery(query) : [];

    private static void Legal(string error, string? description, string? uri)
    {
        Assert.Matches(@"^[\x20\x21\x23-\x5B\x5D-\x7E]+$", error);
        if (description is not null)
            Assert.Matches(@"^[\x20\x21\x23-\x5B\x5D-\x7E]*$", description);
        if (uri is not null)
            Assert.True(Uri.IsWellFormedUriString(uri, UriKind.Absolute));
    }

    /// <summary>128 bits long at least, and more than 96 bits by Shannon's estimate.</summary>
    internal static void Random(string value)
    {
        Assert.True(value.Length * 8 >= 128, $"{value.Length} characters");
        var perCharacter = value.GroupBy(c => c).Sum(group => -(group.Count() / (double)value.Length) * Math.Log2(group.Count() / (double)value.Length));
        Assert.True(perCharacter * value.Length > 96, $"estimated {perCharacter * value.Length:F0} bits");
    }

    private static string LeftHalf(string value) => Base64UrlEncoder.Encode(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(value))[..16]);
}
