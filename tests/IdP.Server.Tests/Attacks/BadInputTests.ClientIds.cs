using System.Net.Http.Headers;
using System.Text;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>
/// Ids that no client can have. PostgreSQL refuses text with a NUL in it, so an id must be known for impossible before a store is asked: then it is an unknown
/// client like any other.
/// </summary>
public abstract partial class BadInputTests
{
    private static readonly string[] ForPrograms =
        ["token by code", "token by refresh", "token for the client", "par", "introspect an access token", "introspect a refresh token", "revoke an access token", "revoke a refresh token"];

    public static TheoryData<string> ImpossibleIds => ["\0", "suite\0", "\0suite", "su\0ite", "suite\u0001", "suite\u007f", "suite\r\n", "süite", "suite\uFFFD"];

    [Theory]
    [MemberData(nameof(ImpossibleIds))]
    public async Task A_program_with_an_impossible_id_is_an_unknown_client(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        var secret = TestClient.Suite.Secret!;
        foreach (var row in ForPrograms.Select(key => Rows[key]))
        {
            var endpoint = row.Path;
            var fields = (await FillAsync(row)).Where(pair => pair.Key is not ("client_id" or "client_secret")).ToList();
            await UnknownAsync(endpoint, [.. fields, new("client_id", id), new("client_secret", secret)]);
            await UnknownAsync(endpoint, [.. fields, new("client_id", id)]);
            await UnknownAsync(endpoint, fields, $"{Uri.EscapeDataString(id)}:{secret}");
            await UnknownAsync(endpoint, fields, $"{id}:{secret}");

            // Known by its header, but named otherwise in the form.
            var torn = await SendAsync(endpoint, [.. fields, new("client_id", id)], $"suite:{secret}");
            Assert.Equal((400, "invalid_request"), (torn.Status, torn.Error));
        }

        NothingLogged();

        async Task UnknownAsync(string endpoint, IEnumerable<KeyValuePair<string, string>> fields, string? basic = null)
        {
            var answer = await SendAsync(endpoint, fields, basic);
            Assert.True((answer.Status, answer.Error) == (401, "invalid_client"), $"{endpoint} {basic}: {answer.Status} {answer.Body}");
        }
    }

    [Theory]
    [MemberData(nameof(ImpossibleIds))]
    public async Task A_person_who_is_sent_with_an_impossible_id_is_told_and_stays(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        using var browser = idp.Browser();
        var suite = idp.App(TestClient.Suite);
        var ask = suite.Ask().With("client_id", id);
        foreach (var stop in new[]
        {
            await browser.OpenAsync(ask.Url),
            await browser.PostAsync("/connect/authorize", Form(ask.Values), origin: "https://suite.example"),
            await browser.OpenAsync($"/connect/authorize?client_id={Uri.EscapeDataString(id)}&request_uri=urn:ietf:params:oauth:request_uri:{new string('a', 43)}"),
        })
        {
            Assert.True(stop is { Answer: null, Status: System.Net.HttpStatusCode.BadRequest, PersonError: "invalid_client" or "invalid_request_uri" }, stop.Describe());
            Assert.All(stop.Trail, hop => Assert.Null(hop.Location));
        }

        NothingLogged();
    }

    [Theory]
    [MemberData(nameof(ImpossibleIds))]
    public async Task A_sign_out_for_an_impossible_id_stays_here(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        using var browser = idp.Browser();
        var request = $"?client_id={Uri.EscapeDataString(id)}&post_logout_redirect_uri={Uri.EscapeDataString(TestClient.Suite.PostLogoutRedirectUri)}&state=s";
        StaysHere(await browser.OpenAsync("/connect/endsession" + request));
        StaysHere(await browser.OpenAsync("/signed-out" + request));

        Assert.NotNull((await idp.SignInAsync(browser, idp.App(TestClient.Suite).Ask(), idp.Plain())).Answer);
        var page = await browser.OpenAsync("/connect/endsession" + request);
        Assert.Equal("/connect/endsession", page.At);
        StaysHere(await browser.SubmitAsync(page, new Dictionary<string, string> { ["decision"] = "sign-out" }, "/connect/endsession/confirm"));
        Assert.False(browser.HasCookie("idp.session"));
        NothingLogged();

        static void StaysHere(Stop stop) => Assert.True(stop is { Answer: null, Status: System.Net.HttpStatusCode.OK, At: "/signed-out" }, stop.Describe());
    }

    private async Task<TokenAnswer> SendAsync(string endpoint, IEnumerable<KeyValuePair<string, string>> fields, string? basic)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, idp.Issuer + endpoint) { Content = Form(fields) };
        if (basic is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        return await idp.SendAsync(request);
    }
}
