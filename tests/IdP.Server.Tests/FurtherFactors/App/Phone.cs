using System.Collections.Concurrent;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>The second party: a phone that is asked, and whose owner approves or refuses there. One for all nodes.</summary>
internal sealed class Phone
{
    private readonly ConcurrentQueue<(string UserId, string Id)> asked = new();
    private readonly ConcurrentDictionary<string, (bool Approved, bool? Trust)> decisions = new();

    public void Ask(string userId, string id) => asked.Enqueue((userId, id));

    /// <summary>Null: the owner has not decided so far.</summary>
    public (bool Approved, bool? Trust)? DecisionOn(string id) => decisions.TryGetValue(id, out var decision) ? decision : null;

    /// <summary>The owner decides on what the phone was asked last.</summary>
    /// <param name="trust">What they said about the browser; null: nothing.</param>
    public void Decide(string userId, bool approve, bool? trust = null) => decisions[asked.Last(one => one.UserId == userId).Id] = (approve, trust);
}
