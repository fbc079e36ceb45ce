using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace IdP.Server.Cli;

/// <summary>Of the verbs below a list shows one line each; what a verb has to say at length it says when it is asked itself.</summary>
internal sealed class BriefHelp(SynchronousCommandLineAction help) : SynchronousCommandLineAction
{
    public static void Use(RootCommand root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new BriefHelp((SynchronousCommandLineAction)option.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        // The tree was made for this one command line.
        foreach (var verb in parseResult.CommandResult.Command.Subcommands)
            verb.Description = verb.Description?.Split('\n')[0];
        return help.Invoke(parseResult);
    }
}
