namespace IdP.Server.Storage;

/// <summary>
/// Tells those who wait, on every node, that something may have changed. A hint and no message: it may be lost, so whoever waits looks again by themselves
/// now and then, and what it says is never believed.
/// </summary>
internal interface IWakeUps
{
    /// <summary>Wakes everybody who listens for the topic, on every node. Never fails: a store that is away costs the hint.</summary>
    Task WakeAsync(string topic, CancellationToken cancel);

    /// <summary>Hears of the topic from now on. Dispose of it afterwards.</summary>
    Listener Listen(string topic);
}

/// <summary>One who waits. What happens between two waits is not lost: the next wait ends at once.</summary>
internal sealed class Listener(LocalListeners home, string topic) : IDisposable
{
    private readonly SemaphoreSlim woken = new(0, 1);

    public string Topic => topic;

    /// <summary>Ends when the topic was woken, and after this time in any case.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancel) => woken.WaitAsync(atMost, cancel);

    public void Dispose() => home.Remove(this);

    internal void Wake()
    {
        lock (woken)
        {
            if (woken.CurrentCount == 0)
                woken.Release();
        }
    }
}

/// <summary>Who listens on this node.</summary>
internal sealed class LocalListeners
{
    private readonly Dictionary<string, List<Listener>> byTopic = new(StringComparer.Ordinal);

    public Listener Add(string topic)
    {
        var listener = new Listener(this, topic);
        lock (byTopic)
        {
            if (!byTopic.TryGetValue(topic, out var list))
                byTopic.Add(topic, list = new(1));
            list.Add(listener);
        }

        return listener;
    }

    public void Remove(Listener listener)
    {
        lock (byTopic)
        {
            if (byTopic.TryGetValue(listener.Topic, out var list) && list.Remove(listener) && list.Count == 0)
                byTopic.Remove(listener.Topic);
        }
    }

    public void Wake(string topic)
    {
        lock (byTopic)
        {
            foreach (var listener in byTopic.GetValueOrDefault(topic) ?? [])
                listener.Wake();
        }
    }
}

/// <summary>For one node.</summary>
internal sealed class MemoryWakeUps : IWakeUps
{
    private readonly LocalListeners here = new();

    public Task WakeAsync(string topic, CancellationToken cancel)
    {
        here.Wake(topic);
        return Task.CompletedTask;
    }

    public Listener Listen(string topic) => here.Add(topic);
}
