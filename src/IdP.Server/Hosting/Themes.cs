namespace IdP.Server.Hosting;

/// <summary>"auto" follows the person's system.</summary>
internal static class Themes
{
    public const string Auto = "auto";
    public const string Light = "light";
    public const string Dark = "dark";

    public static readonly IReadOnlyList<string> All = [Auto, Light, Dark];
}
