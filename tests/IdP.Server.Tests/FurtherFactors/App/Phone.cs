using System.Collections.Concurrent;
using System.Net.Http.Json;
using IdP.Server.Factors;
using IdP.Server.Tests.FurtherFactors.KeyFob;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>The second party: a phone that is rung or scans, and whose owner approves or refuses there. One for all nodes.</summary>
internal sealed class Phone
{
    private readonly ConcurrentQueue<(string UserId, string Id, string? Seed)> asked = new();

    public TestIdp Idp { get; set; } = null!;

    /// <param name="seed">What it scanned, for an offer; null for a challenge.</param>
    public void Ask(string userId, string id, string? seed = null) => asked.Enqueue((userId, id, seed));

    /// <summary>Presses "send the request" where the page has not sent it by itself: a link alone rings nobody.</summary>
    public static async Task<Stop> RingAsync(Browser browser, Stop at) => at.Page?.QuerySelector("[data-unsent]") is null ? at
        : await browser.SubmitAsync(at, new Dictionary<string, string>(), at.Page.QuerySelector("form[action*='/again']")!.GetAttribute("action")!.Split('?')[0]);

    /// <summary>The owner decides on what the phone was asked last.</summary>
    /// <param name="trust">What they said about the browser; null: nothing.</param>
    public async Task DecideAsync(string userId, bool approve, bool? trust = null, int node = 0)
    {
        var (_, id, seed) = asked.Last(one => one.UserId == userId);
        await SendAsync(seed is null ? await DecisionAsync(userId, id, approve, trust) : new(id, userId, null, approve, trust, seed), node);
    }

    /// <summary>What the phone of this person sends about a challenge.</summary>
    public async Task<Decision> DecisionAsync(string userId, string challengeId, bool approve, bool? trust = null)
    {
        var binding = (await Idp.Service<FactorBindings>().ListAsync(userId, default)).Last(one => one.Factor == AppEnrolment.Id);
        return new(challengeId, userId, binding.Id, approve, trust, FobSeed.From(binding.Data).Value);
    }

    /// <summary>What the server says of it.</summary>
    public async Task<string> SendAsync(Decision decision, int node = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Idp.Issuer + "/app/decide") { Content = JsonContent.Create(decision) };
        return (await Idp.SendAsync(request, node)).Body;
    }
}

/// <summary>An approval or a refusal as the phone sends it.</summary>
/// <param name="Id">Of the challenge or the offer.</param>
/// <param name="UserId">Whose phone it is.</param>
/// <param name="BindingId">Null while it is being bound.</param>
/// <param name="Seed">What phone and server share: stands for a signature.</param>
internal sealed record Decision(string Id, string UserId, string? BindingId, bool Approve, bool? Trust, string Seed);
