using IdP.Server.Hosting;

namespace IdP.Server.Connect;

/// <summary>The words of signing out and of the hand-over to an app.</summary>
internal static class ConnectTexts
{
    private static readonly Texts Table = new(typeof(ConnectTexts));

    public static string EndSessionTitle => Table.Get();
    public static string EndSessionText(object value) => Table.With(value);
    public static string EndSessionFor(object value) => Table.With(value);
    public static string SignOut => Table.Get();
    public static string Stay => Table.Get();
    public static string SignedOutTitle => Table.Get();
    public static string SignedOutText => Table.Get();
    public static string FormPostTitle => Table.Get();
    public static string FormPostText => Table.Get();
    public static string LeavingText => Table.Get();
    public static string FormPostButton => Table.Get();
}
