using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdP.Server.Accounts;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Recovery;

/// <summary>What a notice says of the moment and the browser, and how long and how often its link is good.</summary>
public abstract partial class RecoveryTests
{
    private const string Phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
    private const string Desktop = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";

    [Theory]
    [InlineData("en", "America/New_York", Desktop, "Browser: Chrome on Windows")]
    [InlineData("zh-CN", "Asia/Shanghai", Phone, "浏览器：iPhone 上的 Safari")]
    [InlineData("en", null, "curl/8.14", "Browser: Unknown browser")]
    public async Task A_notice_tells_the_time_by_the_persons_own_clock_and_the_browser_and_system_it_was(string language, string? zone, string agent, string browser)
    {
        using var owner = await NewOwnerAsync();
        await LivesAsync(owner, language, zone);
        owner.Browser.UserAgent = agent;
        var before = idp.Clock.GetUtcNow();
        await owner.BindOtpAsync();
        var mail = await host.Mail.ReceiveAsync(owner.Person.Email);

        Assert.Contains(browser, mail.TextBody!.Split('\n').Select(line => line.Trim()));
        var told = When().Match(mail.TextBody);
        Assert.True(told.Success, mail.TextBody);
        var there = zone is null ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(zone);
        var offset = there.GetUtcOffset(before);
        Assert.Equal(offset == TimeSpan.Zero ? "" : (offset < TimeSpan.Zero ? "-" : "+") + offset.ToString(@"hh\:mm", CultureInfo.InvariantCulture), told.Groups["offset"].Value);
        // To the minute, which began before the change.
        var at = new DateTimeOffset(DateTime.ParseExact(told.Groups["local"].Value, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), offset);
        Assert.InRange(at, before.AddMinutes(-1), idp.Clock.GetUtcNow());
        // Whoever reads the other half of the mail is told the same.
        foreach (var word in (string[])[told.Value, browser.Split('：', ':')[1].Trim()])
            Assert.Contains(word, System.Net.WebUtility.HtmlDecode(mail.HtmlBody), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_link_in_a_notice_works_once_and_for_three_days()
    {
        using var owner = await NewOwnerAsync();
        using var late = await NewOwnerAsync();
        List<string> links = [];
        foreach (var one in (Owner[])[owner, late])
        {
            await one.BindOtpAsync();
            links.Add(LinkIn(await host.Mail.ReceiveAsync(one.Person.Email)));
        }

        await idp.ForwardAsync(TimeSpan.FromHours(71.9));
        using var browser = idp.Browser();
        var (page, open) = (await browser.OpenAsync(links[0]), await browser.OpenAsync(links[1]));
        Assert.Equal("/reset", (await PressAsync(page)).At);
        Assert.Equal("link_used", (await PressAsync(page)).PersonError);
        Assert.Equal("link_used", (await browser.OpenAsync(links[0])).PersonError);

        // Over, also for whoever has the page in front of them since before.
        Assert.Null(open.PersonError);
        await idp.ForwardAsync(TimeSpan.FromHours(0.2));
        Assert.Equal("link_used", (await PressAsync(open)).PersonError);
        Assert.Equal("link_used", (await browser.OpenAsync(links[1])).PersonError);
        Assert.Single(await late.BindingsAsync());

        Task<Stop> PressAsync(Stop at) => browser.SubmitAsync(at, new Dictionary<string, string>(), "/not-me");
    }

    private async Task LivesAsync(Owner owner, string language, string? zone)
    {
        var users = idp.Service<Users>();
        var person = (await users.FindByLoginAsync(owner.Person.UserName, default))!;
        var claims = new Dictionary<string, JsonElement>(person.Claims);
        if (zone is not null)
            claims["zoneinfo"] = JsonSerializer.SerializeToElement(zone);
        Assert.True(await users.UpdateAsync(person.Id, person with { Locale = language, Claims = claims }, By.Tool("tests"), default));
    }

    [GeneratedRegex(@"(?<local>\d{4}-\d\d-\d\d \d\d:\d\d) UTC(?<offset>[+-]\d\d:\d\d)?")]
    private static partial Regex When();
}
