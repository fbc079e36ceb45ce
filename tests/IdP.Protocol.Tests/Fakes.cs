using IdP.Protocol.Clients;
using IdP.Protocol.Tokens;

namespace IdP.Protocol.Tests;

// What a host lends, in memory: the promises of Ports.cs kept as plainly as possible.

internal sealed class FakeClients : IClients
{
    public Dictionary<string, Client> All { get; } = [];

    public ValueTask<Client?> FindAsync(string clientId, CancellationToken cancel) => new(All.GetValueOrDefault(clientId));
}

internal sealed class FakeScopes : IScopes
{
    public ScopeCatalogue Catalogue { get; set; } = new([new Scope("api", Audience: "api-server"), new Scope("reports")]);

    public ValueTask<ScopeCatalogue> GetAsync(CancellationToken cancel) => new(Catalogue);
}

internal sealed class FakePeople : IPeople
{
    public Dictionary<string, Person> All { get; } = [];

    public ValueTask<Person?> FindAsync(string subject, CancellationToken cancel) => new(All.GetValueOrDefault(subject));
}

internal sealed class FakeRevocations : IRevocations
{
    public HashSet<string> Tokens { get; } = [];
    public HashSet<string> Grants { get; } = [];
    public HashSet<string> Sessions { get; } = [];
    public Dictionary<(string, string), DateTimeOffset> Withdrawn { get; } = [];
    public bool Stale { get; set; }
    public Exception? Fault { get; set; }

    public bool IsRevoked(string jti, string? grantId, string? sessionId) =>
        Stale ? throw new StaleKnowledgeException("stale")
        : Tokens.Contains(jti) || (grantId is not null && Grants.Contains(grantId)) || (sessionId is not null && Sessions.Contains(sessionId));

    public bool IsWithdrawn(string subject, string clientId, DateTimeOffset givenAt) => Withdrawn.TryGetValue((subject, clientId), out var at) && givenAt <= at;

    public Task RevokeTokenAsync(string jti, string? grantId, DateTimeOffset until, CancellationToken cancel)
    {
        if (Fault is { } fault)
            throw fault;
        Tokens.Add(jti);
        return Task.CompletedTask;
    }

    public Task RevokeGrantAsync(string grantId, CancellationToken cancel)
    {
        if (Fault is { } fault)
            throw fault;
        Grants.Add(grantId);
        return Task.CompletedTask;
    }
}

internal sealed class FakeFamilies : IRefreshFamilies
{
    private readonly Lock gate = new();

    public Dictionary<string, RefreshFamily> All { get; } = [];

    public ValueTask<RefreshFamily?> FindAsync(string handle, CancellationToken cancel)
    {
        lock (gate)
            return new(All.GetValueOrDefault(handle));
    }

    public async Task<bool> RotateAsync(
        string handle, byte[] presentedHash, byte[] successorHash, byte[] salt, DateTimeOffset now, DateTimeOffset slidingExpiry, CancellationToken cancel)
    {
        // Everybody who read the same row stands here before anybody writes.
        await Task.Yield();
        lock (gate)
        {
            if (All.GetValueOrDefault(handle) is not { Ended: false } family || !family.CurrentHash.AsSpan().SequenceEqual(presentedHash))
                return false;
            All[handle] = family with { CurrentHash = successorHash, PreviousHash = presentedHash, Salt = salt, RotatedAt = now, SlidingExpiry = slidingExpiry };
            return true;
        }
    }
}

internal sealed class FakeCodes(FakeFamilies families, FakeRevocations revocations) : ICodes
{
    private readonly Lock gate = new();

    public Dictionary<string, CodeContent> Contents { get; } = [];
    public Dictionary<string, string> Used { get; } = [];

    public Task<string> StoreAsync(CodeContent content, CancellationToken cancel)
    {
        var code = $"code-{Contents.Count}";
        Contents.Add(code, content);
        return Task.FromResult(code);
    }

    public ValueTask<CodeContent?> FindAsync(string code, CancellationToken cancel) => new(Contents.GetValueOrDefault(code));

    public async Task<bool> ConsumeAsync(string code, CodeContent content, NewRefreshFamily? family, CancellationToken cancel)
    {
        await Task.Yield();
        lock (gate)
        {
            if (!Used.TryAdd(code, content.Grant.Id))
            {
                revocations.Grants.Add(content.Grant.Id);
                return false;
            }
            if (family is not null)
                families.All.Add(family.Handle, new RefreshFamily(family.Handle, content.Grant, family.SecretHash, null, [], null, family.SlidingExpiry, family.AbsoluteExpiry, false));
            return true;
        }
    }

    public Task NoteReplayAsync(string code, CancellationToken cancel)
    {
        if (Used.TryGetValue(code, out var grant))
            revocations.Grants.Add(grant);
        return Task.CompletedTask;
    }
}

internal sealed class FakePushed(TimeProvider time) : IPushedRequests
{
    public Dictionary<string, PushedRequest> All { get; } = [];

    /// <summary>Whom the last request counts against, where no client has authenticated.</summary>
    public string? Sender { get; private set; }

    public Task<string> StoreAsync(PushedRequest request, string? sender, CancellationToken cancel)
    {
        var handle = Secrets.New(32);
        All.Add(handle, request);
        Sender = sender;
        return Task.FromResult(handle);
    }

    public ValueTask<PushedRequest?> FindAsync(string handle, CancellationToken cancel) =>
        new(All.GetValueOrDefault(handle) is { } request && request.ExpiresAt > time.GetUtcNow() ? request : null);

    public Task<bool> TakeAsync(string handle, CancellationToken cancel) => Task.FromResult(All.Remove(handle));
}

internal sealed class FakeReferences : IReferenceTokens
{
    public Dictionary<string, AccessTokenContent> All { get; } = [];

    public Task StoreAsync(byte[] hash, AccessTokenContent content, CancellationToken cancel)
    {
        All.Add(Convert.ToHexString(hash), content);
        return Task.CompletedTask;
    }

    public ValueTask<AccessTokenContent?> FindAsync(byte[] hash, CancellationToken cancel) => new(All.GetValueOrDefault(Convert.ToHexString(hash)));
}
