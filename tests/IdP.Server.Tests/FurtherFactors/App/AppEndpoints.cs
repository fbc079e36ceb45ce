using System.Text.Json;
using IdP.Server.StepUp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace IdP.Server.Tests.FurtherFactors.App;

/// <summary>Where the phone sends what its owner decided. The evidence is the body; the ways and the enrolment judge it.</summary>
internal sealed class AppEndpoints(Approvals approvals, Enrolments enrolments) : IFactorEndpoints
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/app/decide", async context =>
    {
        var decision = (await context.Request.ReadFromJsonAsync<Decision>(context.RequestAborted))!;
        var (evidence, address) = (new Answer.Approval(JsonSerializer.SerializeToUtf8Bytes(decision)), context.Connection.RemoteIpAddress?.ToString());
        var outcome = decision.BindingId is null
            ? await enrolments.ApproveAsync(decision.Id, AppEnrolment.Id, evidence, address, context.RequestAborted)
            : await approvals.ApproveAsync(decision.Id, AppEnrolment.Id, evidence, address, context.RequestAborted);
        await context.Response.WriteAsync(outcome.GetType().Name, context.RequestAborted);
    });
}
