using System.Security.Cryptography;
using System.Text;
using IdP.Protocol.Clients;
using IdP.Protocol.Token;

namespace IdP.Protocol.Tests.Token;

/// <summary>RFC 6749 §2.3 (who calls), §4.4 (client_credentials), §5.2 (what is refused).</summary>
public sealed class ClientCallTests
{
    private readonly House house = new();

    [Theory]
    [InlineData("machine", House.Secret, true)]
    [InlineData("machine", "wrong", false)]
    [InlineData("machine", "", false)]
    [InlineData("nobody", House.Secret, false)]
    [InlineData("", House.Secret, false)]
    public async Task Basic_proves_a_client(string client, string secret, bool good) => Assert.Equal(good, await IsProvenAsync(House.Basic(client, secret)));

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!")]
    [InlineData("Basic bm9jb2xvbg==")]
    [InlineData("Bearer abc")]
    [InlineData("Digest username=x")]
    public async Task A_header_that_is_not_basic_credentials_fails(string header) => Assert.False(await IsProvenAsync(header, ("client_id", "machine"), ("client_secret", House.Secret)));

    [Fact]
    public async Task Basic_is_form_encoded_and_those_who_forget_are_understood()
    {
        const string Odd = "a+b%c:d e";
        house.Change("machine", client => client with { ClientSecrets = [new(SHA256.HashData(Encoding.UTF8.GetBytes(Odd)))] });
        Assert.True(await IsProvenAsync(House.Basic("machine", "a%2Bb%25c%3Ad+e")));
        Assert.True(await IsProvenAsync(House.Basic("machine", Odd)));
        Assert.False(await IsProvenAsync(House.Basic("machine", "a b%25c:d e")));
    }

    [Fact]
    public async Task Two_methods_at_once_are_refused_empty_fields_beside_basic_are_not_a_method()
    {
        Assert.Equal("invalid_request", await FailureAsync(House.Basic("machine"), ("client_secret", House.Secret)));
        Assert.Equal("invalid_request", await FailureAsync(House.Basic("machine"), ("client_id", "web")));
        Assert.True(await IsProvenAsync(House.Basic("machine"), ("client_id", ""), ("client_secret", "")));
        Assert.True(await IsProvenAsync(House.Basic("machine"), ("client_id", "machine")));
        Assert.Equal("invalid_client", await FailureAsync(House.Basic("machine"), ("client_assertion", "a.b.c")));
    }

    [Fact]
    public async Task A_client_keeps_to_its_registered_method()
    {
        (string, string?)[] post = [("client_id", "machine"), ("client_secret", House.Secret)];
        Assert.True(await IsProvenAsync(null, post));
        house.Change("machine", client => client with { TokenEndpointAuthMethod = "client_secret_basic" });
        Assert.False(await IsProvenAsync(null, post));
        Assert.True(await IsProvenAsync(House.Basic("machine")));
    }

    [Fact]
    public async Task Only_a_public_client_may_come_without_secret_and_a_wrong_one_is_wrong_for_it_too()
    {
        Assert.True(await IsProvenAsync(null, ("client_id", "native")));
        Assert.False(await IsProvenAsync(null, ("client_id", "machine")));
        Assert.False(await IsProvenAsync(null, ("client_id", "native"), ("client_secret", "anything")));
    }

    [Fact]
    public async Task Of_several_secrets_each_works_until_it_expires_and_a_disabled_client_has_none()
    {
        var old = new ClientSecret(SHA256.HashData("the-old-one"u8), house.Time.GetUtcNow().AddDays(1));
        house.Change("machine", client => client with { ClientSecrets = [old, .. client.ClientSecrets] });
        Assert.True(await IsProvenAsync(House.Basic("machine", "the-old-one")));
        Assert.True(await IsProvenAsync(House.Basic("machine")));
        house.Time.Advance(TimeSpan.FromDays(1));
        Assert.False(await IsProvenAsync(House.Basic("machine", "the-old-one")));
        house.Change("machine", client => client with { Enabled = false });
        Assert.False(await IsProvenAsync(House.Basic("machine")));
    }

    [Fact]
    public async Task A_machine_acts_for_itself_with_the_audience_of_its_scopes()
    {
        var token = House.Jwt(await house.MachineTokenAsync());
        Assert.Equal(("machine", "machine", "api"), (token.Subject, token.GetClaim("client_id").Value, token.GetClaim("scope").Value));
        Assert.Equal(["api-server"], token.Audiences);
        Assert.False(token.TryGetClaim("acr", out _));
    }

    [Fact]
    public async Task Without_scope_a_machine_gets_all_it_may_have_and_nothing_about_people()
    {
        var response = House.Issued(await CallAsync("machine", ("grant_type", "client_credentials")));
        Assert.Equal(["api", "reports"], response.Scopes);
        Assert.True(response is { IdToken: null, RefreshToken: null });
    }

    [Theory]
    [InlineData("openid")]
    [InlineData("api offline_access")]
    [InlineData("email")]
    [InlineData("unheard-of")]
    public async Task A_machine_asks_for_no_person(string scope) =>
        Assert.Equal("invalid_scope", House.Refused(await CallAsync("machine", ("grant_type", "client_credentials"), ("scope", scope))));

    [Fact]
    public async Task A_public_client_cannot_be_a_machine()
    {
        house.Change("native", client => client with { AllowedGrantTypes = ["client_credentials"] });
        var outcome = await house.Tokens.RunAsync(null, House.Form(("grant_type", "client_credentials"), ("client_id", "native")), default);
        Assert.Equal("unauthorized_client", House.Refused(outcome));
    }

    [Theory]
    [InlineData(null, "invalid_request")]
    [InlineData("password", "unsupported_grant_type")]
    [InlineData("implicit", "unsupported_grant_type")]
    [InlineData("refresh_token", "unauthorized_client")]
    public async Task A_grant_must_exist_and_be_the_clients(string? type, string error) => Assert.Equal(error, House.Refused(await CallAsync("machine", ("grant_type", type))));

    [Fact]
    public async Task A_repeated_parameter_is_refused_before_anything_is_looked_at()
    {
        var form = new Parameters([new("grant_type", "client_credentials"), new("scope", "api"), new("scope", "api")]);
        Assert.Equal("invalid_request", House.Refused(await house.Tokens.RunAsync(House.Basic("machine"), form, default)));
    }

    private Task<TokenOutcome> CallAsync(string client, params (string, string?)[] form) => house.Tokens.RunAsync(House.Basic(client), House.Form(form), default);

    private async Task<bool> IsProvenAsync(string? header, params (string, string?)[] form) =>
        await house.Authentication.AuthenticateAsync(header, House.Form(form), default) is ClientAuthenticationOutcome.Proven;

    private async Task<string> FailureAsync(string? header, params (string, string?)[] form) =>
        Assert.IsType<ClientAuthenticationOutcome.Refused>(await house.Authentication.AuthenticateAsync(header, House.Form(form), default)).Error.Code;
}
