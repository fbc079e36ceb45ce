using IdP.Server.Hosting;

namespace IdP.Server.Connect;

/// <summary>The response of response_mode=form_post (OAuth 2.0 Form Post Response Mode §2): fields that the browser carries to the client.</summary>
internal sealed record FormPostView(string Action, IReadOnlyList<KeyValuePair<string, string>> Fields);

/// <param name="Location">Where the browser goes on to by itself: the app's address with the answer.</param>
internal sealed record LeavingView(string Location);

/// <param name="Carry">The request's own parameters, posted on with the decision.</param>
internal sealed record EndSessionView(string Csrf, string? ClientName, string UserName, IReadOnlyDictionary<string, string> Carry);

/// <param name="App">The one that asked for the sign-out, else the one that sent this browser here last.</param>
internal sealed record SignedOutView(AppLink? App);
