using System.Globalization;
using IdP.Server.Hosting;

namespace IdP.Server.Tests.Hosting;

public sealed class BrowserNameTests
{
    [Theory]
    [InlineData("Chrome on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36")]
    [InlineData("Edge on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0")]
    [InlineData("Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")]
    [InlineData("Safari on macOS", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15")]
    [InlineData("Safari on iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1")]
    [InlineData("Chrome on iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0.0.0 Mobile/15E148 Safari/604.1")]
    [InlineData("WeChat on Android", "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/134.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.56")]
    [InlineData("Huawei Browser on HarmonyOS", "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.196 HuaweiBrowser/15.0.4 Mobile Safari/537.36")]
    [InlineData("Firefox", "Firefox/145.0")]
    [InlineData("Windows", "Mine/1.0 (Windows NT 10.0)")]
    [InlineData("Unknown browser", "curl/8.5.0")]
    [InlineData("Unknown browser", "Your account is locked, call 555-0100")]
    [InlineData("Unknown browser", null)]
    public void A_browser_is_told_in_words_of_ours_alone(string expected, string? userAgent) => Assert.Equal(expected, BrowserName.Of(userAgent).ToString());

    [Fact]
    public void And_in_the_persons_language()
    {
        Assert.Equal("Windows 上的 Chrome", Languages.Speaking(Languages.Chinese, () => BrowserName.Of("Windows NT 10.0 Chrome/1").ToString()));
        Assert.NotEqual(Languages.Chinese, CultureInfo.CurrentUICulture.Name);
    }
}
