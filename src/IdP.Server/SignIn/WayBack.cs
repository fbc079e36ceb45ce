using IdP.Server.Hosting;

namespace IdP.Server.SignIn;

/// <summary>Where a page beside the sign-in leads back to: the sign-in that this browser left for it, else the app, else the start page.</summary>
internal sealed class WayBack(LastApp lastApp, SignInDesk desk)
{
    public async Task<WayOn> FindAsync(HttpContext context) =>
        await SignInAsync(context) ?? (await lastApp.FindAsync(context) is { } app
            ? new(app.Home, PageTexts.BackToApp(app.Name))
            : new("/", PageTexts.ToFront));

    /// <summary>Null when there is none to go on with: over, finished, or not this browser's.</summary>
    public async Task<WayOn?> SignInAsync(HttpContext context) =>
        await desk.OpenAsync(context, lastApp.SignIn(context)) is { Progress: { Finishing: false, Refused: false } } at
            ? new(SignInDesk.ContinuePath(at.Tx), SignInTexts.BackToSignIn(SignInDesk.CardOf(at.Request).Name))
            : null;
}
