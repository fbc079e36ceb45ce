using IdP.Server.Hosting;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>Somebody in a browser of their own, who reads one language.</summary>
internal sealed class Visitor : IAsyncDisposable
{
    private readonly TestIdp idp;
    private readonly HashSet<string> answers = [];
    private string answered = "";

    private Visitor(TestIdp idp, IPage page, Person person, string language)
    {
        (this.idp, Page, Person, Language) = (idp, page, person, Languages.FirstKnown(language)!);
        // The app lives nowhere: what counts is what the browser asks it for.
        page.Request += (_, request) =>
        {
            if (request.Url.Contains(".example/callback?", StringComparison.Ordinal))
                answers.Add(answered = request.Url);
        };
    }

    public IPage Page { get; }

    public Person Person { get; set; }

    /// <summary>One of <see cref="Languages"/>.</summary>
    public string Language { get; }

    /// <summary>How many different answers apps got: a browser tries again and again to reach one that cannot be had.</summary>
    public int Answers => answers.Count;

    public static async Task<Visitor> ComesAsync(TestIdp idp, Person person, string language) =>
        new(idp, await (await Chromium.PersonAsync(language)).NewPageAsync(), person, language);

    /// <summary>In another tab of the same browser, which goes with this one.</summary>
    public async Task<Visitor> TabAsync() => new(idp, await Page.Context.NewPageAsync(), Person, Language);

    public async Task OpenAsync(string path)
    {
        await Page.GotoAsync(idp.Issuer + path);
        await Page.ArrivesAsync(url => url.StartsWith(idp.Issuer, StringComparison.Ordinal));
    }

    /// <summary>Goes to an app's sign-in and gives the password.</summary>
    public async Task SignInAsync(AuthorizationAsk ask)
    {
        await Page.GotoAsync(ask.Url);
        await Page.GivePasswordAsync(Person);
    }

    public Task SignInAsync() => SignInAsync(idp.App(TestClient.Web).Ask());

    public async Task SignOutAsync()
    {
        await OpenAsync("/connect/endsession");
        await Page.Locator("button[value=sign-out]").ClickAsync();
        await Page.ArrivesAsync("/signed-out");
    }

    /// <summary>The browser has gone to the app, with a code; the code.</summary>
    public async Task<string> LeavesAsync()
    {
        // Until it shows that the app cannot be had: the next address must not get in its way.
        for (var tries = 0; tries < 300 && (answered.Length == 0 || Page.Url.StartsWith(idp.Issuer, StringComparison.Ordinal)); tries++)
            await Task.Delay(50);
        var code = answered.Split('?', '&').FirstOrDefault(pair => pair.StartsWith("code=", StringComparison.Ordinal));
        Assert.True(code is not null, $"The app was not answered with a code; the browser is at {Page.Url}.");
        answered = "";
        return Uri.UnescapeDataString(code["code=".Length..]);
    }

    /// <summary>The back button, once the browser has given the app up.</summary>
    public async Task ComesBackAsync()
    {
        await Page.ArrivesAsync(url => url.StartsWith("chrome-error:", StringComparison.Ordinal));
        await Page.GoBackAsync();
    }

    /// <summary>What the server's words are in this person's language.</summary>
    public string Words(Func<string> words) => Languages.Speaking(Language, words);

    /// <summary>The page says all of this, in this person's language, or the one that is on its way does.</summary>
    public async Task ReadsAsync(params Func<string>[] words)
    {
        string[] said = [.. words.Select(Words)];
        var shown = "";
        for (var tries = 0; tries < 200; tries++, await Task.Delay(50))
        {
            shown = await Page.Locator("main").InnerTextAsync();
            if (Array.TrueForAll(said, one => shown.Contains(one, StringComparison.Ordinal)))
                return;
        }

        Assert.All(said, one => Assert.Contains(one, shown, StringComparison.Ordinal));
    }

    /// <summary>By the words on it.</summary>
    public Task PressAsync(Func<string> words) => Page.GetByRole(AriaRole.Button, new() { Name = Words(words), Exact = true }).ClickAsync();

    /// <summary>Opens what the page keeps folded.</summary>
    public Task UnfoldAsync(Func<string> words) => Page.Locator("summary", new() { HasText = Words(words) }).ClickAsync();

    /// <summary>Types into the one form that asks, and sends it.</summary>
    public async Task SayAsync(string field, string value)
    {
        await Page.Locator($"input[name={field}]").FillAsync(value);
        await Page.Locator($"form:has(input[name={field}]) button").First.ClickAsync();
    }

    /// <summary>Has the code sent that a page asks for, where somebody came to it by a link.</summary>
    public Task SendCodeAsync() => Page.SendCodeAsync();

    /// <summary>A new password, typed twice.</summary>
    public async Task ChooseAsync(string password)
    {
        await Page.Locator("input[name=newPassword]").FillAsync(password);
        await SayAsync("again", password);
        Person = Person with { Password = password };
    }

    public ValueTask DisposeAsync() => Page.Context.DisposeAsync();
}
