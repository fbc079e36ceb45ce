using IdP.Server.Storage.Clients;

namespace IdP.Server.Tests.Storage;

/// <summary>A secret that somebody chose must take 10^20 guesses; one that was drawn always does.</summary>
public sealed class ClientSecretTests
{
    [Theory]
    [InlineData("passwordpassword", "has 16 characters")]
    [InlineData("K7dE0mFJQdgk3P1C0y5", "has 19 characters")]
    [InlineData("passwordpasswordpassword", "too easy to guess")]
    [InlineData("correct horse battery", "too easy to guess")]
    [InlineData("abcdefghijklmnopqrstuvwxyz", "too easy to guess")]
    [InlineData("qwertyuiopasdfghjklzxcvbnm", "too easy to guess")]
    [InlineData("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", "too easy to guess")]
    public void A_secret_that_can_be_guessed_is_refused_with_the_reason(string secret, string reason)
    {
        var fault = ClientSecrets.Fault(secret);
        Assert.Contains(reason, fault, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("K7dE0mFJQdgk3P1C0y5w")]
    [InlineData("f3a9c1d47e0b85266c1d9eaf03b7")]
    [InlineData("a-long-random-secret-of-your-own")]
    public void A_secret_that_cannot_be_guessed_is_taken(string secret) => Assert.Null(ClientSecrets.Fault(secret));

    [Fact]
    public void What_this_server_draws_is_good_enough_for_itself() => Assert.All(Enumerable.Range(0, 10).Select(_ => ClientSecrets.New()), secret => Assert.Null(ClientSecrets.Fault(secret)));
}
