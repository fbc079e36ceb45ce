namespace IdP.Server.Cli;

/// <summary>What scripts may rely on.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    /// <summary>The input has faults, or what was named is not there; nothing was changed.</summary>
    public const int Refused = 1;
    public const int Usage = 2;
    /// <summary>The database or Redis cannot be reached.</summary>
    public const int StoreAway = 3;
    public const int BadConfiguration = 4;
}
