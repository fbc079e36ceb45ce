using System.Globalization;
using System.Text.RegularExpressions;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// I-8: each parameter of each endpoint missing, repeated, over-long, of another type, with control characters: the standard's error or a page, never 5xx, never a
/// stranger's address - and never what the good one would have got.
/// </summary>
public abstract partial class BadInputTests(StepHost host) : IDisposable
{
    private readonly TestIdp idp = host.Idp;

    public static TheoryData<string, string> Table
    {
        get
        {
            var table = new TheoryData<string, string>();
            foreach (var (key, row) in All)
            {
                foreach (var (name, _) in row.Parameters)
                    table.Add(key, name);
            }

            return table;
        }
    }

    public static TheoryData<string> Successes => [.. Rows.Where(row => row.Value.Succeeds is not null).Select(row => row.Key)];

    // One server for all of them: each answers for what it caused itself.
    private readonly int logged = host.Idp.Log.Errors.Count();

    /// <summary>What makes the rest of the table mean something.</summary>
    [Theory]
    [MemberData(nameof(Successes))]
    public async Task A_row_as_it_is_succeeds(string row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var (get, post) = await SendAsync(All[row], await FillAsync(All[row]));
        var answer = row.StartsWith("authorize", StringComparison.Ordinal) || row == "endsession" ? get : post;
        Assert.True(All[row].Succeeds!(answer), $"{answer.Status} {answer.Head["Location"]} {answer.Body}");
        NothingLogged();
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_spoilt_parameter_is_answered_in_order(string row, string name)
    {
        var at = All[row];
        var missing = await FillAsync(at);
        missing.RemoveAll(pair => pair.Key == name);
        await RefusedAsync(at, missing, at.IsNeeded(name), $"{name} missing");

        var empty = await FillAsync(at);
        await RefusedAsync(at, With(empty, name, _ => ""), at.IsNeeded(name), $"{name} empty");

        var twice = await FillAsync(at);
        await RepeatedAsync(at, [.. twice, twice.Single(pair => pair.Key == name)], name);
        twice = await FillAsync(at);
        await RepeatedAsync(at, [.. twice, new(name, "other")], name);

        foreach (var (kind, spoil) in Spoilt)
            await RefusedAsync(at, With(await FillAsync(at), name, spoil), at.MustMatch(name), $"{name} {kind}");
        NothingLogged();
    }

    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("text/plain", "a=b")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--x--\r\n")]
    [InlineData("application/x-www-form-urlencoded; charset=nonsense", "a=b")]
    [InlineData("application/x-www-form-urlencoded", "%%%=%zz&=&&&a")]
    [InlineData("garbage", "\0\0\0")]
    public async Task A_body_of_another_kind_is_answered_in_order(string type, string body)
    {
        foreach (var path in Paths)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, idp.Issuer + path) { Content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(body)) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            var answer = await idp.SendAsync(request);
            Assert.True(answer.Status is >= 200 and < 500, $"{path} {type}: {answer.Status}");
        }

        NothingLogged();
    }

    private static List<KeyValuePair<string, string>> With(List<KeyValuePair<string, string>> pairs, string name, Func<string, string> change) =>
        [.. pairs.Select(pair => pair.Key == name ? new(name, change(pair.Value)) : pair)];

    private async Task RefusedAsync(Row row, List<KeyValuePair<string, string>> pairs, bool needed, string what)
    {
        var (get, post) = await SendAsync(row, pairs);
        if (!needed)
            return;
        foreach (var answer in new[] { get, post })
            Assert.False(row.Succeeds!(answer), $"{what} at {row.Path} was as good as the right one: {answer.Status} {answer.Head["Location"]} {answer.Body}");
        if (row.Path is "/connect/token" or "/connect/par")
            Assert.True(post is { Status: 400 or 401, Error: not null }, $"{what} at {row.Path}: {post.Status} {post.Body}");
    }

    /// <summary>RFC 6749 §3.1, §3.2, RFC 7662 §2.1, RFC 6750 §3.1: invalid_request. Who may be told is told; a sign-out stays here.</summary>
    private async Task RepeatedAsync(Row row, List<KeyValuePair<string, string>> pairs, string name)
    {
        var (get, post) = await SendAsync(row, pairs);
        var what = $"{name} twice at {row.Path}: GET {get.Status} {get.Head["Location"]}, POST {post.Status} {post.Head["Location"]} {post.Body}";
        switch (row.Path)
        {
            case "/connect/token" or "/connect/par" or "/connect/introspect" or "/connect/revocation" or "/connect/userinfo":
                Assert.True((post.Status, post.Error) == (400, "invalid_request"), what);
                break;
            case "/connect/authorize" when name is "client_id" or "redirect_uri" or "request_uri":
                Assert.True((get, post) is ({ Status: 400 }, { Status: 400 }) && get.Head["Location"] is null && post.Head["Location"] is null, what);
                break;
            case "/connect/authorize":
                // A mode that was sent twice is not answered in.
                var posted = name != "response_mode" && pairs.Contains(new("response_mode", "form_post"));
                foreach (var answer in new[] { get, post })
                    Assert.True(posted ? answer.Body.Contains("value=\"invalid_request\"", StringComparison.Ordinal) : answer.Head["Location"]?.StartsWith(TestClient.Suite.RedirectUri + "?error=invalid_request&", StringComparison.Ordinal), what);
                break;
            case "/connect/endsession":
                Assert.True(get.Head["Location"]?.StartsWith("/signed-out", StringComparison.Ordinal), what);
                break;
        }
    }

    private async Task<(TokenAnswer Get, TokenAnswer Post)> SendAsync(Row row, IReadOnlyList<KeyValuePair<string, string>> pairs)
    {
        var path = row.Path.Replace("{file}", Uri.EscapeDataString(pairs.FirstOrDefault(pair => pair.Key == "file").Value ?? "x"), StringComparison.Ordinal);
        var query = string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        using var get = new HttpRequestMessage(HttpMethod.Get, $"{idp.Issuer}{path}?{query}");
        var got = await idp.SendAsync(get);
        InOrder(got, $"GET {row.Path}?{query[..Math.Min(query.Length, 300)]}");
        using var post = new HttpRequestMessage(HttpMethod.Post, $"{idp.Issuer}{path}") { Content = Form(pairs) };
        post.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
        var posted = await idp.SendAsync(post);
        InOrder(posted, $"POST {row.Path} {query[..Math.Min(query.Length, 300)]}");
        return (got, posted);
    }

    private void InOrder(TokenAnswer answer, string request)
    {
        var what = $"{request} → {answer.Status.ToString(CultureInfo.InvariantCulture)} {answer.Body[..Math.Min(answer.Body.Length, 300)]}";
        HeadInOrder(answer.Status, answer.Head, what);
        if (answer.Error is { } error)
        {
            Assert.Matches(@"^[\x20\x21\x23-\x5B\x5D-\x7E]+$", error);
            Assert.Matches(@"^[\x20\x21\x23-\x5B\x5D-\x7E]*$", answer["error_description"] ?? "");
        }

        Assert.DoesNotContain("<script>alert", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("   at IdP.", answer.Body, StringComparison.Ordinal);
        // The form of a form_post answer is a redirect too.
        foreach (Match action in FormAction().Matches(answer.Body))
            Assert.True(IsOurs(System.Net.WebUtility.HtmlDecode(action.Groups[1].Value)), what);
    }

    /// <summary>With every NUL as it is: escaped, the framework refuses it before the server has seen anything; bare, it goes through.</summary>
    private static StringContent Form(IEnumerable<KeyValuePair<string, string>> pairs) => new(
        string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value).Replace("%00", "\0", StringComparison.Ordinal)}")),
        System.Text.Encoding.ASCII, UrlEncoded);

    private void NothingLogged() => Assert.Equal("", string.Join('\n', idp.Log.Errors.Skip(logged)));

    private void HeadInOrder(int status, HttpResponseHead head, string what)
    {
        Assert.True(status is >= 200 and < 500, what);
        Assert.True(head["Set-Cookie"]?.Contains("evil", StringComparison.Ordinal) is not true, what);
        Assert.True(head["Location"] is not { } location || IsOurs(location), what);
    }

    private bool IsOurs(string address)
    {
        var to = new Uri(new Uri(idp.Issuer), address);
        var path = to.GetLeftPart(UriPartial.Path);
        return to.GetLeftPart(UriPartial.Authority) == idp.Issuer || TestClient.All.Any(client => path == client.RedirectUri || path == client.PostLogoutRedirectUri);
    }

    [GeneratedRegex("<form[^>]* action=\"([^\"]*)\"")]
    private static partial Regex FormAction();
}

[Thorough]
public sealed class BadInput_on_SQLite_and_memory(SqliteStepHost host) : BadInputTests(host), IClassFixture<SqliteStepHost>;

public sealed class BadInput_on_PostgreSQL_and_Redis(PostgresStepHost host) : BadInputTests(host), IClassFixture<PostgresStepHost>;
