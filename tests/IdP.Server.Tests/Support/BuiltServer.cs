namespace IdP.Server.Tests.Support;

/// <summary>The server as a program of its own.</summary>
internal static class BuiltServer
{
    /// <summary>
    /// The published one, compiled ahead as it is deployed, where IDP_TESTS_SERVER names it (tests/run.sh does); else the one that was built beside the tests, which takes
    /// three times as long to start.
    /// </summary>
    public static string Program { get; } =
        Environment.GetEnvironmentVariable("IDP_TESTS_SERVER") is { Length: > 0 } published ? published : Path.Combine(AppContext.BaseDirectory, "idp");
}
