using System.Text;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Hosting;

/// <summary>How much one request may bring: a form 64 KB, its first line and its headers 32 KB each. Sent as bytes, since no HTTP library asks for so much.</summary>
[Collection(nameof(OnSqlite))]
public sealed class LimitTests(SqliteHost host)
{
    private const int Form = 64 * 1024;
    private const int Headers = 32 * 1024;

    [Theory]
    [InlineData("/connect/token")]
    [InlineData("/connect/authorize")]
    [InlineData("/sign-in")]
    [InlineData("/forgot")]
    public async Task A_form_over_64_KB_is_too_large_announced_or_not(string path)
    {
        Assert.NotEqual(413, await AskAsync(path, Announced(Form)));
        Assert.Equal(413, await AskAsync(path, Announced(Form + 1)));
        Assert.Equal(413, await AskAsync(path, $"Transfer-Encoding: chunked\r\n\r\n{Form + 1:x}\r\n{Body(Form + 1)}\r\n0\r\n\r\n"));
    }

    [Theory]
    [InlineData(Headers - 1024, 200)]
    [InlineData(Headers + 1, 431)]
    public async Task Headers_over_32_KB_are_too_large_in_one_or_in_many(int size, int status)
    {
        const string path = "/.well-known/jwks.json";
        Assert.Equal(status, await StatusAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-One: {new string('a', size)}\r\n\r\n"));
        var many = string.Concat(Enumerable.Range(10, 16).Select(n => $"X-{n}: {new string('a', (size / 16) - 8)}\r\n"));
        Assert.Equal(status, await StatusAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{many}X-Rest: {new string('a', 16)}\r\n\r\n"));
    }

    [Theory]
    [InlineData(Headers - 1024, 200)]
    [InlineData(Headers + 1, 414)]
    public async Task A_first_line_over_32_KB_is_too_long(int size, int status) =>
        Assert.Equal(status, await StatusAsync($"GET /.well-known/jwks.json?{new string('a', size)} HTTP/1.1\r\nHost: localhost\r\n\r\n"));

    private static string Announced(int size) => $"Content-Length: {size}\r\n\r\n{Body(size)}";

    private static string Body(int size) => "code=".PadRight(size, 'a');

    private Task<int?> AskAsync(string path, string rest) =>
        StatusAsync($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n{rest}");

    private Task<int?> StatusAsync(string request) =>
        Wire.StatusAsync(host.Idp.Ports[0], Encoding.ASCII.GetBytes(request), hangUp: false, TestContext.Current.CancellationToken);
}
