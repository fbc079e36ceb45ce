using IdP.Server.Tests.FurtherFactors.Bell;
using IdP.Server.Tests.FurtherFactors.KeyFob;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>Whoever has the fob, or sits where the bell rings.</summary>
internal sealed class Hand(FactorHost host, string userId, string factor)
{
    private int presses;

    public FobSeed Seed { get; init; } = FobSeed.New();

    /// <summary>What a page says of an answer that proves nothing.</summary>
    public string NotYet => factor == BellFactor.Id ? "NotConfirmed" : "WrongCode";

    /// <summary>What the factor wants to be told before it is bound, if anything.</summary>
    public Task<Stop> SayAsync(Browser browser, Stop at, string action) => at.Page!.QuerySelector("input[name=said]") is null
        ? Task.FromResult(at)
        : browser.SubmitAsync(at, new Dictionary<string, string> { ["said"] = Seed.Value }, action);

    /// <summary>A code of another fob's; or on before the bell was answered.</summary>
    public Task<Stop> AnswerWronglyAsync(Browser browser, Stop at, string action) =>
        browser.SubmitAsync(at, factor == BellFactor.Id ? [] : new Dictionary<string, string> { ["code"] = FobSeed.New().CodeAt(1) }, action);

    public Task<Stop> AnswerAsync(Browser browser, Stop at, string action)
    {
        if (factor != BellFactor.Id)
            return browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = Seed.CodeAt(++presses) }, action);
        host.Tower.Answer(userId, approve: true);
        return browser.SubmitAsync(at, new Dictionary<string, string>(), action);
    }
}
