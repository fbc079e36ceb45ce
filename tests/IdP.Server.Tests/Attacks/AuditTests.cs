using IdP.Server.Storage;
using IdP.Server.Tests.Conformance;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Attacks;

/// <summary>I-9 through the front door: what somebody did, and the row that says so - who, about whom, from where, when.</summary>
public abstract class AuditTests(TestIdp idp)
{
    private const string Here = "127.0.0.1";

    /// <summary>As somebody has written it down.</summary>
    private sealed record Row(string Action, string? Actor, string? Client, string? Address, string? Details, DateTimeOffset At);

    // Who did it is "me" for the person whose account it is. Details that are an id of the moment are "*".
    private static readonly Dictionary<string, (string Action, string? Actor, string? Client, string? Address, string? Details)> Deeds = new()
    {
        ["sign-in"] = ("session-begun", "me", null, Here, null),
        ["wrong password"] = ("sign-in-failed", null, null, Here, "password"),
        ["wrong code"] = ("second-factor-failed", null, "idp-account", Here, "totp, sign-in: wrong"),
        ["right code"] = ("second-factor-passed", "me", "idp-account", Here, "totp, sign-in"),
        ["wrong code in the settings"] = ("second-factor-failed", null, null, Here, "totp, bind:email: wrong"),
        ["wrong code to bind"] = ("second-factor-failed", null, null, Here, "totp, bind: wrong"),
        ["sign-out"] = ("session-ended", "me", null, null, "*"),
        ["session ended elsewhere"] = ("session-ended", "me", null, null, "*"),
        ["other sessions ended"] = ("sessions-ended", "me", null, null, null),
        ["bind totp"] = ("factor-bound", "me", null, Here, "totp"),
        ["bind email"] = ("factor-bound", "me", null, Here, "email"),
        ["bind recovery"] = ("factor-bound", "me", null, Here, "recovery"),
        ["unbind totp"] = ("factor-unbound", "me", null, Here, "totp"),
        ["rebind totp"] = ("factor-rebound", "me", null, Here, "totp"),
        ["rebind recovery"] = ("factor-rebound", "me", null, Here, "recovery"),
        ["password"] = ("password-changed", "me", null, Here, null),
        ["profile"] = ("profile-changed", "me", null, Here, null),
        ["preferred"] = ("factor-preferred", "me", null, Here, "totp"),
        ["consent"] = ("consent-given", "me", "asking", null, "*"),
        ["app ended"] = ("grant-ended", "me", "asking", Here, null),
        ["trust"] = ("device-trusted", "me", null, Here, "*"),
        ["trust removed"] = ("trusted-device-removed", "me", null, Here, "*"),
        ["all trust removed"] = ("trusted-devices-ended", "me", null, Here, "Removed"),
        ["forgotten"] = ("password-reset-asked", null, null, Here, null),
        ["not me"] = ("disowned", "not-me-link", null, Here, "*"),
    };

    public static TheoryData<string> Names => [.. Deeds.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_was_done_is_written_down(string deed)
    {
        ArgumentNullException.ThrowIfNull(deed);
        using var owner = deed == "bind totp" ? await Owner.WithoutFactorAsync(idp) : await Owner.WithOtpAsync(idp);
        var from = await PrepareAsync(deed, owner);
        var (newest, before) = (await NewestAsync(), idp.Clock.GetUtcNow());
        await DoAsync(deed, owner, from);

        var (action, actor, client, address, details) = Deeds[deed];
        var me = await owner.IdAsync();
        List<Row> rows = [];
        // A forgotten password is seen to after the answer.
        for (var tries = 0; rows.Count == 0 && tries < 100; tries++)
        {
            if (tries > 0)
                await Task.Delay(50);
            rows = [.. (await RowsAsync(me, newest)).Where(row => row.Action == action)];
        }

        var row = Assert.Single(rows);
        Assert.Equal((actor == "me" ? me : actor, client, address), (row.Actor, row.Client, row.Address));
        Assert.True(details == "*" ? row.Details is { Length: > 0 } : row.Details == details, $"{row}");
        // Kept to the millisecond.
        Assert.InRange(row.At, before.AddMilliseconds(-1), idp.Clock.GetUtcNow());
    }

    /// <summary>Up to the moment before; what the deed needs to know of it.</summary>
    private async Task<Stop?> PrepareAsync(string deed, Owner owner)
    {
        var browser = owner.Browser;
        switch (deed)
        {
            case "sign-in" or "wrong password" or "wrong code" or "right code" or "trust" or "trust removed" or "all trust removed":
                browser.Forget("idp.session");
                await owner.CodeIsGoodAgainAsync();
                var at = await browser.VisitAsync("/account");
                if (deed == "wrong password")
                    return at;
                at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password }, "/sign-in");
                if (!deed.EndsWith("removed", StringComparison.Ordinal))
                    return at;
                await browser.SubmitAsync(at, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify");
                return await browser.VisitAsync("/account/devices");
            case "sign-out":
                return await browser.OpenAsync("/connect/endsession");
            case "session ended elsewhere" or "other sessions ended":
                (await owner.ElsewhereAsync()).Dispose();
                return await browser.VisitAsync("/account/sessions");
            case "rebind recovery":
                await owner.MakeCodesAsync();
                return null;
            case "consent" or "app ended":
                var asked = await browser.OpenAsync(idp.App(TestClient.Asking).Ask().Url);
                if (deed == "consent")
                    return asked;
                Assert.NotNull((await idp.PassAsync(browser, asked, owner.Person)).Answer);
                return await browser.VisitAsync("/account/sessions");
            case "not me":
                (await owner.ElsewhereAsync()).Dispose();
                var link = (await idp.Postbox.ReceiveAsync(owner.Person.Email, "/not-me?token=")).Text.Split("/not-me?token=")[1].Split()[0];
                return await browser.OpenAsync("/not-me?token=" + link);
            default:
                return null;
        }
    }

    private async Task DoAsync(string deed, Owner owner, Stop? at)
    {
        var browser = owner.Browser;
        Dictionary<string, string> nothing = [];
        switch (deed)
        {
            case "wrong code in the settings":
                var confirm = await browser.VisitAsync("/account/two-step/bind?factor=email");
                await browser.SubmitAsync(confirm, new Dictionary<string, string> { ["code"] = owner.Person.WrongCodeAt(idp.Clock) }, "/account/confirm");
                break;
            case "wrong code to bind":
                await owner.AnswerAsync(await owner.OpenGuardedAsync("/account/two-step/bind?factor=totp"), owner.Person.WrongCodeAt(idp.Clock));
                break;
            case "sign-in" or "right code":
                await browser.SubmitAsync(at!, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock) }, "/verify");
                break;
            case "wrong password":
                await browser.SubmitAsync(at!, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = "wrong" }, "/sign-in");
                break;
            case "wrong code":
                await browser.SubmitAsync(at!, new Dictionary<string, string> { ["code"] = owner.Person.WrongCodeAt(idp.Clock) }, "/verify");
                break;
            case "trust":
                await browser.SubmitAsync(at!, new Dictionary<string, string> { ["code"] = owner.Person.CodeAt(idp.Clock), ["trust"] = "yes" }, "/verify");
                break;
            case "sign-out":
                await browser.SubmitAsync(at!, new Dictionary<string, string> { ["decision"] = "sign-out" }, "/connect/endsession/confirm");
                break;
            case "session ended elsewhere":
                await browser.SubmitAsync(at!, Named(at!, "/account/sessions/end"), "/account/sessions/end");
                break;
            case "other sessions ended":
                await browser.SubmitAsync(at!, nothing, "/account/sessions/others");
                break;
            case "app ended":
                await browser.SubmitAsync(at!, new Dictionary<string, string> { ["id"] = TestClient.Asking.Id }, "/account/sessions/app");
                break;
            case "trust removed":
                await browser.SubmitAsync(at!, Named(at!, "/account/devices/remove"), "/account/devices/remove");
                break;
            case "all trust removed":
                await PostAsync(owner, "/account/devices/all");
                break;
            case "consent":
                await browser.SubmitAsync(at!, new Dictionary<string, string> { ["decision"] = "allow" }, "/consent");
                break;
            case "not me":
                await browser.SubmitAsync(at!, nothing, "/not-me");
                break;
            case "profile":
                await PostAsync(owner, "/account/profile", new("name", "Another Name"), new("locale", "en"));
                break;
            case "preferred":
                await PostAsync(owner, "/account/two-step/prefer", new KeyValuePair<string, string>("factor", "totp"));
                break;
            case "forgotten":
                await PostAsync(owner, "/forgot", new KeyValuePair<string, string>("userName", owner.Person.UserName));
                break;
            default:
                var concerned = deed.StartsWith("unbind", StringComparison.Ordinal) || deed.StartsWith("rebind", StringComparison.Ordinal) ? await owner.BindingAsync(deed.Split(' ')[^1]) : null;
                await new GuardScene(idp, deed, owner, concerned).ActHonestlyAsync();
                break;
        }
    }

    /// <summary>What the form's button ends.</summary>
    private static Dictionary<string, string> Named(Stop at, string form) => new() { ["id"] = at.Page!.QuerySelector($"form[action='{form}'] button[name=id]")!.GetAttribute("value")! };

    private static async Task PostAsync(Owner owner, string path, params KeyValuePair<string, string>[] fields) =>
        await owner.Browser.PostAsync(path, [new("__csrf", await owner.CsrfAsync()), .. fields]);

    private async Task<long> NewestAsync() => await idp.Service<Database>().FirstAsync("select coalesce(max(id), 0) from audit", row => row.GetInt64(0), default);

    private Task<List<Row>> RowsAsync(string user, long after) => idp.Service<Database>().ListAsync(
        "select action, actor, client_id, address, details, at from audit where id > @after and user_id = @user order by id",
        row => new Row(row.GetString(0), row.TextOrNull(1), row.TextOrNull(2), row.TextOrNull(3), row.TextOrNull(4), row.Time(5)), default, ("@after", after), ("@user", user));
}

[Thorough]
[Collection(nameof(OnSqlite))]
public sealed class Audit_on_SQLite_and_memory(SqliteHost host) : AuditTests(host.Idp);

[Collection(nameof(OnPostgres))]
public sealed class Audit_on_PostgreSQL_and_Redis(PostgresHost host) : AuditTests(host.Idp);
