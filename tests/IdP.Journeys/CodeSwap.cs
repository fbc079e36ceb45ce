using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdP.Journeys.RelyingParties;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>Somebody between browser and client: the code on its way to the redirect URI, in the address or in the posted form, is replaced.</summary>
internal sealed partial class CodeSwap : IAsyncDisposable
{
    private readonly TaskCompletionSource swapped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ICDPSession devTools;
    private readonly Func<string, string> replace;

    private CodeSwap(ICDPSession devTools, Func<string, string> replace) => (this.devTools, this.replace) = (devTools, replace);

    /// <summary>Done when the client has been called with another code.</summary>
    public Task Swapped => swapped.Task.WaitAsync(TimeSpan.FromSeconds(15));

    public static async Task<CodeSwap> BetweenAsync(IPage page, RealParty party, Func<string, string> replace)
    {
        ArgumentNullException.ThrowIfNull(page);
        ArgumentNullException.ThrowIfNull(party);
        var swap = new CodeSwap(await page.Context.NewCDPSessionAsync(page), replace);
        swap.devTools.Event("Fetch.requestPaused").OnEvent += swap.Paused;
        // Playwright's own routes see the first request of a chain of redirects only; this sees every one.
        await swap.devTools.SendAsync("Fetch.enable", new() { ["patterns"] = new[] { new { urlPattern = party.RedirectUri + "*" } } });
        return swap;
    }

    private async void Paused(object? sender, JsonElement? paused)
    {
        var request = paused!.Value.GetProperty("request");
        var url = request.GetProperty("url").GetString()!;
        Dictionary<string, object> go = new() { ["requestId"] = paused.Value.GetProperty("requestId").GetString()! };
        if (Code().IsMatch(url))
            go["url"] = Code().Replace(url, match => match.Groups[1].Value + replace(match.Groups[2].Value));
        else if (request.TryGetProperty("postData", out var body))
            go["postData"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(Code().Replace(body.GetString()!, match => match.Groups[1].Value + replace(match.Groups[2].Value))));
        try
        {
            await devTools.SendAsync("Fetch.continueRequest", go);
            swapped.TrySetResult();
        }
        catch (PlaywrightException gone)
        {
            swapped.TrySetException(gone);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await devTools.DetachAsync();
        }
        catch (PlaywrightException)
        {
            // The page closed first.
        }
    }

    [GeneratedRegex("((?:^|[?&])code=)([^&]+)")]
    private static partial Regex Code();
}
