namespace IdP.Server.StepUp;

/// <summary>How a page comes to ask.</summary>
internal enum Asking
{
    /// <summary>A GET: it shows what was asked, and sends nothing. Anybody can make somebody's browser open a link.</summary>
    Look,

    /// <summary>A post: what there is to send is sent, unless it has been.</summary>
    Ask,

    /// <summary>A post for another code; only the newest is good.</summary>
    Again,
}
