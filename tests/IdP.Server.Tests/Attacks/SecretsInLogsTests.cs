using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// I-7: everything secret of a whole life - sign-in, mistakes, second factor, exchange, refresh, push, revocation, logout - is searched in all that the
/// server prints when every category is turned up to Trace, by the real program and its own log settings.
/// </summary>
public sealed class SecretsInLogsTests
{
    [Theory]
    [InlineData(StorePair.SqliteAndMemory, "Production")]
    [InlineData(StorePair.PostgresAndRedis, "Production")]
    [InlineData(StorePair.SqliteAndMemory, "Development")]
    public async Task No_secret_reaches_a_log(StorePair pair, string environment)
    {
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { OwnProcess = true, Environment = environment, Settings = LogSearch.Loudest, Seed = new Seed(otpPeople: 2) });
        var suite = idp.App(TestClient.Suite, "client_secret_post");
        var person = idp.WithOtp();
        Dictionary<string, string> secrets = new() { ["password"] = person.Password, ["OTP secret"] = person.TotpSecret!, ["client secret"] = TestClient.Suite.Secret!, ["wrong password"] = "canary-of-a-wrong-password" };
        using var browser = idp.Browser();

        var ask = suite.Ask("openid offline_access").With("prompt", "consent").With("acr_values", "mfa").WithPkce();
        secrets["verifier"] = ask.Verifier!;
        var at = await browser.OpenAsync(ask.Url);
        secrets["csrf"] = Browser.Fields(at.Form())["__csrf"];
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = secrets["wrong password"] }, "/sign-in");
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = person.UserName, ["password"] = person.Password }, "/sign-in");
        secrets["wrong OTP"] = person.WrongCodeAt(idp.Clock);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = secrets["wrong OTP"] }, "/verify");
        secrets["OTP"] = person.CodeAt(idp.Clock);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = secrets["OTP"] }, "/verify");
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
        LogSearch.AddCookies(secrets, browser, idp);
        await browser.OpenAsync("/connect/endsession?id_token_hint=" + next.IdToken);

        Assert.Contains("idp.session", secrets.Keys);
        await LogSearch.AssertNoneAsync(idp, secrets);
    }
}
