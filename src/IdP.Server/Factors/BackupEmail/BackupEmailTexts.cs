using IdP.Server.Hosting;

namespace IdP.Server.Factors.BackupEmail;

/// <summary>The words this factor brings along for every page that draws it.</summary>
internal static class BackupEmailTexts
{
    public static readonly Texts Table = new(typeof(BackupEmailTexts));
}
