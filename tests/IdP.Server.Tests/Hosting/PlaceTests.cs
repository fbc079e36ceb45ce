using IdP.Server.Hosting;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Hosting;

/// <summary>Where an address is, from a database of the operator's own.</summary>
public sealed class PlaceTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    [Theory]
    [InlineData("192.0.2.7", "Berlin, Germany", "德国 柏林")]
    [InlineData("::ffff:192.0.2.7", "Berlin, Germany", "德国 柏林")]
    [InlineData("198.51.100.1", "Singapore", "新加坡")]
    [InlineData("203.0.113.200", "Iceland", "Iceland")]
    [InlineData("10.0.0.1", null, null), InlineData("2001:db8::1", null, null), InlineData("not an address", null, null), InlineData(null, null, null)]
    public void A_place_is_city_and_country_as_far_as_they_are_known(string? address, string? english, string? chinese)
    {
        Write();
        using var places = new Places(Options());
        Assert.Equal(english, Languages.Speaking(Languages.English, () => places.Of(address)));
        Assert.Equal(chinese, Languages.Speaking(Languages.Chinese, () => places.Of(address)));
    }

    [Fact]
    public void Without_a_database_the_address_stands_for_itself()
    {
        using var places = new Places(new IdpOptions());
        Assert.Equal("192.0.2.7", places.Describe("192.0.2.7"));
        Assert.Null(places.Describe(null));
    }

    [Theory, InlineData("en", "Berlin, Germany (127.0.0.1)"), InlineData("zh-CN", "德国 柏林（127.0.0.1）")]
    public async Task Lists_and_mails_say_where(string language, string place)
    {
        Write();
        await using var idp = await TestIdp.StartAsync(StorePair.SqliteAndMemory, new TestIdpOptions { Seed = new Seed(1), Settings = new Dictionary<string, string> { ["Place:Database"] = file } });
        using var owner = await Owner.WithoutFactorAsync(idp);
        owner.Browser.Language = language;
        Assert.Contains(place, (await owner.Browser.VisitAsync("/account/sessions")).Page!.QuerySelector("[data-session]")!.TextContent, StringComparison.Ordinal);
        await owner.BindOtpAsync();
        while (idp.Postbox.Delivered.IsEmpty)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Contains(place, idp.Postbox.Delivered.Single().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_used_is_a_fault_of_the_settings()
    {
        Assert.Contains(IdpOptionsChecks.Faults(Options("/no/such.mmdb")), fault => fault == "Place:Database: there is no file '/no/such.mmdb'");
        File.WriteAllText(file, "city,country\n");
        Assert.Contains(IdpOptionsChecks.Faults(Options()), fault => fault.StartsWith($"Place:Database: '{file}' cannot be read", StringComparison.Ordinal));
        File.WriteAllBytes(file, PlaceDatabase.Make("GeoLite2-ASN"));
        Assert.Contains(IdpOptionsChecks.Faults(Options()), fault => fault.Contains("GeoLite2-ASN", StringComparison.Ordinal));
        Write();
        Assert.DoesNotContain(IdpOptionsChecks.Faults(Options()), fault => fault.StartsWith("Place:", StringComparison.Ordinal));
    }

    public void Dispose() => File.Delete(file);

    private IdpOptions Options(string? other = null) => new() { Place = new PlaceOptions { Database = other ?? file } };

    private void Write()
    {
        Dictionary<string, string> berlin = new() { ["en"] = "Berlin", ["zh-CN"] = "柏林" }, germany = new() { ["en"] = "Germany", ["zh-CN"] = "德国" }, singapore = new() { ["en"] = "Singapore", ["zh-CN"] = "新加坡" };
        File.WriteAllBytes(file, PlaceDatabase.Make("GeoLite2-City",
            ("127.0.0.0/8", berlin, germany), ("192.0.2.0/24", berlin, germany), ("198.51.100.0/24", singapore, singapore), ("203.0.113.0/24", null, new() { ["en"] = "Iceland" })));
    }
}
