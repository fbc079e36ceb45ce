using System.Diagnostics;
using System.Security.Cryptography;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Tests.Faults;

/// <summary>
/// The kill lands inside a token exchange, before its write and after it. What was written shows what the caller may still get: a code that was used gives nothing more,
/// a code that was not is still good where it is not kept in memory, and a refresh token leads to one successor.
/// </summary>
public abstract partial class KillTests
{
    private const int WarmUps = 2;

    private static readonly bool All = Environment.GetEnvironmentVariable("IDP_TESTS") == "all";

    private readonly RelyingParty calm = idp.App(TestClient.Calm);

    [Fact]
    public async Task A_code_whose_exchange_was_killed_half_way_never_works_twice()
    {
        var moments = new KillMoments(idp, planned: All ? 24 : 6);
        using var warm = idp.Browser();
        while (moments.GoesOn)
        {
            var usual = await WarmExchangeAsync(warm);
            using var browser = idp.Browser();
            var (code, ask) = await NewCodeAsync(browser, web);

            var first = await moments.KillDuringAsync(usual, () => web.RedeemAsync(code, ask));
            var used = await idp.StoredAsync("select 1 from used_codes where key = @key", _ => true, ("@key", UsedCodes.Key(code, UsedCodes.EndOf(code))));
            moments.Note(used, first is not null);

            Assert.True(used || first is null, "tokens were given for a code that is not used up");
            var second = await web.RedeemAsync(code, ask);
            // Memory loses the code itself; Redis keeps it.
            if (used || !sharedState)
                Assert.Equal("invalid_grant", second.Error);
            else
                second.MustSucceed();
            Assert.Equal("invalid_grant", (await web.RedeemAsync(code, ask)).Error);
            // The second use took back what the first gave, answered or not.
            foreach (var given in new[] { first, second }.OfType<TokenAnswer>().Where(answer => answer.Status == 200))
                Assert.Equal("invalid_grant", (await web.RefreshAsync(given.RefreshToken)).Error);
        }

        moments.MustHaveSeenBoth();
    }

    /// <summary>The client that lost the answer is not stuck, and there is one lineage.</summary>
    [Fact]
    public async Task A_refresh_that_was_killed_half_way_can_be_tried_again()
    {
        var moments = new KillMoments(idp, planned: All ? 15 : 5);
        using Browser warm = idp.Browser(), browser = idp.Browser();
        var other = await NewTokensAsync(warm, calm);
        var tokens = await NewTokensAsync(browser, web);
        while (moments.GoesOn)
        {
            var usual = TimeSpan.Zero;
            for (var time = 0; time < WarmUps; time++)
                (other, usual) = await TimedAsync(() => calm.RefreshAsync(other.RefreshToken));

            var first = await moments.KillDuringAsync(usual, () => web.RefreshAsync(tokens.RefreshToken));
            var successor = await SuccessorAsync(tokens);
            moments.Note(successor is not null, first is not null);

            Assert.True(successor is not null || first is null, "a successor was given that nothing leads to");
            var retry = (await web.RefreshAsync(tokens.RefreshToken)).MustSucceed();
            if (first is not null)
                Assert.Equal(first.MustSucceed().RefreshToken, retry.RefreshToken);
            Assert.Equal(SecretHash(retry), successor ?? await SuccessorAsync(tokens));
            tokens = retry;
        }

        moments.MustHaveSeenBoth();
    }

    /// <summary>Somebody else's codes at another app: the last one tells how long it takes once the server is warm.</summary>
    private async Task<TimeSpan> WarmExchangeAsync(Browser browser)
    {
        var usual = TimeSpan.Zero;
        for (var time = 0; time < WarmUps; time++)
        {
            var (code, ask) = await NewCodeAsync(browser, calm);
            (_, usual) = await TimedAsync(() => calm.RedeemAsync(code, ask));
        }

        return usual;
    }

    private async Task<(string Code, AuthorizationAsk Ask)> NewCodeAsync(Browser browser, RelyingParty app)
    {
        var ask = app.Ask("openid offline_access").With("prompt", "consent");
        return ((await idp.SignInAsync(browser, ask, idp.Plain())).MustAnswer().Code, ask);
    }

    private async Task<TokenAnswer> NewTokensAsync(Browser browser, RelyingParty app)
    {
        var (code, ask) = await NewCodeAsync(browser, app);
        return (await app.RedeemAsync(code, ask)).MustSucceed();
    }

    private static async Task<(TokenAnswer Answer, TimeSpan Took)> TimedAsync(Func<Task<TokenAnswer>> call)
    {
        var watch = Stopwatch.StartNew();
        var answer = (await call()).MustSucceed();
        return (answer, watch.Elapsed);
    }

    /// <summary>The hash of what this token was replaced by; null when it was not yet.</summary>
    private Task<byte[]?> SuccessorAsync(TokenAnswer tokens) =>
        idp.StoredAsync("select current_hash from refresh_families where previous_hash = @shown", row => row.Bytes(0), ("@shown", SecretHash(tokens)));

    /// <summary>As the family's row keeps it: of what stands behind the handle.</summary>
    private static byte[] SecretHash(TokenAnswer tokens) => SHA256.HashData(Base64UrlEncoder.DecodeBytes(tokens.RefreshToken.Split('.')[1]));
}
