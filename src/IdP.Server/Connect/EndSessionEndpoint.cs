using IdP.Protocol;
using IdP.Protocol.EndSession;
using IdP.Server.Accounts;
using IdP.Server.Hosting;

namespace IdP.Server.Connect;

/// <summary>
/// <c>/connect/endsession</c> (RP-Initiated Logout 1.0): ends this browser's session. An app that proves whose session it means is believed;
/// anybody else's link only asks the person.
/// </summary>
internal sealed class EndSessionEndpoint(
    EndSessionReader reader, PutAsideSignOuts putAside, Sessions sessions, Users users, IdpCookies cookies, Csrf csrf, Preferences preferences,
    AnswerWriter answers, PageRenderer pages, LastApp lastApp)
{
    private const string PutAside = "asked";
    private const int LongestKept = 2048;

    public async Task AskAsync(HttpContext context)
    {
        if (HttpMethods.IsPost(context.Request.Method))
        {
            await ComeBackWithCookiesAsync(context);
            return;
        }

        var sent = context.Request.Query.TryGetValue(PutAside, out var handle)
            ? await putAside.FindAsync(handle.ToString(), context.RequestAborted)
            : ParameterReader.FromQuery(context.Request.Query);
        var request = await reader.ReadAsync(sent, context.RequestAborted);
        var session = await sessions.FindAsync(cookies.SessionHandle(context), context.RequestAborted);
        if (session is null)
            await LeaveAsync(context, request, mayRedirect: request.HintedSubject is not null);
        else if (request.MayEndWithoutAsking(session.UserId, session.Id))
            await EndAsync(context, request, session);
        else
            await DrawAsync(context, sent, request, session);
    }

    public async Task ConfirmAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            await answers.ShowAsync(context, "invalid_request");
            return;
        }

        var form = await PostedForm.ReadAsync(context);
        if (csrf.Check(context, form) is null)
        {
            await answers.ShowAsync(context, "session_expired");
            return;
        }

        if (form["decision"] != "sign-out")
        {
            AnswerWriter.SeeOther(context, "/");
            return;
        }

        var request = await reader.ReadAsync(ParameterReader.FromForm(form), context.RequestAborted);
        if (await sessions.FindAsync(cookies.SessionHandle(context), context.RequestAborted) is { } session)
            await EndAsync(context, request, session);
        else
            await LeaveAsync(context, request, mayRedirect: true);
    }

    private async Task EndAsync(HttpContext context, EndSessionRequest request, Session session)
    {
        await sessions.EndAsync(session.Id, session.UserId, context.RequestAborted);
        cookies.DropSession(context);
        cookies.DropBrowser(context);
        await LeaveAsync(context, request, mayRedirect: true);
    }

    /// <summary><c>/signed-out</c>: a page with an address of its own, so that it can be reloaded, read in another language, and holds no id_token in its address.</summary>
    public async Task FarewellAsync(HttpContext context)
    {
        var request = await reader.ReadAsync(ParameterReader.FromQuery(context.Request.Query), context.RequestAborted);
        await pages.RenderAsync(
            context, "/Connect/SignedOut.cshtml",
            new SignedOutView(request.Client is { } client ? LastApp.LinkTo(client) : await lastApp.FindAsync(context)), StatusCodes.Status200OK);
    }

    private Task LeaveAsync(HttpContext context, EndSessionRequest request, bool mayRedirect)
    {
        if (mayRedirect && request is { Problem: null, RedirectTo: { } back })
            return answers.LeaveAsync(context, back, HttpMethods.IsPost(context.Request.Method) || AnswerWriter.CameFromOurPage(context));

        AnswerWriter.SeeOther(context, "/signed-out" + (request.Client is { } client
            ? QueryString.Create("client_id", client.ClientId)
            : QueryString.Empty));
        return Task.CompletedTask;
    }

    private async Task DrawAsync(HttpContext context, Parameters sent, EndSessionRequest request, Session session)
    {
        if (request.RedirectTo is { } back)
            context.LeadsTo(back);
        var person = await users.FindAsync(session.UserId, context.RequestAborted);
        var token = csrf.TokenFor(cookies.EnsureBrowserHandle(context));
        await pages.RenderAsync(
            context, "/Connect/EndSession.cshtml",
            new EndSessionView(token, request.Client?.ClientName ?? request.Client?.ClientId, person?.UserName ?? "", Carried(sent)), StatusCodes.Status200OK);
    }

    // Only the request's own parameters: a stray "decision" from a link must not answer for the person.
    private static Dictionary<string, string> Carried(Parameters sent) => sent.All
        .Where(pair => pair.Key is "id_token_hint" or "client_id" or "post_logout_redirect_uri" or "state" or "ui_locales")
        .ToDictionary(pair => pair.Key, pair => pair.Value);

    // Hint and address have been found good, the whole is as long as a request may be; nobody needs more than this of the rest.
    private static Dictionary<string, string> Kept(Parameters sent) => Carried(sent)
        .Where(pair => pair.Key is "id_token_hint" or "post_logout_redirect_uri" or "state" || pair.Value.Length <= LongestKept)
        .ToDictionary();

    // A post from the app's page comes without our Lax cookies; as a GET it brings them. What it asked waits under a handle: an id_token has no business in
    // an address, nor room there. Of what cannot be trusted only the client's name is gone on with.
    private async Task ComeBackWithCookiesAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            await answers.ShowAsync(context, "invalid_request", StatusCodes.Status415UnsupportedMediaType);
            return;
        }

        var form = await PostedForm.ReadAsync(context);
        preferences.RememberLanguage(context, form["ui_locales"].ToString().Split(' '));
        var sent = ParameterReader.FromForm(form);
        var request = await reader.ReadAsync(sent, context.RequestAborted);
        AnswerWriter.SeeOther(context, "/connect/endsession" + (request.Problem is null
            ? QueryString.Create(PutAside, await putAside.StoreAsync(Kept(sent), context.Connection.RemoteIpAddress, context.RequestAborted))
            : request.Client is { } client ? QueryString.Create("client_id", client.ClientId) : QueryString.Empty));
    }
}
