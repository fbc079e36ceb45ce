namespace IdP.Journeys;

/// <summary>A value that looks like another one.</summary>
internal static class Forgery
{
    public static string Of(string value) => value[..^4] + new string([.. value[^4..].Select(c => c == 'A' ? 'B' : 'A')]);
}
