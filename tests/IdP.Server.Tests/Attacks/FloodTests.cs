using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.Attacks;

/// <summary>What anybody may cause without a password is kept in bounds of its own: a flood of it stands in nobody's way.</summary>
public sealed class FloodTests
{
    /// <summary>A few dozen of these requests fill it.</summary>
    private const int Capacity = 200_000;
    private const int Flood = 300;

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task A_flood_of_requests_that_nobody_finishes_stops_nobody(string method)
    {
        await using var idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions
        {
            Seed = new Seed(otpPeople: 2),
            Replace = services => services.AddSingleton<IEphemeralStore>(provider => new MemoryStore(provider.GetRequiredService<TimeProvider>(), Capacity)),
        });
        var web = idp.App(TestClient.Web);
        var early = web.Ask();
        using var first = idp.Browser();
        var code = (await idp.SignInAsync(first, early, idp.WithOtp())).MustAnswer();

        using var stranger = idp.Browser();
        for (var n = 0; n < Flood; n++)
        {
            var ask = idp.App(TestClient.Calm).Ask().With("state", new string('s', 2000));
            var stop = method == "GET" ? await stranger.OpenAsync(ask.Url) : await stranger.PostFromElsewhereAsync("/connect/authorize", ask.Values);
            Assert.True(stop.At == "/sign-in", $"request {n}: {stop.Describe()}");
        }

        (await web.RedeemAsync(code, early)).MustSucceed();
        using var second = idp.Browser();
        Assert.NotNull((await idp.SignInAsync(second, web.Ask(), idp.WithOtp())).MustAnswer()["code"]);
    }
}
