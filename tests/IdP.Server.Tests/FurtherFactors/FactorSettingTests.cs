using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.Tests.FurtherFactors.App;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>A kind's own settings: read into its own class, and checked like every other.</summary>
public sealed class FactorSettingTests
{
    [Fact]
    public void A_kind_reads_its_own_settings()
    {
        using var provider = new ServiceCollection().AddApp(new Phone()).AddSingleton(Options("app:RequestLife", "00:03:00")).BuildServiceProvider();
        Assert.Equal(TimeSpan.FromMinutes(3), provider.GetRequiredService<AppOptions>().RequestLife);
    }

    [Theory]
    [InlineData("app:RequestLife", "00:01:00", null)]
    [InlineData("APP:requestlife", "00:01:00", null)]
    [InlineData("app:RequestLife", "soon", "Factors:app:RequestLife: 'soon' is not a duration")]
    [InlineData("app:RequestLife", "00:00:01", "Factors:app:RequestLife: '00:00:01' is too short")]
    [InlineData("app:RequestLive", "00:01:00", "Factors:app:RequestLive: there is no such setting; known here: RequestLife")]
    [InlineData("pager:Life", "00:01:00", "Factors:pager:Life: there is no kind of second factor with settings under this name; known here: app")]
    public void What_does_not_fit_is_a_fault(string name, string value, string? fault)
    {
        var faults = FactorSettings.Faults(new ServiceCollection().AddApp(new Phone()), Options(name, value));
        if (fault is null)
            Assert.Empty(faults);
        else
            Assert.StartsWith(fault, Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_does_not_start_with_settings_of_a_kind_that_is_not_installed()
    {
        var problem = Assert.Throws<BadConfigurationException>(() => IdpHost.Build(["--Issuer", "http://localhost:5080", "--Factors:pager:Life", "1"]));
        Assert.Contains("Factors:pager:Life", problem.Message, StringComparison.Ordinal);
    }

    private static IdpOptions Options(string name, string value) => new() { Factors = { [name] = value } };
}
