namespace IdP.Server.Tests.Support;

/// <summary>The two pairs of stores the server promises to behave alike on.</summary>
public enum StorePair
{
    SqliteAndMemory,
    PostgresAndRedis,
}
