using CsCheck;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// Good requests with one to three things changed at random: that what the first checks look at is mostly left alone brings the others to the deeper ones.
/// The counts show that it does.
/// </summary>
public abstract partial class BadInputTests
{
    private static Gen<string> Text => Gen.OneOf(
        Gen.String[0, 60], Gen.OneOf(Spoilt.Keys.ToArray()).Select(kind => Spoilt[kind]("x")),
        Gen.OneOf("none", "login consent", "select_account", "form_post", "query", "fragment", "S256", "plain", "code id_token", "openid offline_access", "0", "2147483648", "mfa pwd", "zh-CN", "null",
            """{"id_token":{"acr":{"values":["mfa"]}}}""", """{"id_token":{"sub":{"value":"x"}},"userinfo":null}""", """{"id_token":[]}""", Challenge))
        .Where(text => !text.Any(char.IsSurrogate));

    [Theory]
    [InlineData("authorize", "client_id redirect_uri")]
    [InlineData("par", "client_id client_secret redirect_uri")]
    [InlineData("token by code", "client_id client_secret grant_type")]
    [InlineData("token by refresh", "client_id client_secret grant_type")]
    [InlineData("endsession", "id_token_hint")]
    public void Whatever_is_changed_in_a_good_request_is_answered_in_order(string key, string mostlyKept)
    {
        ArgumentNullException.ThrowIfNull(mostlyKept);
        var row = All[key];
        string[] first = mostlyKept.Split(' ');
        string[] deeper = [.. row.Parameters.Select(pair => pair.Key).Except(first)];
        // About one change in twenty meets the first checks.
        string[] names = [.. Enumerable.Repeat(deeper, 1 + (19 * first.Length / deeper.Length)).SelectMany(name => name), .. first];
        var changes = Gen.Select(Gen.OneOf(names), Gen.Int[0, 9], Text).List[1, 3];
        // Half of all answers would be posted: the refusals of that mode have a page of their own.
        Dictionary<string, int> reached = [];
        Gen.Select(changes, Gen.Bool).Sample((change, formPost) => SendChangedAsync(row, change, formPost, reached).GetAwaiter().GetResult(), iter: 150, threads: 1);

        foreach (var kind in Deep(key))
            Assert.True(reached.GetValueOrDefault(kind) >= 3, $"only {reached.GetValueOrDefault(kind)} reached '{kind}': {string.Join(", ", reached)}");
        NothingLogged();
    }

    private async Task SendChangedAsync(Row row, List<(string Name, int How, string Text)> changes, bool formPost, Dictionary<string, int> reached)
    {
        var pairs = await FillAsync(row);
        if (formPost)
            pairs = With(pairs, "response_mode", _ => "form_post");
        foreach (var (name, how, text) in changes)
        {
            pairs = how switch
            {
                0 => [.. pairs.Where(pair => pair.Key != name)],
                1 => [.. pairs, new(name, text)],
                2 => With(pairs, name, value => value + text),
                _ => With(pairs, name, _ => text),
            };
        }

        var (get, post) = await SendAsync(row, pairs);
        foreach (var answer in new[] { get, post })
            reached[KindOf(answer)] = reached.GetValueOrDefault(KindOf(answer)) + 1;
    }

    /// <summary>Outcomes behind the first checks.</summary>
    private static string[] Deep(string key) => key switch
    {
        "authorize" => ["sign-in", "told by redirect", "told by form"],
        "par" => ["201", "invalid_request"],
        "token by code" => ["invalid_request", "invalid_grant"],
        "token by refresh" => ["invalid_grant", "invalid_scope"],
        _ => ["back to the app", "stays here"],
    };

    private static string KindOf(TokenAnswer answer) => (answer.Head["Location"], answer.Error) switch
    {
        (_, { } error) => error,
        ({ } location, _) when location.StartsWith("/sign-in", StringComparison.Ordinal) => "sign-in",
        ({ } location, _) when location.StartsWith(TestClient.Suite.RedirectUri, StringComparison.Ordinal) => "told by redirect",
        ({ } location, _) when location.StartsWith(TestClient.Suite.PostLogoutRedirectUri, StringComparison.Ordinal) => "back to the app",
        ({ } location, _) when location.StartsWith("/signed-out", StringComparison.Ordinal) => "stays here",
        _ when answer.Body.Contains($"action=\"{TestClient.Suite.RedirectUri}\"", StringComparison.Ordinal) => "told by form",
        _ => answer.Status.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
