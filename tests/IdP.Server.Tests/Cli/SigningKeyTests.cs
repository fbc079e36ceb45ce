using IdP.Protocol.Tokens;
using IdP.Server.Audit;
using IdP.Server.Hosting;
using IdP.Server.Storage;
using IdP.Server.Storage.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdP.Server.Tests.Cli;

public sealed class SigningKeyTests : IAsyncLifetime
{
    private static readonly string[] Both = ["ES256", "RS256"];

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("idp-keys-");
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly SecretProtector protector = new(new byte[32]);
    private Database database = null!;
    private CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = new Database(new IdpOptions { DataDirectory = folder.FullName });
        await database.MigrateAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Ten_rotations_and_every_token_verifies_for_its_whole_life()
    {
        using var node = Node();
        List<(string Token, DateTimeOffset Until)> alive = [];
        HashSet<string> kids = [];
        var end = clock.GetUtcNow() + TimeSpan.FromDays(905);
        while (clock.GetUtcNow() < end)
        {
            await node.RefreshAsync(Cancel);
            alive.RemoveAll(t => t.Until < clock.GetUtcNow());
            foreach (var (token, _) in alive)
                Assert.True(await VerifiesAsync(node.Current, token), $"a living token stopped verifying at {clock.GetUtcNow():u}");
            var credentials = node.Current.Signing["ES256"];
            kids.Add(credentials.Key.KeyId);
            alive.Add((Sign(credentials), clock.GetUtcNow() + TimeSpan.FromHours(24)));
            clock.Advance(TimeSpan.FromHours(11));
        }

        Assert.Equal(11, kids.Count);
        Assert.InRange(node.Current.Published.Count, 2, 6);
    }

    [Fact]
    public async Task A_key_is_announced_fourteen_days_before_it_signs()
    {
        using var node = Node();
        await node.RefreshAsync(Cancel);
        var first = node.Current.Signing["ES256"].Key.KeyId;
        clock.Advance(TimeSpan.FromDays(76) + TimeSpan.FromMinutes(1));
        await node.RefreshAsync(Cancel);
        Assert.Equal(4, node.Current.Published.Count);
        Assert.Equal(first, node.Current.Signing["ES256"].Key.KeyId);
        clock.Advance(TimeSpan.FromDays(14));
        await node.RefreshAsync(Cancel);
        Assert.NotEqual(first, node.Current.Signing["ES256"].Key.KeyId);
        clock.Advance(TimeSpan.FromHours(26));
        await node.RefreshAsync(Cancel);
        Assert.DoesNotContain(node.Current.Published, k => k.KeyId == first);
    }

    [Fact]
    public async Task Nodes_that_make_a_key_at_once_make_one()
    {
        var nodes = Enumerable.Range(0, 8).Select(_ => Node()).ToList();
        await Task.WhenAll(nodes.Select(n => Task.Run(() => n.RefreshAsync(Cancel), Cancel)));
        foreach (var node in nodes)
            await node.RefreshAsync(Cancel);
        Assert.Equal(2, (await Table().ReadAsync(Cancel)).Count);
        Assert.Single(nodes.Select(n => n.Current.Signing["RS256"].Key.KeyId).Distinct());
        nodes.ForEach(n => n.Dispose());
    }

    [Fact]
    public async Task An_operators_rotation_is_published_before_it_signs_and_a_revoked_key_goes_at_once()
    {
        using var node = Node();
        await node.RefreshAsync(Cancel);
        var first = node.Current.Signing["ES256"].Key.KeyId;
        var next = await Table().RotateAsync("ES256", "cli", Cancel);
        await node.RefreshAsync(Cancel);
        Assert.Equal(first, node.Current.Signing["ES256"].Key.KeyId);
        Assert.Contains(node.Current.Published, k => k.KeyId == next.Kid);
        // Whoever fetched the key set just before may keep it for 300 s.
        clock.Advance(TimeSpan.FromSeconds(359));
        await node.RefreshAsync(Cancel);
        Assert.Equal(first, node.Current.Signing["ES256"].Key.KeyId);
        clock.Advance(TimeSpan.FromSeconds(1));
        await node.RefreshAsync(Cancel);
        Assert.Equal(next.Kid, node.Current.Signing["ES256"].Key.KeyId);

        Assert.True(await Table().RevokeAsync(next.Kid, "cli", Cancel));
        Assert.False(await Table().RevokeAsync(next.Kid, "cli", Cancel));
        await node.RefreshAsync(Cancel);
        // No clock has moved: an emergency does not wait for caches.
        Assert.DoesNotContain(next.Kid, System.Text.Encoding.UTF8.GetString(node.Current.JwksJson), StringComparison.Ordinal);
        Assert.NotEqual(first, node.Current.Signing["ES256"].Key.KeyId);
        Assert.Contains(node.Current.Published, k => k.KeyId == first);
    }

    [Fact]
    public async Task While_the_database_is_away_the_known_keys_stay_and_an_announced_one_takes_over()
    {
        using var node = Node();
        await node.RefreshAsync(Cancel);
        var next = await Table().RotateAsync("ES256", "cli", Cancel);
        await node.RefreshAsync(Cancel);
        await database.ExecuteAsync("alter table signing_keys rename to away", Cancel);
        clock.Advance(KeySchedule.Propagation);
        await Assert.ThrowsAnyAsync<Exception>(() => node.RefreshAsync(Cancel));
        Assert.Equal(next.Kid, node.Current.Signing["ES256"].Key.KeyId);
    }

    [Fact]
    public async Task The_key_set_shows_public_members_only_and_thumbprints_as_kids()
    {
        using var node = Node();
        await node.RefreshAsync(Cancel);
        var set = new JsonWebKeySet(System.Text.Encoding.UTF8.GetString(node.Current.JwksJson));
        Assert.Equal(Both, set.Keys.Select(k => k.Alg).Order());
        Assert.All(set.Keys, k =>
        {
            Assert.False(k.HasPrivateKey);
            Assert.Equal("sig", k.Use);
            Assert.Equal(Base64UrlEncoder.Encode(k.ComputeJwkThumbprint()), k.Kid);
            Assert.True(VerifiesAsync(set.Keys, Sign(node.Current.Signing[k.Alg])).Result);
        });
    }

    [Fact]
    public async Task Many_threads_sign_at_once()
    {
        using var node = Node();
        await node.RefreshAsync(Cancel);
        var ring = node.Current;
        var tokens = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => Enumerable.Range(0, 20).Select(_ => Sign(ring.Signing[Both[i % 2]])).ToList(), Cancel)));
        Assert.All(tokens.SelectMany(t => t), token => Assert.True(VerifiesAsync(ring, token).Result));
    }

    private KeyTable Table() => new(database, protector, new AuditLog(database, clock), clock);

    private KeyStore Node() => new(Table(), new IdpOptions(), clock, NullLogger<KeyStore>.Instance);

    private static string Sign(SigningCredentials credentials) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken("""{"sub":"x"}""", credentials);

    private static Task<bool> VerifiesAsync(KeyRing ring, string token) => VerifiesAsync(ring.Published, token);

    private static async Task<bool> VerifiesAsync(IEnumerable<SecurityKey> keys, string token) =>
        (await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = keys, ValidateIssuer = false, ValidateAudience = false, ValidateLifetime = false,
        })).IsValid;
}
