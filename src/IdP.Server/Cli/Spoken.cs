namespace IdP.Server.Cli;

/// <summary>What strangers may have typed, made fit for a terminal.</summary>
internal static class Spoken
{
    /// <summary>Control characters could move the cursor or forge a line.</summary>
    public static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c)]);
}
