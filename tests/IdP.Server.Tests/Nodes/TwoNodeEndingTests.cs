using System.Diagnostics;
using System.Text.RegularExpressions;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Nodes;

/// <summary>J-16, J-33, J-36, J-37 and I-5: what is ended on one node is over on the other within five seconds of real time, with all that it gave.</summary>
public sealed partial class TwoNodeEndingTests(TwoNodeHost host) : IClassFixture<TwoNodeHost>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly TestIdp idp = host.Idp;

    [Theory]
    [InlineData("end this one")]
    [InlineData("end all others")]
    [InlineData("new password")]
    [InlineData("forgotten password")]
    [InlineData("not me")]
    [InlineData("take the app's access back")]
    public async Task What_ends_on_one_node_is_over_on_the_other(string way)
    {
        using var owner = await Owner.WithoutFactorAsync(idp);
        using var elsewhere = new Owner(idp, owner.Person, idp.Browser());
        elsewhere.Browser.Node = () => 1;
        await elsewhere.SignInAsync();
        var app = idp.App(TestClient.Asking);
        var ask = app.Ask("openid offline_access");
        var tokens = (await app.RedeemAsync((await idp.SignInAsync(elsewhere.Browser, ask, owner.Person)).MustAnswer(), ask, node: 1)).MustSucceed();
        // The other node knows the token by now, and could go on believing it.
        Assert.Equal(200, (await app.UserInfoAsync(tokens.AccessToken, node: 1)).Status);
        Assert.True(await app.IsActiveAsync(tokens.AccessToken, node: 1));

        await EndAsync(way, owner);
        var watch = Stopwatch.StartNew();
        await OverAsync(async () => !await app.IsActiveAsync(tokens.AccessToken, node: 1));
        await OverAsync(async () => (await app.UserInfoAsync(tokens.AccessToken, node: 1)).Status == 401);
        if (!way.StartsWith("take", StringComparison.Ordinal))
            await OverAsync(async () => (await elsewhere.Browser.VisitAsync("/account")).At == "/sign-in");
        Assert.Equal("invalid_grant", (await app.RefreshAsync(tokens.RefreshToken, node: 1)).Error);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Limit);
        TestContext.Current.TestOutputHelper!.WriteLine($"{way}: over on the other node after {watch.Elapsed.TotalSeconds:0.00} s");

        async Task OverAsync(Func<Task<bool>> over)
        {
            while (!await over())
            {
                Assert.True(watch.Elapsed < Limit, $"{way}: alive on the other node after {watch.Elapsed}");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>All of it on the first node.</summary>
    private async Task EndAsync(string way, Owner owner)
    {
        switch (way)
        {
            case "end this one":
                var list = await owner.Browser.VisitAsync("/account/sessions");
                await DoneAsync(owner, "/account/sessions/end", ("id", list.Page!.QuerySelectorAll("[data-session]").Single(line => line.QuerySelector("form") is not null).GetAttribute("data-session")!));
                break;
            case "end all others":
                await DoneAsync(owner, "/account/sessions/others");
                break;
            case "new password":
                await DoneAsync(owner, "/account/password", ("password", owner.Person.Password), ("newPassword", "another one altogether"), ("again", "another one altogether"));
                break;
            case "take the app's access back":
                await DoneAsync(owner, "/account/sessions/app", ("id", TestClient.Asking.Id));
                break;
            case "forgotten password":
                await owner.Browser.SubmitAsync(await owner.Browser.VisitAsync("/forgot"), new Dictionary<string, string> { ["userName"] = owner.Person.UserName }, "/forgot");
                var page = await owner.Browser.OpenAsync(await LinkToAsync(owner, "/reset?"));
                page = await owner.Browser.SubmitAsync(page, new Dictionary<string, string> { ["newPassword"] = "another one altogether", ["again"] = "another one altogether" }, "/reset");
                Assert.Contains("done=yes", page.Url.Query, StringComparison.Ordinal);
                break;
            default:
                // The sign-in at the other browser was told.
                Assert.Equal("/reset", (await owner.Browser.SubmitAsync(await owner.Browser.OpenAsync(await LinkToAsync(owner, "/not-me?")), new Dictionary<string, string>(), "/not-me")).At);
                break;
        }
    }

    private static async Task DoneAsync(Owner owner, string path, params (string Name, string Value)[] fields)
    {
        var csrf = Browser.Fields((await owner.Browser.VisitAsync("/account/profile")).Form())["__csrf"];
        var done = await owner.Browser.PostAsync(path, [new("__csrf", csrf), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        Assert.Contains("done=", done.Url.Query, StringComparison.Ordinal);
    }

    private async Task<string> LinkToAsync(Owner owner, string page) => Link().Match((await idp.Postbox.ReceiveAsync(owner.Person.Email, page)).Text).Value;

    [GeneratedRegex(@"http://\S+token=\S+")]
    private static partial Regex Link();
}
