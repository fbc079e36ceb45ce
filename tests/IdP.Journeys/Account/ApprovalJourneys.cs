using IdP.Server.DeviceTrust;
using IdP.Server.Settings;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using IdP.Server.Tests.FurtherFactors.App;
using IdP.Server.Tests.Support;
using Microsoft.Playwright;

namespace IdP.Journeys.Account;

/// <summary>A server with a factor that is approved on a phone. Where there are two nodes the browser waits on the first, and the phone speaks to the second.</summary>
public abstract class ApprovalJourneyHost(StorePair pair, int nodes, string name) : IAsyncLifetime
{
    public const string Must = "must-bind-app";

    public TestIdp Idp { get; private set; } = null!;

    internal Phone Phone { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Idp = await TestIdp.StartAsync(pair, new TestIdpOptions
        {
            Host = name,
            Nodes = nodes,
            Replace = services => services.AddApp(Phone),
        });
        Phone.Idp = Idp;
        await Policies.DemandAsync(Idp, new BindingPolicy { Name = Must, Groups = [Must], Factors = [AppEnrolment.Id] });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Idp is not null)
            await Idp.DisposeAsync();
    }
}

public sealed class SqliteApprovalJourneyHost() : ApprovalJourneyHost(StorePair.SqliteAndMemory, 1, "approve.localhost");

public sealed class PostgresApprovalJourneyHost() : ApprovalJourneyHost(StorePair.PostgresAndRedis, 2, "localhost");

/// <summary>A page that waits goes on by itself once the phone has decided; without scripts its button does the same.</summary>
public abstract class ApprovalJourneys(ApprovalJourneyHost host)
{
    private const string Demand = """{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}""";

    private readonly TestIdp idp = host.Idp;
    private readonly int far = host.Idp.Ports.Count - 1;

    [Theory, Languages]
    public async Task A_phone_is_bound_proves_each_change_and_is_unbound(string language)
    {
        await using var me = await ComesAsync(language);
        await me.OpenAsync("/account/two-step/bind?factor=app");
        await me.Page.GivePasswordAsync(me.Person);
        await me.Page.ArrivesAsync("/account/confirm");
        await me.Page.Locator("input[name=password]").FillAsync(me.Person.Password);
        await me.Page.Locator("form:has(input[name=password]) button").ClickAsync();
        await me.ReadsAsync(() => PromptTexts.Waiting);
        await DecideAsync(me);
        await me.Page.ArrivesAsync("done=bound");
        await me.ReadsAsync(() => SettingsTexts.Done("bound", AppTexts.Table.Get("Name"))!);

        await me.Page.Locator("[data-factor=app] .thing a.button").First.ClickAsync();
        await me.Page.ArrivesAsync("/account/confirm");
        await me.PressAsync(() => PromptTexts.SendRequest);
        await me.ReadsAsync(() => PromptTexts.Waiting);
        await DecideAsync(me);
        await me.Page.ArrivesAsync("offer=");
        await me.ReadsAsync(() => PromptTexts.Waiting);
        await DecideAsync(me);
        await me.Page.ArrivesAsync("done=rebound");

        await me.Page.Locator("[data-factor=app] .thing a.button").Last.ClickAsync();
        await me.Page.ArrivesAsync("/account/confirm");
        await me.Page.Locator("[data-same-kind] a[href*='with=app/scan']").ClickAsync();
        await me.ReadsAsync(() => PromptTexts.Waiting);
        await DecideAsync(me);
        await me.Page.ArrivesAsync("/account/two-step/unbind");
    }

    [Theory, Languages]
    public async Task A_page_goes_on_by_itself_when_the_phone_has_decided(string language)
    {
        await using var me = await ComesAsync(language, "app", "totp");
        await me.SignInAsync();
        await me.Page.ArrivesAsync("/verify");
        await me.ReadsAsync(() => PromptTexts.Waiting, () => AppTexts.Table.Get("Instruction_push"), () => PromptTexts.SameKind);
        await DecideAsync(me, approve: false);
        await me.Page.Locator("[data-problem=Refused]").WaitForAsync();
        await me.PressAsync(() => PromptTexts.SendRequest);
        await me.ReadsAsync(() => PromptTexts.Waiting);
        await me.Page.Locator("button[value='app/scan']").ClickAsync();
        await me.ReadsAsync(() => AppTexts.Table.Get("Instruction_scan"), () => PromptTexts.NewQr);
        var first = await me.Page.Locator("svg.qr path").GetAttributeAsync("d");
        await me.PressAsync(() => PromptTexts.NewQr);
        await Assertions.Expect(me.Page.Locator("svg.qr path")).Not.ToHaveAttributeAsync("d", first!);
        await me.Page.Locator("input[name=trust]").CheckAsync();
        await DecideAsync(me);
        await me.LeavesAsync();

        // What was ticked was sent along.
        Assert.Single(await idp.Service<TrustedDevices>().ListAsync(await IdOfAsync(me), null, default));
    }

    [Fact]
    public async Task A_policy_has_it_bound_and_the_app_is_answered()
    {
        var person = await idp.NewPersonAsync();
        await Policies.JoinsAsync(idp, person, ApprovalJourneyHost.Must);
        await using var me = await Visitor.ComesAsync(idp, person, "en");
        await me.SignInAsync(idp.App(TestClient.Web).Ask().With("claims", Demand));
        await me.Page.Locator("button[value=app]").ClickAsync();
        await me.ReadsAsync(() => PromptTexts.Waiting, () => PromptTexts.NewQr);
        await DecideAsync(me);
        await me.LeavesAsync();
    }

    [Fact]
    public async Task Without_scripts_the_button_goes_on()
    {
        var person = await FactorPerson.AddAsync(idp, "app");
        await using var context = await Chromium.PersonAsync(javaScript: false);
        var page = await context.NewPageAsync();
        await page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(person.Person);
        await page.ArrivesAsync("/verify");
        Assert.True(await page.Locator("[data-by-hand]").IsVisibleAsync());
        Assert.False(await page.Locator("[data-wait]").IsVisibleAsync());
        await page.Locator("form[action*='/verify?'] button").ClickAsync();
        await page.Locator("[data-problem=NotConfirmed]").WaitForAsync();
        await host.Phone.DecideAsync(person.Id, approve: true, node: far);
        var answer = page.WaitForRequestAsync("**/callback?code=*");
        await page.Locator("form[action*='/verify?'] button").ClickAsync();
        await answer;
    }

    private async Task<Visitor> ComesAsync(string language, params string[] factors) =>
        await Visitor.ComesAsync(idp, factors.Length == 0 ? await idp.NewPersonAsync() : (await FactorPerson.AddAsync(idp, factors)).Person, language);

    private Task<string> IdOfAsync(Visitor me) => idp.Service<Database>().FirstAsync(
        "select id from users where user_name = @name", row => row.GetString(0), default, ("@name", me.Person.UserName))!;

    private async Task DecideAsync(Visitor me, bool approve = true)
    {
        // The page shows that it waits before its stream is open: whichever comes first, it hears of it.
        await host.Phone.DecideAsync(await IdOfAsync(me), approve, node: far);
    }
}

public sealed class Approvals_on_SQLite_and_memory(SqliteApprovalJourneyHost host) : ApprovalJourneys(host), IClassFixture<SqliteApprovalJourneyHost>;

public sealed class Approvals_on_PostgreSQL_and_Redis(PostgresApprovalJourneyHost host) : ApprovalJourneys(host), IClassFixture<PostgresApprovalJourneyHost>;

/// <summary>Pages that wait, looked at.</summary>
public sealed class ApprovalPageTests(SqliteApprovalJourneyHost host) : IClassFixture<SqliteApprovalJourneyHost>
{
    [Theory, ClassData(typeof(Tastes))]
    public async Task Pages_that_wait_are_good(string language, ColorScheme scheme, int width)
    {
        var (idp, look) = (host.Idp, new PageLook(language, scheme, width));
        var page = await look.PersonAsync();
        await using var context = page.Context;
        var person = await FactorPerson.AddAsync(idp, "app", "totp");
        await page.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await page.GivePasswordAsync(person.Person);
        await page.Locator("[data-wait]").WaitForAsync();
        await look.AtAsync(page, "verify-push");
        await host.Phone.DecideAsync(person.Id, approve: false);
        await page.Locator("[data-problem=Refused]").WaitForAsync();
        await look.AtAsync(page, "verify-push-refused");
        await page.Locator("button[value='app/scan']").ClickAsync();
        await page.Locator("[data-wait]").WaitForAsync();
        await look.AtAsync(page, "verify-scan");

        var newcomer = await idp.NewPersonAsync();
        await Policies.JoinsAsync(idp, newcomer, ApprovalJourneyHost.Must);
        var binding = await look.PersonAsync();
        await using var other = binding.Context;
        await binding.GotoAsync(idp.App(TestClient.Web).Ask().Url);
        await binding.GivePasswordAsync(newcomer);
        await binding.Locator("button[value=app]").ClickAsync();
        await binding.Locator("[data-wait]").WaitForAsync();
        await look.AtAsync(binding, "bind-app");
        Assert.Empty(look.Complaints);
    }
}
