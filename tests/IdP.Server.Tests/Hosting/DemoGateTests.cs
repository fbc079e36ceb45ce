using System.Net;
using IdP.Server.Demo;
using Microsoft.AspNetCore.Http;

namespace IdP.Server.Tests.Hosting;

/// <summary>The demo shows reset links to whoever it answers: that is a browser on this machine and nobody else.</summary>
public sealed class DemoGateTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("192.168.1.7", false)]
    [InlineData("203.0.113.7", false)]
    [InlineData("fe80::1", false)]
    [InlineData(null, false)]
    public void Only_a_peer_on_this_machine_is_answered(string? peer, bool answered) => Assert.Equal(answered, DemoGate.Opens(From(peer)));

    [Theory]
    [InlineData("localhost:5080", true)]
    [InlineData("127.0.0.1:5080", true)]
    [InlineData("[::1]:5080", true)]
    [InlineData("rebound.example", false)]
    [InlineData("localhost.rebound.example", false)]
    [InlineData("127.0.0.1.rebound.example", false)]
    [InlineData("", false)]
    public void Only_a_name_of_this_machine_is_answered(string host, bool answered) => Assert.Equal(answered, DemoGate.Opens(From("127.0.0.1", host)));

    private static DefaultHttpContext From(string? peer, string host = "localhost:5080")
    {
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = peer is null ? null : IPAddress.Parse(peer);
        http.Request.Host = new(host);
        return http;
    }
}
