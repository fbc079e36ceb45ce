using System.Globalization;
using System.Text;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>Bodies that are not what their headers promise: the caller's fault at every endpoint, and nothing for the server's log of errors.</summary>
public abstract partial class BadInputTests
{
    private const string UrlEncoded = "application/x-www-form-urlencoded";
    private const string Multipart = "multipart/form-data; boundary=x";
    private const string Field = "--x\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\nsuite\r\n";

    // Kind, Content-Type and body, all of it sent and as long as it says.
    private static readonly Dictionary<string, (string Type, string Body)> Broken = new()
    {
        ["parts without an end"] = (Multipart, Field),
        ["a part cut in its value"] = (Multipart, Field[..^4]),
        ["a part cut in its header"] = (Multipart, Field + "--x\r\nContent-Dispo"),
        ["a part with a header that is none"] = (Multipart, "--x\r\nnonsense\r\n\r\nv\r\n--x--\r\n"),
        ["a part without a name"] = (Multipart, "--x\r\n\r\nv\r\n--x--\r\n"),
        ["a part that is a file"] = (Multipart, "--x\r\nContent-Disposition: form-data; name=\"code\"; filename=\"../../f\"\r\n\r\nv\r\n--x--\r\n"),
        ["a part with a header of 20 KB"] = (Multipart, $"--x\r\nContent-Disposition: form-data; name=\"{new string('n', 20_000)}\"\r\n\r\nv\r\n--x--\r\n"),
        ["1,500 parts"] = (Multipart, string.Concat(Enumerable.Repeat("--x\r\nA: b\r\n\r\n\r\n", 1500)) + "--x--\r\n"),
        ["a form in UTF-7"] = ("application/x-www-form-urlencoded; charset=utf-7", "a=b"),
        ["parts in UTF-7"] = (Multipart, "--x\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\nb\r\n--x--\r\n"),
        ["parts without a boundary"] = ("multipart/form-data", Field + "--x--\r\n"),
        ["parts with an empty boundary"] = ("multipart/form-data; boundary=\"\"", Field),
        ["parts with a boundary of 200 characters"] = ("multipart/form-data; boundary=" + new string('b', 200), Field),
        ["parts that are not there"] = (Multipart, ""),
        ["1,500 pairs"] = (UrlEncoded, string.Join('&', Enumerable.Range(0, 1500).Select(n => $"k{n}=v"))),
        ["a name of 10 KB"] = (UrlEncoded, new string('n', 10_000) + "=v"),
        ["a pair cut in an escape"] = (UrlEncoded, "client_id=suite%"),
        ["escapes of half a character"] = (UrlEncoded, "client_id=%C3&%ED%A0%80=x"),
    };

    public static TheoryData<string> BrokenBodies => [.. Broken.Keys];

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task A_broken_body_is_answered_in_order(string kind)
    {
        var (type, body) = Broken[kind];
        foreach (var endpoint in Paths)
            await AnsweredAsync(endpoint, Request(endpoint, type, $"Content-Length: {body.Length}", body), kind);
        await GoesOnAsync();
    }

    [Theory]
    [InlineData("zz\r\nclient_id=suite\r\n0\r\n\r\n")]
    [InlineData("-1\r\nclient_id=suite\r\n0\r\n\r\n")]
    [InlineData("fffffffffffffffff\r\nclient_id=suite\r\n0\r\n\r\n")]
    [InlineData("5\r\nclient_id=suite\r\n0\r\n\r\n")]
    public async Task A_body_whose_pieces_are_wrong_is_answered_in_order(string pieces)
    {
        foreach (var endpoint in Paths)
            await AnsweredAsync(endpoint, Request(endpoint, UrlEncoded, "Transfer-Encoding: chunked", pieces), pieces);
        await GoesOnAsync();
    }

    [Theory]
    [InlineData(UrlEncoded, "client_id=su", "Content-Length: 200")]
    [InlineData(UrlEncoded, "", "Content-Length: 200")]
    [InlineData(UrlEncoded, "20\r\nclient_id=su", "Transfer-Encoding: chunked")]
    [InlineData(Multipart, Field, "Content-Length: 2000")]
    public async Task Who_hangs_up_in_the_middle_of_a_body_does_no_harm(string type, string body, string length)
    {
        foreach (var endpoint in Paths)
        {
            // Mostly nobody is answered any more.
            var status = await Wire.StatusAsync(idp.Ports[0], Request(endpoint, type, length, body), hangUp: true, TestContext.Current.CancellationToken);
            Assert.True(status is null or (>= 200 and < 500), $"{endpoint}: {status}");
        }

        await GoesOnAsync();
    }

    /// <summary>The server's own deadline is 503, "try again"; for a body that stays away it must not come to that.</summary>
    [Fact]
    public async Task A_body_that_stops_coming_is_the_callers_fault()
    {
        var stalled = Paths.SelectMany(endpoint => new[] { (endpoint, UrlEncoded, "client_id=su"), (endpoint, Multipart, Field) });
        await Task.WhenAll(stalled.Select(row => AnsweredAsync(row.endpoint, Request(row.endpoint, row.Item2, "Content-Length: 2000", row.Item3), "stalled")));
        await GoesOnAsync();
    }

    private async Task AnsweredAsync(string endpoint, byte[] request, string what)
    {
        var status = await Wire.StatusAsync(idp.Ports[0], request, hangUp: false, TestContext.Current.CancellationToken);
        Assert.True(status is >= 200 and < 500, $"{what} at {endpoint}: {status?.ToString(CultureInfo.InvariantCulture) ?? "no answer"}");
    }

    private byte[] Request(string endpoint, string type, string length, string body) => Encoding.Latin1.GetBytes(
        $"POST {endpoint} HTTP/1.1\r\nHost: localhost:{idp.Ports[0]}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: {type}\r\n{length}\r\n\r\n{body}");

    private async Task GoesOnAsync()
    {
        Assert.Equal(200, (await idp.GetAsync("/.well-known/openid-configuration")).Status);
        NothingLogged();
    }
}
