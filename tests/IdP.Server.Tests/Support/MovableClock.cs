using System.Collections.Concurrent;

namespace IdP.Server.Tests.Support;

/// <summary>
/// The real clock, which a test can push forward. Timestamps and timers move with it: after a push caches are as old as the new time says, and
/// a delay whose end has come ends at once.
/// </summary>
public sealed class MovableClock : TimeProvider
{
    private readonly ConcurrentDictionary<MovableTimer, bool> timers = new();
    private long offset;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref offset));

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Interlocked.Read(ref offset) * ((double)TimestampFrequency / TimeSpan.TicksPerSecond));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new MovableTimer(this, callback, state);
        timers[timer] = true;
        timer.Change(dueTime, period);
        return timer;
    }

    public void Forward(TimeSpan by)
    {
        Interlocked.Add(ref offset, by.Ticks);
        foreach (var timer in timers.Keys)
            timer.Rearm();
    }

    /// <summary>Counts down on a real timer, which is set anew whenever the clock is pushed.</summary>
    private sealed class MovableTimer : ITimer
    {
        private readonly MovableClock clock;
        private readonly TimerCallback callback;
        private readonly object? state;
        private readonly Timer real;
        private readonly Lock turn = new();
        private TimeSpan period;
        private DateTimeOffset? due;

        public MovableTimer(MovableClock clock, TimerCallback callback, object? state)
        {
            (this.clock, this.callback, this.state) = (clock, callback, state);
            real = new Timer(_ => Fire());
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (turn)
            {
                this.period = period;
                due = dueTime == Timeout.InfiniteTimeSpan ? null : clock.GetUtcNow() + dueTime;
                return SetReal();
            }
        }

        public void Rearm()
        {
            lock (turn)
                SetReal();
        }

        public void Dispose()
        {
            clock.timers.TryRemove(this, out _);
            real.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            clock.timers.TryRemove(this, out _);
            return real.DisposeAsync();
        }

        private void Fire()
        {
            lock (turn)
            {
                if (due is not { } end)
                    return;
                // A real timer may be a little early.
                if (end > clock.GetUtcNow())
                {
                    SetReal();
                    return;
                }

                due = period > TimeSpan.Zero ? clock.GetUtcNow() + period : null;
                SetReal();
            }

            callback(state);
        }

        private bool SetReal()
        {
            if (due is not { } end)
                return real.Change(Timeout.Infinite, Timeout.Infinite);
            var wait = Math.Clamp(Math.Ceiling((end - clock.GetUtcNow()).TotalMilliseconds), 0, int.MaxValue);
            return real.Change((long)wait, Timeout.Infinite);
        }
    }
}
