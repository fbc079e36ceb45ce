using IdP.Server.Hosting;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>Somebody who has no mouse. Every page they come to is gone through by Tab before it is used.</summary>
internal sealed class Typist : IAsyncDisposable
{
    private readonly TestIdp idp;

    private Typist(TestIdp idp, IPage page, Person person, string language) => (this.idp, Page, Person, Language) = (idp, page, person, Languages.FirstKnown(language)!);

    public IPage Page { get; }

    public Person Person { get; set; }

    /// <summary>One of <see cref="Languages"/>.</summary>
    public string Language { get; }

    public static async Task<Typist> ComesAsync(TestIdp idp, Person person, string language) =>
        new(idp, await (await Chromium.PersonAsync(language)).NewPageAsync(), person, language);

    /// <summary>By its address, as a link in a mail or a bookmark leads there.</summary>
    public Task GoAsync(string url) => Page.GotoAsync(url.StartsWith('/') ? idp.Issuer + url : url);

    public async Task SignInAsync()
    {
        await ArrivesAsync("/sign-in");
        await Page.IsReadyToTypeAsync();
        await Page.Keyboard.TypeAsync(Person.UserName);
        await Page.Keyboard.PressAsync("Tab");
        await SayAsync(Person.Password);
    }

    /// <summary>By Tab to an element and Enter on it.</summary>
    /// <param name="back">By Shift and Tab, from where the cursor was put.</param>
    public Task PressAsync(string selector, bool back = false) => Page.TabToAsync(selector, back);

    /// <summary>Where the cursor is.</summary>
    public async Task SayAsync(string text)
    {
        await Page.IsReadyToTypeAsync();
        await Page.Keyboard.TypeAsync(text);
        await Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>The code of half a minute later: each is good once.</summary>
    public async Task SayOtpAsync()
    {
        idp.Clock.Forward(TimeSpan.FromSeconds(31));
        await SayAsync(Person.CodeAt(idp.Clock));
    }

    /// <summary>Has the code sent that a page asks for, where somebody came to it by a link.</summary>
    public async Task SendCodeAsync()
    {
        await PressAsync("[data-send]");
        await ArrivesAsync("/again", shows: "input[name=code]");
    }

    public Task SayMailedCodeAsync(string address) =>
        SayAsync(Postbox.CodeIn(idp.Postbox.Delivered.Last(mail => mail.Recipient == address && Postbox.HasCode(mail.Text)).Text));

    /// <summary>Twice, in the field that has the cursor and in the next one.</summary>
    public async Task ChooseAsync(string password)
    {
        await Page.Keyboard.TypeAsync(password);
        await Page.Keyboard.PressAsync("Tab");
        await SayAsync(password);
        Person = Person with { Password = password };
    }

    /// <summary>Reads the key behind "Can't scan it?", and comes back to the field with the code it makes.</summary>
    public async Task SayNewOtpAsync()
    {
        await PressAsync("summary", back: true);
        Person = Person with { TotpSecret = (await Page.Locator("#key").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal) };
        await Page.FocusOnAsync("input[name=code]");
        await SayAsync(Person.CodeAt(idp.Clock));
    }

    /// <summary>Back at the app.</summary>
    public Task LeavesAsync() => Page.ArrivesAsync(url => !url.StartsWith(idp.Issuer, StringComparison.Ordinal));

    /// <summary>At a page in this person's language, whose every control Tab reaches in the order of the page and Shift and Tab in the other; each shows the focus, and none keeps it.</summary>
    public async Task ArrivesAsync(string urlPart, string shows = "main")
    {
        await Page.ArrivesAsync(urlPart);
        await Page.Locator(shows).First.WaitForAsync();
        Assert.Equal(Language, await Page.Locator("html").GetAttributeAsync("lang"));
        if (await Page.Locator("[autofocus]").CountAsync() > 0)
            await Page.Locator("[autofocus]:focus").WaitForAsync();
        var (cursor, last) = await BeginWalkAsync();
        int[] way = [.. Enumerable.Range(cursor + 1, last - cursor), .. Enumerable.Range(0, last).Reverse(), .. Enumerable.Range(1, Math.Max(0, cursor))];
        for (var at = cursor; at < last; at++)
            await Page.Keyboard.PressAsync("Tab");
        for (var at = last; at > 0; at--)
            await Page.Keyboard.PressAsync("Shift+Tab");
        for (var at = 0; at < cursor; at++)
            await Page.Keyboard.PressAsync("Tab");
        Assert.Equal(way, await Page.EvaluateAsync<int[]>("window.walk.met"));
        Assert.Empty(await Page.EvaluateAsync<string[]>("window.walk.unseen"));
    }

    /// <summary>Which control the page has put the cursor in, none being -1, and which one is the last.</summary>
    private async Task<(int Cursor, int Last)> BeginWalkAsync()
    {
        var walk = await Page.EvaluateAsync<int[]>("""
            () => {
                const all = [...document.querySelectorAll('a[href], button:enabled, input:not([type=hidden]), select, summary, textarea')].filter(one => one.checkVisibility());
                const walk = window.walk = { met: [], unseen: [] };
                addEventListener('focusin', ({ target }) => {
                    const { outlineStyle, outlineWidth } = getComputedStyle(target);
                    walk.met.push(all.indexOf(target));
                    if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2)
                        walk.unseen.push(target.outerHTML);
                });
                return [all.indexOf(document.activeElement), all.length - 1];
            }
            """);
        return (walk[0], walk[1]);
    }

    public ValueTask DisposeAsync() => Page.Context.DisposeAsync();
}
