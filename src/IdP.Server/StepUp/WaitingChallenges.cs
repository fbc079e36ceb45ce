using System.Text.Json;
using System.Text.Json.Serialization;
using IdP.Server.Storage;

namespace IdP.Server.StepUp;

/// <summary>A person's challenges that wait for an approval, so that their phone can find them.</summary>
internal sealed class WaitingChallenges(Challenges challenges, SealedStore ephemeral, IWakeUps wakeUps)
{
    /// <summary>The newest; nobody looks through more on a phone.</summary>
    private const int Most = 8;
    /// <summary>No challenge lives longer.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(15);

    /// <summary>Woken when another challenge waits for this person.</summary>
    public static string TopicOf(string userId, string kind) => $"waiting:{userId}:{kind}";

    public async Task AddAsync(Challenge challenge, CancellationToken cancel)
    {
        var (key, holder) = (TopicOf(challenge.UserId, challenge.Kind), Holder.Person(challenge.UserId));
        while (true)
        {
            var kept = await ephemeral.GetAsync(key, cancel);
            string[] ids = [.. Read(kept).TakeLast(Most - 1), challenge.Id];
            var value = JsonSerializer.SerializeToUtf8Bytes(ids, WaitingJson.Default.StringArray);
            if (kept is { } present ? await ephemeral.ReplaceAsync(key, present.Bytes, value, Life, holder, cancel) is not null
                : await ephemeral.AddAsync(key, value, Life, holder, cancel))
                break;
        }

        await wakeUps.WakeAsync(key, cancel);
    }

    /// <summary>Those of this kind that wait now, oldest first.</summary>
    public async Task<IReadOnlyList<Challenge>> ListAsync(string userId, string kind, CancellationToken cancel)
    {
        var found = new List<Challenge>();
        foreach (var id in Read(await ephemeral.GetAsync(TopicOf(userId, kind), cancel)))
        {
            if (await challenges.LoadAsync(id, cancel) is { Value: { TakesAnswers: true } challenge } && challenge.UserId == userId && challenge.Kind == kind)
                found.Add(challenge);
        }

        return found;
    }

    private static string[] Read(Unsealed? kept) => kept is { } present ? Stored.Read(present.Value, WaitingJson.Default.StringArray) ?? [] : [];
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class WaitingJson : JsonSerializerContext;
