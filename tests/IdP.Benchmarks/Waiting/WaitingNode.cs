using System.Text;
using IdP.Server.Accounts;
using IdP.Server.Factors;
using IdP.Server.Hosting;
using IdP.Server.StepUp;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdP.Benchmarks.Waiting;

/// <summary>
/// The server with one factor more, which approves whatever it is asked: nothing that is approved elsewhere is installed otherwise. It runs in a process of its
/// own, started by this same program.
/// </summary>
internal static class WaitingNode
{
    public static void Run()
    {
        using var app = IdpHost.Build([], builder => builder.Services
            .AddFactor<BellEnrolment, Bell>().AddSingleton<IFactorEndpoints, BellEndpoints>(), "Production");
        app.Run();
    }
}

internal sealed class BellEnrolment : IEnrolment
{
    public const string Id = "bell";
    public static readonly FactorKind Bell = new(Id, new Texts(typeof(PromptTexts)));

    public FactorKind Kind => Bell;

    public Task<Offered> OfferAsync(EnrolmentFor whom, string? said, CancellationToken cancel) => throw new NotSupportedException();

    public Task<NewBinding?> ConfirmAsync(EnrolmentOffer offer, Answer answer, CancellationToken cancel) => throw new NotSupportedException();
}

internal sealed class Bell : ISecondFactor
{
    public FactorInfo Info { get; } = new(BellEnrolment.Bell, TimeSpan.FromMinutes(10));

    public Task<Started> ChallengeAsync(NewChallenge challenge, CancellationToken cancel) =>
        Task.FromResult<Started>(new Started.Asked(new Prompt.AwaitApproval(null), []));

    /// <summary>The evidence is the id of the binding.</summary>
    public Task<Verdict> VerifyAsync(Challenge challenge, Answer answer, CancellationToken cancel) => Task.FromResult<Verdict>(
        answer is Answer.Approval { Evidence: var binding } ? new Verdict.Passed(Encoding.ASCII.GetString(binding), ["swk"]) : new Verdict.Wrong());
}

internal sealed class BellEndpoints(StepUpService stepUp, Approvals approvals, Users users, FactorBindings bindings) : IFactorEndpoints
{
    private const int People = 64;

    public void Map(IEndpointRouteBuilder routes)
    {
        // Answers with a line for each challenge: its id, its browser's cookie, and the binding that approves it.
        routes.MapPost("/bell/challenges/{count:int}", async context =>
        {
            var people = new List<(string Id, string Binding)>();
            for (var n = 0; n < People; n++)
            {
                var draft = new UserDraft { UserName = "waiting-" + Handles.NewId(), Email = $"{Handles.NewId()}@example.com" };
                var id = (await users.AddAsync(draft, "correct horse battery", "benchmark", default))!;
                people.Add((id, (await bindings.AddAsync(id, new NewBinding(BellEnrolment.Id, null, [1]), By.Tool("benchmark") with { SettingUp = true }, default))!.Id));
            }

            for (var n = 0; n < int.Parse((string)context.GetRouteValue("count")!, System.Globalization.CultureInfo.InvariantCulture); n++)
            {
                var (person, browser) = (people[n % People], Handles.New());
                var start = await stepUp.StartAsync(person.Id, BellEnrolment.Id, "sign-in:" + n, Handles.Hash(browser), null, default);
                await context.Response.WriteAsync($"{start.Challenge!.Id} {browser} {person.Binding}\n");
            }
        });
        routes.MapPost("/bell/approve/{id}/{binding}", async context => await context.Response.WriteAsync((await approvals.ApproveAsync(
            (string)context.GetRouteValue("id")!, BellEnrolment.Id, new Answer.Approval(Encoding.ASCII.GetBytes((string)context.GetRouteValue("binding")!)), null, default)).GetType().Name));
    }
}
