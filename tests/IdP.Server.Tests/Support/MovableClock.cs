namespace IdP.Server.Tests.Support;

/// <summary>
/// The real clock with a hand to push it forward. Timers stay real, so that background work (revocation polls, cache refresh)
/// goes on by itself after a jump; a test that jumps waits a moment for it.
/// </summary>
public sealed class MovableClock : TimeProvider
{
    private long offset;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref offset));

    public void Forward(TimeSpan by) => Interlocked.Add(ref offset, by.Ticks);
}
