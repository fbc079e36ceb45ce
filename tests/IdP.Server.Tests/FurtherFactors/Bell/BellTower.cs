using System.Collections.Concurrent;

namespace IdP.Server.Tests.FurtherFactors.Bell;

/// <summary>Stands for a phone and the way to it: what rings there, and what its owner says.</summary>
internal sealed class BellTower
{
    private readonly ConcurrentQueue<(string UserId, string Id)> rung = new();
    private readonly ConcurrentDictionary<string, bool> answers = new();

    public void Ring(string userId, string id) => rung.Enqueue((userId, id));

    /// <summary>Null: nobody has said anything yet.</summary>
    public bool? AnswerTo(string id) => answers.TryGetValue(id, out var approved) ? approved : null;

    /// <summary>The owner answers what rang last.</summary>
    public void Answer(string userId, bool approve) => answers[rung.Last(bell => bell.UserId == userId).Id] = approve;
}
