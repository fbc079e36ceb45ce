namespace IdP.Server.Tests.Races;

/// <summary>Many callers who start at the same moment.</summary>
internal static class Crowd
{
    public const int Size = 64;

    /// <summary>Calls <paramref name="act"/> with 0, 1, 2 ... all at once and hands back every answer.</summary>
    public static async Task<IReadOnlyList<T>> AtOnceAsync<T>(Func<int, Task<T>> act, int size = Size)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, size).Select(async n =>
        {
            await gate.Task;
            return await act(n);
        }).ToList();
        gate.SetResult();
        return await Task.WhenAll(callers);
    }
}
