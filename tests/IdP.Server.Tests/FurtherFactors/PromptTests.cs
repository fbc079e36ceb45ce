using System.Reflection;
using IdP.Server.Recovery;
using IdP.Server.Storage;
using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.Anything;
using IdP.Server.Tests.Settings;
using IdP.Server.Tests.SignIn;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.FurtherFactors;

/// <summary>However a factor wants to ask, every page that asks can draw it, and hands the answer on.</summary>
public sealed class PromptTests(SqliteFactorHost host) : IClassFixture<SqliteFactorHost>
{
    private static readonly Dictionary<string, (Prompt Prompt, Type Answer)> Ways = new()
    {
        ["digits"] = (new Prompt.EnterCode(6), typeof(Answer.Code)),
        ["letters, sent"] = (new Prompt.EnterCode(8, "a***@b***.example", DateTimeOffset.UnixEpoch, Letters: true, Notice: "no such words"), typeof(Answer.Code)),
        ["to be read"] = (new Prompt.Acknowledge(), typeof(Answer.Acknowledged)),
        ["approval"] = (new Prompt.AwaitApproval(null), typeof(Answer.Approval)),
        ["approval with a number"] = (new Prompt.AwaitApproval("42"), typeof(Answer.Approval)),
        ["scan"] = (new Prompt.ScanQr("https://idp.example/scan?x", null), typeof(Answer.Approval)),
        ["scan or type"] = (new Prompt.ScanQr("https://idp.example/scan?x", "ABCD EFGH"), typeof(Answer.Approval)),
        ["its own way"] = (new Prompt.Custom("/Factors/Anything/_Anything.cshtml", new Dictionary<string, string> { ["a"] = "b" }), typeof(Answer.Custom)),
    };

    private readonly TestIdp idp = host.Idp;

    public static TheoryData<string> Names => [.. Ways.Keys];

    [Fact]
    public void No_way_to_ask_is_left_out() => Assert.Equal(
        typeof(Prompt).GetNestedTypes(BindingFlags.NonPublic).Where(type => type.IsSubclassOf(typeof(Prompt))).ToHashSet(), Ways.Values.Select(way => way.Prompt.GetType()).ToHashSet());

    [Theory, MemberData(nameof(Names))]
    public async Task Every_page_asks_in_this_way_and_hands_the_answer_on(string way)
    {
        host.Whim.Prompt = Ways[way].Prompt;
        using var owner = await Owner.WithoutFactorAsync(idp);
        await AnswerAsync(way, owner.Browser, await owner.OpenGuardedAsync("/account/two-step/bind?factor=" + AnythingFactor.Id), "/account/two-step/bind");
        var binding = await owner.BindingAsync(AnythingFactor.Id);

        using var browser = idp.Browser();
        var at = await browser.OpenAsync(idp.App(TestClient.Web).Ask().Url);
        at = await browser.SubmitAsync(at, new Dictionary<string, string> { ["userName"] = owner.Person.UserName, ["password"] = owner.Person.Password }, "/sign-in");
        Assert.NotNull((await AnswerAsync(way, browser, at, "/verify")).MustAnswer()["code"]);
        at = await AnswerAsync(way, browser, await browser.VisitAsync("/account/two-step/unbind?id=" + binding.Id), "/account/confirm");
        Assert.Equal("/account/two-step/unbind", at.At);
        var token = await idp.Service<Database>().TransactAsync(lane => idp.Service<PasswordReset>().MakeAsync(lane, binding.UserId, default), default);
        at = await AnswerAsync(way, browser, await browser.VisitAsync("/reset?token=" + token), "/reset");
        Assert.NotNull(at.Page!.QuerySelector("input[name=newPassword]"));
    }

    private async Task<Stop> AnswerAsync(string way, Browser browser, Stop at, string action)
    {
        Assert.True(at.Status == System.Net.HttpStatusCode.OK && at.Page!.QuerySelector($"form[action^='{action}'] button") is not null, at.Describe());
        host.Whim.Last = null;
        var fields = new Dictionary<string, string> { ["mine"] = "a word" };
        if (at.Page!.QuerySelector("input[name=code]") is not null)
            fields["code"] = "123456";
        if (at.Page.QuerySelector("[data-wait]")?.GetAttribute("data-wait")?.Split('/') is [.., var what, var id])
        {
            // However little a factor looks at: nothing that a page sends reaches one that is approved elsewhere.
            at = await browser.SubmitAsync(at, fields, action);
            Assert.Equal(("NotConfirmed", null), (at.Page!.QuerySelector("[data-problem]")!.GetAttribute("data-problem"), host.Whim.Last));
            var evidence = new Answer.Approval([1]);
            _ = what == "offer" ? await idp.Service<Enrolments>().ApproveAsync(id, AnythingFactor.Id, evidence, null, default)
                : await idp.Service<Approvals>().ApproveAsync(id, AnythingFactor.Id, evidence, null, default);
        }

        var next = await browser.SubmitAsync(at, fields, action);
        Assert.IsType(Ways[way].Answer, host.Whim.Last);
        if (host.Whim.Last is Answer.Custom custom)
        {
            Assert.Equal("a word", custom.Data["mine"]);
            Assert.DoesNotContain("__csrf", custom.Data.Keys);
        }

        return next;
    }
}
