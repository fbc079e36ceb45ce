using System.Text.RegularExpressions;
using CsCheck;
using IdP.Protocol.Authorize;
using IdP.Protocol.PushedAuthorization;

namespace IdP.Protocol.Tests.Authorize;

/// <summary>RFC 6749 §4.1.2.1: who may read an error, and that every input has an answer.</summary>
public sealed class WhoIsToldTests
{
    private static readonly string[] Names =
    [
        "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt", "display", "max_age",
        "ui_locales", "claims_locales", "login_hint", "id_token_hint", "acr_values", "claims", "request", "request_uri", "registration", "zzz",
    ];

    private static readonly Gen<string> Junk = Gen.OneOf(
        Gen.String,
        Gen.Char.Array[0, 12].Select(chars => new string(chars)),
        Gen.Const("\ud800"), Gen.Const("\0"), Gen.Const("{\"id_token\":{\"acr\":{\"value\":\"\\ud800\"}}}"), Gen.Const("{\"\\udc00\":null}"), Gen.Const(new string('[', 8000)),
        Gen.Const("urn:ietf:params:oauth:request_uri:\ud800"), Gen.Const("urn:ietf:params:oauth:request_uri:"), Gen.Const("eyJhbGciOiJub25lIn0.e30."), Gen.Const("a.b.c"), Gen.Const("..") ,
        Gen.Const(new string('x', 100_000)));

    [Fact]
    public void Whatever_is_sent_there_is_an_answer_and_no_redirect_to_an_unregistered_address() =>
        Gen.Select(Gen.Int[0, Names.Length - 1], Junk).Array[1, 4].Sample(junk =>
        {
            var house = new House();
            var outcome = house.ReadAsync([.. junk.Select(pair => (Names[pair.Item1], (string?)pair.Item2))]).GetAwaiter().GetResult();
            var target = outcome switch { AuthorizeOutcome.Valid(var request) => request.Target, AuthorizeOutcome.ForTheClient(_, var to) => to, _ => null };
            if (target is null)
                return true;
            _ = AuthorizeResponse.Location(target, new AuthorizeResponse(house.Options).Error(target, ProtocolError.AccessDenied()));
            return target.RedirectUri == House.Callback;
        }, iter: 1_000);

    [Fact]
    public void Logout_has_an_answer_to_everything_too() =>
        Gen.Select(Gen.Int[0, 4], Junk).Array[1, 4].Sample(junk =>
        {
            string[] names = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];
            var request = new House().EndSession.ReadAsync(House.Form([.. junk.Select(pair => (names[pair.Item1], (string?)pair.Item2))]), default).GetAwaiter().GetResult();
            return request.RedirectTo is null;
        }, iter: 500);

    [Fact]
    public async Task An_unknown_or_disabled_client_is_the_persons_to_read()
    {
        var house = new House();
        house.Change("other", client => client with { Enabled = false });
        Assert.Equal("invalid_request", await house.ToPersonAsync(("client_id", null)));
        Assert.Equal("invalid_client", await house.ToPersonAsync(("client_id", "nobody")));
        Assert.Equal("invalid_client", await house.ToPersonAsync(("client_id", "other")));
    }

    [Theory]
    [InlineData("client_id", true)]
    [InlineData("redirect_uri", true)]
    [InlineData("state", false)]
    [InlineData("scope", false)]
    [InlineData("response_type", false)]
    [InlineData("response_mode", false)]
    [InlineData("unheard_of", false)]
    public async Task A_repeated_parameter_is_refused(string name, bool person)
    {
        var outcome = await new House().Authorize.ReadAsync(new Parameters([.. House.Request().All, new(name, "again"), new(name, "again")]), default);
        var error = person ? Assert.IsType<AuthorizeOutcome.ForThePerson>(outcome).Error : Assert.IsType<AuthorizeOutcome.ForTheClient>(outcome).Error;
        Assert.Equal("invalid_request", error.Code);
    }

    [Fact]
    public async Task A_state_that_was_sent_twice_is_not_sent_back()
    {
        var outcome = await new House().Authorize.ReadAsync(new Parameters([.. House.Request().All, new("state", "other")]), default);
        Assert.Null(Assert.IsType<AuthorizeOutcome.ForTheClient>(outcome).Target.State);
    }

    [Theory]
    [InlineData("nonce", 1024)]
    [InlineData("login_hint", 500)]
    public async Task A_value_is_returned_whole_up_to_its_limit_and_refused_beyond(string name, int limit)
    {
        var house = new House();
        var request = await house.ValidAsync((name, new string('é', limit)));
        Assert.Equal(limit, (name == "nonce" ? request.Nonce : request.LoginHint)?.Length);
        Assert.Equal("invalid_request", await house.ToClientAsync((name, new string('é', limit + 1))));
    }

    /// <summary>Apps without a store of their own keep what they know in it; what counts is the room it takes in an address.</summary>
    [Theory]
    [InlineData("a", 8192)]
    [InlineData("=", 2730)]
    [InlineData("é", 1365)]
    [InlineData("中", 910)]
    [InlineData("\U0001f511", 682)]
    public async Task A_state_may_take_8_KB_of_an_address(string text, int times)
    {
        var house = new House();
        var state = string.Concat(Enumerable.Repeat(text, times));
        Assert.InRange(Uri.EscapeDataString(state).Length, 8180, 8192);
        Assert.Equal(state, (await house.ValidAsync(("state", state))).Target.State);
        Assert.Equal("invalid_request", await house.ToClientAsync(("state", state + text)));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("中")]
    public async Task A_request_may_take_16_KB_of_an_address(string text)
    {
        var house = new House();
        var rest = House.Request().All.Sum(pair => Uri.EscapeDataString(pair.Key + pair.Value).Length + 2) + "unread".Length + 2;
        var left = 16_384 - rest;
        var unread = string.Concat(Enumerable.Repeat(text, left / Uri.EscapeDataString(text).Length));
        await house.ValidAsync(("unread", unread));
        Assert.Equal("invalid_request", await house.ToClientAsync(("unread", unread + text)));
        Assert.IsType<PushOutcome.Refused>(await house.Pushing.PushAsync(null, House.Request(("unread", unread + text), ("client_secret", House.Secret)), "127.0.0.1", default));
    }

    [Theory]
    [InlineData("state", @"a\nb")]
    [InlineData("state", @"a\ud800b")]
    [InlineData("nonce", @"a\0b")]
    [InlineData("login_hint", @"\udc00")]
    [InlineData("scope", @"openid\t")]
    public async Task Control_characters_and_broken_text_are_refused(string name, string escaped)
    {
        // Attributes are stored as UTF-8, where half a surrogate pair cannot be: so the data is escaped.
        var outcome = Assert.IsType<AuthorizeOutcome.ForTheClient>(await new House().ReadAsync((name, Regex.Unescape(escaped))));
        Assert.Equal("invalid_request", outcome.Error.Code);
        Assert.True(name != "state" || outcome.Target.State is null);
    }

    [Fact]
    public async Task Every_answer_carries_the_issuer_and_the_exact_state()
    {
        var house = new House();
        var response = new AuthorizeResponse(house.Options);
        var target = (await house.ValidAsync(("state", "ä +%&=#\"<>"))).Target;
        foreach (var answer in new[] { response.Success(target, "c"), response.Error(target, ProtocolError.AccessDenied()) })
        {
            Assert.Contains(new("iss", House.Issuer), answer);
            Assert.Contains(new("state", "ä +%&=#\"<>"), answer);
            Assert.Contains("state=" + Uri.EscapeDataString("ä +%&=#\"<>"), AuthorizeResponse.Location(target, answer), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Errors_travel_by_form_post_when_that_was_asked_for() =>
        Assert.Equal("form_post", Assert.IsType<AuthorizeOutcome.ForTheClient>(await new House().ReadAsync(("response_mode", "form_post"), ("response_type", "token"))).Target.ResponseMode);
}
