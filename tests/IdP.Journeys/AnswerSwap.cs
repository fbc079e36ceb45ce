using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace IdP.Journeys;

/// <summary>Somebody between browser and client: a parameter of the answer on its way to the redirect URI, in the address or in the posted form, is replaced.</summary>
internal sealed class AnswerSwap : IAsyncDisposable
{
    private readonly TaskCompletionSource swapped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ICDPSession devTools;
    private readonly Regex parameter;
    private readonly Func<string, string> replace;

    private AnswerSwap(ICDPSession devTools, string name, Func<string, string> replace) =>
        (this.devTools, parameter, this.replace) = (devTools, new Regex($"((?:^|[?&]){name}=)([^&]+)"), replace);

    /// <summary>Done when the client has been called with another value.</summary>
    public Task Swapped => swapped.Task.WaitAsync(TimeSpan.FromSeconds(15));

    /// <param name="name">"code", "state" or "iss".</param>
    /// <param name="replace">From the value as it is written in the address to another.</param>
    public static async Task<AnswerSwap> BetweenAsync(IPage page, string redirectUri, string name, Func<string, string> replace)
    {
        ArgumentNullException.ThrowIfNull(page);
        var swap = new AnswerSwap(await page.Context.NewCDPSessionAsync(page), name, replace);
        swap.devTools.Event("Fetch.requestPaused").OnEvent += swap.Paused;
        // Playwright's own routes see the first request of a chain of redirects only; this sees every one.
        await swap.devTools.SendAsync("Fetch.enable", new() { ["patterns"] = new[] { new { urlPattern = redirectUri + "*" } } });
        return swap;
    }

    private async void Paused(object? sender, JsonElement? paused)
    {
        var request = paused!.Value.GetProperty("request");
        var url = request.GetProperty("url").GetString()!;
        Dictionary<string, object> go = new() { ["requestId"] = paused.Value.GetProperty("requestId").GetString()! };
        var hit = parameter.IsMatch(url);
        if (hit)
        {
            go["url"] = Swap(url);
        }
        else if (request.TryGetProperty("postData", out var body) && parameter.IsMatch(body.GetString()!))
        {
            hit = true;
            go["postData"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(Swap(body.GetString()!)));
        }

        try
        {
            await devTools.SendAsync("Fetch.continueRequest", go);
            if (hit)
                swapped.TrySetResult();
        }
        catch (PlaywrightException gone)
        {
            swapped.TrySetException(gone);
        }
    }

    private string Swap(string text) => parameter.Replace(text, match => match.Groups[1].Value + replace(match.Groups[2].Value));

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
}
