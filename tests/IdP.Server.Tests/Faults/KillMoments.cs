using System.Diagnostics;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>
/// When kills land inside a request: spread over the time that the server takes for it, and then earlier or later, until one has landed before what it changes
/// was durable and one after.
/// </summary>
internal sealed class KillMoments(TestIdp idp, int planned)
{
    /// <summary>The last of them lands before the request has left, or long after its answer.</summary>
    public const int MostFurther = 5;

    private double earliest = 0.5 / planned;
    private double latest = 1;
    private int before;
    private int unanswered;
    private int answered;

    public bool GoesOn => Made < planned || (Made < planned + MostFurther && !SawBoth);

    private int Made => before + unanswered + answered;

    private bool SawBoth => before > 0 && unanswered + answered > 0;

    /// <summary>The answer; null when it never came.</summary>
    /// <param name="usual">How long the server takes from the request to the answer.</param>
    public async Task<T?> KillDuringAsync<T>(TimeSpan usual, Func<Task<T>> act) where T : class
    {
        var share = Made < planned ? (Made + 0.5) / planned : before == 0 ? earliest /= 4 : latest *= 2;
        var watch = Stopwatch.StartNew();
        var going = Cut.TryAsync(act);
        // A timer's tick is longer than a warm exchange.
        while (watch.Elapsed < usual * share)
            await Task.Yield();
        await idp.CrashAsync();
        return await going;
    }

    public void Note(bool isDurable, bool wasAnswered)
    {
        if (!isDurable)
            before++;
        else if (wasAnswered)
            answered++;
        else
            unanswered++;
    }

    /// <summary>Without both there was no proof of anything.</summary>
    public void MustHaveSeenBoth()
    {
        var mix = $"{Made} kills: {before} before the change was durable, {unanswered} after it and before the answer, {answered} after the answer";
        TestContext.Current.TestOutputHelper?.WriteLine(mix);
        Assert.True(SawBoth, mix);
    }
}
