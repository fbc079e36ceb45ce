using System.Net;
using IdP.Server.Outbound;

namespace IdP.Server.Tests.Outbound;

/// <summary>Which addresses this server connects to on somebody else's word (security.md, "Server-side fetches").</summary>
public sealed class AddressRulesTests
{
    private static readonly AddressRules Plain = new([]);

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a00:1::1")]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2")]
    [InlineData("2001:db8::1")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456:789a::1")]
    [InlineData("ff02::1")]
    public void An_address_that_is_not_public_is_closed(string address) => Assert.False(Plain.Allows(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.167.255.255")]
    [InlineData("223.255.255.255")]
    [InlineData("::ffff:1.1.1.1")]
    [InlineData("64:ff9b::101:101")]
    [InlineData("2002:101:101::1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("240e::1")]
    public void A_public_address_is_open(string address) => Assert.True(Plain.Allows(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.20.0.0/16", "10.20.1.1", true)]
    [InlineData("10.20.0.0/16", "10.21.1.1", false)]
    [InlineData("10.20.0.0/16", "::ffff:10.20.1.1", true)]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    [InlineData("fd00:1::/32", "fd00:1::5", true)]
    [InlineData("fd00:1::/32", "fd00:2::5", false)]
    public void A_setting_opens_its_network_and_no_other(string network, string address, bool open) =>
        Assert.Equal(open, new AddressRules([OutboundServices.Network(network)]).Allows(IPAddress.Parse(address)));
}
