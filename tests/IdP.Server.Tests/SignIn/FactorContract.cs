using IdP.Server.StepUp;
using IdP.Server.Tests.FurtherFactors.KeyFob;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.SignIn;

/// <summary>What every second factor must pass: a code proves one person, in one browser, for one purpose, in time, once - and nothing else.</summary>
public abstract class FactorContract(TestIdp idp)
{
    private static readonly byte[] Browser = new byte[32];
    private static readonly byte[] OtherBrowser = [.. Enumerable.Repeat((byte)1, 32)];

    public static TheoryData<string> Factors => ["totp", "email", "recovery", KeyFobFactor.Id];

    /// <summary>Recovery codes do not age: they wait for the day they are needed.</summary>
    public static TheoryData<string> Ageing => ["totp", "email"];

    private int nodes => idp.Ports.Count;

    [Theory, MemberData(nameof(Factors))]
    public async Task A_right_code_proves_its_person_and_says_how(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        var challenge = await AskAsync(person);
        var passed = Assert.IsType<StepUpOutcome.Passed>(await AnswerAsync(person, challenge, await person.CodeAsync()));
        Assert.Equal((factor, factor == "email" ? "otp mca" : "otp"), (passed.Proof.Factor, string.Join(' ', passed.Proof.Amr)));
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task A_wrong_code_proves_nothing_and_five_end_the_question(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        var challenge = await AskAsync(person);
        foreach (var wrong in (string[])[await person.WrongCodeAsync(), "", "12345", "1234567", "١٢٣٤٥٦"])
            Assert.IsType<StepUpOutcome.Wrong>(await AnswerAsync(person, challenge, wrong));
        Assert.IsType<StepUpOutcome.Over>(await AnswerAsync(person, challenge, await person.CodeAsync()));
    }

    [Theory, MemberData(nameof(Ageing))]
    public async Task A_code_that_is_too_old_is_refused(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        var challenge = await AskAsync(person);
        var old = await person.CodeAsync();
        idp.Clock.Forward(TimeSpan.FromMinutes(5));
        Assert.IsNotType<StepUpOutcome.Passed>(await AnswerAsync(person, challenge, old));
        challenge = await AskAsync(person);
        Assert.IsNotType<StepUpOutcome.Passed>(await AnswerAsync(person, challenge, old));
        Assert.IsType<StepUpOutcome.Passed>(await AnswerAsync(person, challenge, await person.CodeAsync()));
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task A_code_is_good_once_of_sixty_four_at_once_and_never_again(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        var challenge = await AskAsync(person);
        var code = await person.CodeAsync();
        var outcomes = await Race.RunAsync(64, n => AnswerAsync(person, challenge, code, node: n % nodes));
        Assert.Single(outcomes, outcome => outcome is StepUpOutcome.Passed);
        Assert.IsType<StepUpOutcome.Over>(await AnswerAsync(person, challenge, code));
        Assert.IsNotType<StepUpOutcome.Passed>(await AnswerAsync(person, await AskAsync(person, "sign-in:another"), code, "sign-in:another"));
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task A_code_of_another_persons_is_refused(string factor)
    {
        var (thief, owner) = (await FactorPerson.AddAsync(idp, factor), await FactorPerson.AddAsync(idp, factor));
        var (mine, theirs) = (await AskAsync(thief), await AskAsync(owner));
        var code = await thief.CodeAsync();
        Assert.IsType<StepUpOutcome.Wrong>(await AnswerAsync(owner, theirs, code));
        Assert.IsType<StepUpOutcome.Over>(await AnswerAsync(owner, mine, code));
        Assert.IsType<StepUpOutcome.Passed>(await AnswerAsync(thief, mine, code));
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task A_code_from_another_browser_or_for_another_purpose_is_refused_and_costs_the_owner_nothing(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        var challenge = await AskAsync(person);
        var code = await person.CodeAsync();
        for (var n = 0; n < 6; n++)
        {
            Assert.IsType<StepUpOutcome.Over>(await AnswerAsync(person, challenge, code, browser: OtherBrowser, node: n % nodes));
            Assert.IsType<StepUpOutcome.Over>(await AnswerAsync(person, challenge, code, "settings:s1:unbind:b1", node: n % nodes));
        }

        Assert.IsType<StepUpOutcome.Passed>(await AnswerAsync(person, challenge, code));
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task A_question_that_was_left_for_another_takes_no_answer(string factor)
    {
        var other = factor == "totp" ? "email" : "totp";
        var person = await FactorPerson.AddAsync(idp, factor, other);
        var challenge = await AskAsync(person);
        var code = await person.CodeAsync();
        await Service().StartAsync(person.Id, other, "sign-in:1", Browser, challenge.Id, default);
        Assert.IsType<StepUpOutcome.Over>(await AnswerAsync(person, challenge, code));
    }

    [Theory, MemberData(nameof(Factors))]
    public async Task A_question_of_one_sign_in_answers_no_other_and_the_others_own_takes_its_code(string factor)
    {
        var person = await FactorPerson.AddAsync(idp, factor);
        var left = await AskAsync(person);
        var old = await person.CodeAsync();
        var anew = await AskAsync(person, "sign-in:2");
        Assert.IsType<StepUpOutcome.Over>(await AnswerAsync(person, left, old, "sign-in:2"));
        // What was mailed belongs to its question; what a person has, to whichever asks.
        if (factor == "email")
            Assert.IsType<StepUpOutcome.Wrong>(await AnswerAsync(person, anew, old, "sign-in:2"));
        Assert.IsType<StepUpOutcome.Passed>(await AnswerAsync(person, anew, await person.CodeAsync(), "sign-in:2"));
    }

    private StepUpService Service(int node = 0) => idp.Service<StepUpService>(node);

    private async Task<Challenge> AskAsync(FactorPerson person, string purpose = "sign-in:1")
    {
        var start = await Service().StartAsync(person.Id, person.Factor, purpose, Browser, null, default);
        return start.Challenge ?? throw new InvalidOperationException($"{person.Factor} could not ask: {start.Reason}");
    }

    private Task<StepUpOutcome> AnswerAsync(FactorPerson person, Challenge challenge, string code, string purpose = "sign-in:1", byte[]? browser = null, int node = 0) =>
        Service(node).AnswerAsync(challenge.Id, person.Id, purpose, browser ?? Browser, new Answer.Code(code), default);
}
