using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.FurtherFactors.KeyFob;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>Whoever has the fob, or the phone.</summary>
internal sealed class Hand(FactorHost host, string userId, string factor)
{
    private int presses;

    public FobSeed Seed { get; init; } = FobSeed.New();

    /// <summary>What a page says of an answer that proves nothing.</summary>
    public string NotYet => factor == AppEnrolment.Id ? "NotConfirmed" : "WrongCode";

    /// <summary>What the factor wants to be told before it is bound, if anything.</summary>
    public Task<Stop> SayAsync(Browser browser, Stop at, string action) => at.Page!.QuerySelector("input[name=said]") is null
        ? Task.FromResult(at)
        : browser.SubmitAsync(at, new Dictionary<string, string> { ["said"] = Seed.Value }, action);

    /// <summary>A code of another fob's; or on before the phone has approved.</summary>
    public async Task<Stop> AnswerWronglyAsync(Browser browser, Stop at, string action) =>
        await browser.SubmitAsync(await Phone.RingAsync(browser, at), factor == AppEnrolment.Id ? [] : new Dictionary<string, string> { ["code"] = FobSeed.New().CodeAt(1) }, action);

    public async Task<Stop> AnswerAsync(Browser browser, Stop at, string action)
    {
        if (factor != AppEnrolment.Id)
            return await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = Seed.CodeAt(++presses) }, action);
        at = await Phone.RingAsync(browser, at);
        await host.Phone.DecideAsync(userId, approve: true);
        return await browser.SubmitAsync(at, new Dictionary<string, string>(), action);
    }
}
