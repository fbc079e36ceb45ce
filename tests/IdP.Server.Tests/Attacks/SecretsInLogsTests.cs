using System.Net;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Logging;

namespace IdP.Server.Tests.Attacks;

/// <summary>I-7: everything secret of a whole life - sign-in, step-up, refresh, push, mistakes, logout - is searched in all logs at Trace level.</summary>
public sealed class SecretsInLogsTests
{
    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task No_secret_reaches_a_log(StorePair pair)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { LogLevel = LogLevel.Trace, Seed = new Seed(otpPeople: 2) });
        var suite = idp.App(TestClient.Suite, "client_secret_post");
        var person = idp.WithOtp();
        Dictionary<string, string> secrets = new() { ["password"] = person.Password, ["OTP secret"] = person.TotpSecret!, ["client secret"] = TestClient.Suite.Secret!, ["wrong password"] = "canary-of-a-wrong-password" };
        using var browser = idp.Browser();

        var ask = suite.Ask("openid offline_access").With("prompt", "consent").With("acr_values", "mfa").WithPkce();
        secrets["verifier"] = ask.Verifier!;
        var at = await browser.OpenAsync(ask.Url);
        secrets["csrf"] = Browser.Fields(at.Form())["__csrf"];
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = secrets["wrong password"] }, "/sign-in");
        var stop = await idp.PassAsync(browser, at, person);
        secrets["code"] = stop.MustAnswer().Code;
        var tokens = (await suite.RedeemAsync(secrets["code"], ask)).MustSucceed();
        var next = (await suite.RefreshAsync(tokens.RefreshToken)).MustSucceed();
        foreach (var (name, answer) in new[] { ("first", tokens), ("next", next) })
        {
            secrets[name + " access token"] = answer.AccessToken;
            secrets[name + " access token's signature"] = answer.AccessToken.Split('.')[^1];
            secrets[name + " refresh token"] = answer.RefreshToken;
            secrets[name + " refresh token's secret"] = answer.RefreshToken.Split('.')[^1];
            secrets[name + " id_token"] = answer.IdToken.Split('.')[^1];
        }

        await suite.UserInfoAsync(next.AccessToken);
        await suite.IsActiveAsync(next.AccessToken);
        var pushed = suite.Ask();
        secrets["pushed handle"] = (await suite.PushAsync(pushed)).MustSucceed()["request_uri"]!.Split(':')[^1];
        await browser.OpenAsync(pushed.BehindHandle("urn:ietf:params:oauth:request_uri:" + secrets["pushed handle"]));
        await suite.RedeemAsync(secrets["code"], ask);
        await suite.PostAsync("/connect/revocation", [new("token", next.RefreshToken)]);
        foreach (Cookie cookie in browser.Cookies.GetCookies(new Uri(idp.Issuer)))
            secrets[cookie.Name] = cookie.Value;
        secrets.Remove("idp.lang");
        secrets.Remove("idp.theme");
        await browser.OpenAsync("/connect/endsession?id_token_hint=" + next.IdToken);

        Assert.Contains(idp.Log.Lines, line => line.StartsWith("Trace", StringComparison.Ordinal));
        Assert.Contains("idp.session", secrets.Keys);
        foreach (var (name, secret) in secrets.Where(pair => pair.Value.Length >= 8))
        {
            var leak = idp.Log.Lines.FirstOrDefault(line => line.Contains(secret, StringComparison.Ordinal));
            Assert.True(leak is null, $"the {name} is in the log: {leak}");
        }
    }
}
