using IdP.Server.Storage;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>Whoever guesses at a client's secret is counted per client and address, is written down once an hour, and is refused after fifty.</summary>
public abstract class ClientGuessTests(TestIdp idp)
{
    private const int Most = 50;

    private static readonly string[] Endpoints = ["/connect/token", "/connect/introspect", "/connect/revocation", "/connect/par"];

    [Fact]
    public async Task Guesses_at_a_client_secret_are_counted_written_down_and_stopped()
    {
        await WindowBeginsAsync();
        var client = new TestClient("guessed", "guessed-secret-of-plenty-of-characters");
        await idp.RegisterAsync(client.ToClient());
        for (var guess = 0; guess < Most; guess++)
            Assert.Equal((401, "invalid_client"), await AskAsync(Endpoints[guess % Endpoints.Length], client.Id, "guess-" + guess));

        // Refused everywhere, with the right secret too; another client at the same address is none the worse.
        foreach (var endpoint in Endpoints)
            Assert.Equal((401, "invalid_client"), await AskAsync(endpoint, client.Id, client.Secret!));
        Assert.NotEqual(401, (await AskAsync("/connect/introspect", TestClient.Web.Id, TestClient.Web.Secret!)).Status);

        Assert.Equal([(client.Id, Most)], await RowsAsync("client_id = 'guessed'"));
        await idp.ForwardAsync(TimeSpan.FromMinutes(10));
        Assert.NotEqual(401, (await AskAsync("/connect/introspect", client.Id, client.Secret!)).Status);
    }

    [Fact]
    public async Task Names_that_no_client_has_are_one_row_and_cost_no_client_its_way_in()
    {
        await WindowBeginsAsync();
        for (var guess = 0; guess < Most + 5; guess++)
            Assert.Equal((401, "invalid_client"), await AskAsync("/connect/token", "nobody-" + guess, "guess"));
        Assert.NotEqual(401, (await AskAsync("/connect/introspect", TestClient.Web.Id, TestClient.Web.Secret!)).Status);
        // What is refused from memory is not written down any more.
        Assert.Equal([("", Most)], await RowsAsync("client_id is null"));
    }

    /// <summary>Limits go by ten minutes of the clock, and rows by its hours.</summary>
    private Task WindowBeginsAsync() => idp.ForwardAsync(TimeSpan.FromSeconds(3601 - (idp.Clock.GetUtcNow().ToUnixTimeSeconds() % 3600)));

    private async Task<(int Status, string? Error)> AskAsync(string endpoint, string id, string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, idp.Issuer + endpoint)
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials", ["token"] = "x", ["client_id"] = id, ["client_secret"] = secret,
            }),
        };
        var answer = await idp.SendAsync(request);
        return (answer.Status, answer.Error);
    }

    private Task<List<(string, int)>> RowsAsync(string which) => idp.Service<Database>().ListAsync(
        $"select client_id, count from audit where action = 'client-authentication-failed' and {which}", row => (row.TextOrNull(0) ?? "", row.GetInt32(1)), default);
}

public sealed class Client_guesses_on_SQLite_and_memory(SqliteAttackHost host) : ClientGuessTests(host.Idp), IClassFixture<SqliteAttackHost>;

[Thorough]
public sealed class Client_guesses_on_PostgreSQL_and_Redis(PostgresAttackHost host) : ClientGuessTests(host.Idp), IClassFixture<PostgresAttackHost>;
