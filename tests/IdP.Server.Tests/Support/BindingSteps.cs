namespace IdP.Server.Tests.Support;

/// <summary>Binding an authenticator app inside a sign-in, as a person does it.</summary>
public static class BindingSteps
{
    /// <summary>The page that shows the key, and the key.</summary>
    public static async Task<(Stop At, string Key)> OfferOtpAsync(this Browser browser, Stop at)
    {
        ArgumentNullException.ThrowIfNull(browser);
        var offered = await browser.SubmitAsync(at, new Dictionary<string, string> { ["factor"] = "totp" }, "/bind/choose");
        return (offered, offered.Page!.QuerySelector("#key")!.TextContent.Replace(" ", "", StringComparison.Ordinal));
    }

    /// <summary>From the choice to wherever the sign-in goes on.</summary>
    public static async Task<(Stop At, string Key)> BindOtpAsync(this Browser browser, Stop at, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(browser);
        ArgumentNullException.ThrowIfNull(clock);
        var (offered, key) = await browser.OfferOtpAsync(at);
        return (await browser.SubmitAsync(offered, new Dictionary<string, string> { ["code"] = Otp.CodeAt(key, clock.GetUtcNow()) }, "/bind"), key);
    }
}
