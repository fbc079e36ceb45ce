using IdP.Protocol;
using IdP.Protocol.Authorize;
using IdP.Server.Hosting;
using IdP.Server.SignIn;
using IdP.Server.Storage;

namespace IdP.Server.Connect;

/// <summary>
/// <c>/connect/authorize</c> (OIDC Core §3.1.2): checks what the app asks, and either answers at once from this browser's session or begins a sign-in.
/// </summary>
internal sealed class AuthorizeEndpoint(
    AuthorizeReader reader, SignInDesk desk, SignInFinish finish, SignIns signIns, IPushedRequests pushed,
    LastApp lastApp, Preferences preferences, AnswerWriter answers, ProtocolOptions options, TimeProvider clock)
{
    private const string HandlePrefix = "urn:ietf:params:oauth:request_uri:";

    public async Task GetAsync(HttpContext context)
    {
        switch (await reader.ReadAsync(ParameterReader.FromQuery(context.Request.Query), context.RequestAborted))
        {
            case AuthorizeOutcome.ForThePerson refused:
                await answers.ShowErrorAsync(context, refused.Error);
                break;
            case AuthorizeOutcome.ForTheClient refused:
                await RefuseAsync(context, refused.Target, refused.Error);
                break;
            case AuthorizeOutcome.Valid valid:
                await BeginAsync(context, valid.Request);
                break;
        }
    }

    /// <summary>
    /// A post from the app's page comes without our Lax cookies. What it asked is put aside, and the browser comes back for it with a GET,
    /// which brings the session along.
    /// </summary>
    public async Task PostAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            await answers.ShowErrorAsync(context, ProtocolError.InvalidRequest("The request must be form-encoded."), StatusCodes.Status415UnsupportedMediaType);
            return;
        }

        var form = await PostedForm.ReadAsync(context);
        // Now, so that a refusal on a page of ours is read too; a cookie takes it through the GET and the pages behind it.
        preferences.RememberLanguage(context, form["ui_locales"].ToString().Split(' '));
        switch (await reader.ReadAsync(ParameterReader.FromForm(form), context.RequestAborted))
        {
            case AuthorizeOutcome.ForThePerson refused:
                await answers.ShowErrorAsync(context, refused.Error);
                break;
            case AuthorizeOutcome.ForTheClient refused:
                // The form is the app's own, under its own policy: no page of ours posts here.
                await answers.WriteAsync(context, finish.Refuse(refused.Target, refused.Error), afterForm: false);
                break;
            case AuthorizeOutcome.Valid { Request: var request }:
                var handle = request.PushedHandle ?? await PutAsideAsync(context, request);
                AnswerWriter.SeeOther(context, $"/connect/authorize?client_id={Uri.EscapeDataString(request.Client.ClientId)}&request_uri={Uri.EscapeDataString(HandlePrefix + handle)}");
                break;
        }
    }

    private async Task BeginAsync(HttpContext context, AuthorizeRequest request)
    {
        // What was pushed did not come in this address, where every page finds its language: before any page is drawn, the form_post one included.
        if (request.PushedHandle is not null)
            preferences.RememberLanguage(context, request.UiLocales);
        var situation = await desk.LookAsync(context, request, null);
        switch (SignInFlow.Next(situation))
        {
            case NextStep.Finish done:
                // Nothing was proven in this request, so the session is the one just read: only a used request_uri can stand in the way,
                // or a trusted device that has just ended. Then the same request is looked at once more, without it.
                var ending = await finish.FinishAsync(context, situation, done.Who);
                if (ending is Ending.DecideAgain)
                    AnswerWriter.SeeOther(context, context.Request.Path + context.Request.QueryString);
                else
                    await answers.WriteAsync(context, ending, AnswerWriter.CameFromOurPage(context));
                break;
            case NextStep.Refuse refused:
                await RefuseAsync(context, request.Target, refused.Error);
                break;
            case var step:
                var tx = await signIns.BeginAsync(context, request, PutAsideHandle(context, request), situation.Session, context.RequestAborted);
                lastApp.Remember(context, request.Client.ClientId, tx);
                AnswerWriter.SeeOther(context, SignInDesk.PathOf(step, tx));
                break;
        }
    }

    private Task RefuseAsync(HttpContext context, ResponseTarget target, ProtocolError error) =>
        answers.WriteAsync(context, finish.Refuse(target, error), AnswerWriter.CameFromOurPage(context));

    /// <summary>Where the request that this browser opens was put aside; null for one that a client pushed, and for one that stands in the address.</summary>
    private static string? PutAsideHandle(HttpContext context, AuthorizeRequest request) =>
        request.PushedHandle is null && context.Request.Query["request_uri"].ToString() is var uri && uri.StartsWith(HandlePrefix, StringComparison.Ordinal)
            ? uri[HandlePrefix.Length..] : null;

    private Task<string> PutAsideAsync(HttpContext context, AuthorizeRequest request) => pushed.StoreAsync(
        new PushedRequest(request.Client.ClientId, request.Parameters, clock.GetUtcNow() + options.PushedRequestLifetime, Pushed: false),
        Holder.NameOf(context.Connection.RemoteIpAddress), context.RequestAborted);
}
