using IdP.Server.Hosting;
using IdP.Server.Storage;
using Microsoft.AspNetCore.Connections;

namespace IdP.Server.Cli;

/// <summary>
/// What is wrong around the program and not in it: the operator reads one plain sentence, scripts get an exit code. Whatever is not here is a bug, and shows
/// its stack.
/// </summary>
internal sealed record Mistake(int Code, string Sentence, params IReadOnlyList<string> Details)
{
    /// <summary>Null for a bug.</summary>
    public static Mistake? Of(Exception problem) => problem switch
    {
        BadConfigurationException bad => new(ExitCode.BadConfiguration, "The configuration cannot be used:", bad.Faults),
        SealBrokenException => new(ExitCode.BadConfiguration,
            "The master key does not open what is in this database. Set Secrets:MasterKey (or put back master.key in the DataDirectory) to the key that the database was made with."),
        SecondNodeException or SchemaException or CannotListenException => new(ExitCode.Refused, problem.Message),
        // Somebody was faster than we were after we had looked.
        IOException { InnerException: AddressInUseException } => new(ExitCode.Refused, problem.Message),
        UnwritableException => new(ExitCode.BadConfiguration, problem.Message + " Look at DataDirectory and Storage:Database, and at who may write there."),
        _ when Outage.Find(problem) is { } outage => new(ExitCode.StoreAway, "The store cannot be reached: " + (outage.InnerException ?? outage).Message),
        IOException or UnauthorizedAccessException => new(ExitCode.BadConfiguration,
            $"A file or folder cannot be used: {problem.Message.TrimEnd('.')}. Look at DataDirectory and Storage:Database, and at who may write there."),
        _ => null,
    };
}
