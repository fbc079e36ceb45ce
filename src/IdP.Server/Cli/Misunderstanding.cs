using System.CommandLine;
using System.CommandLine.Parsing;

namespace IdP.Server.Cli;

/// <summary>A command line that cannot be run, in one sentence: what is wrong, and what was perhaps meant.</summary>
internal static class Misunderstanding
{
    public static string Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var verbs = command.Subcommands.Select(verb => verb.Name).ToList();
        var help = string.Join(' ', Path(parsed.CommandResult).Append("--help"));
        if (parsed.UnmatchedTokens is [var word, ..])
        {
            var isOption = word.StartsWith('-');
            var known = isOption ? command.Options.Concat(parsed.RootCommandResult.Command.Options).Select(option => option.Name) : verbs;
            var what = isOption ? "option" : verbs.Count > 0 ? "verb" : "argument";
            var meant = Spelling.Nearest(word, known) is { } near ? $"did you mean '{near}'?" : $"see: {help}";
            return what == "argument" ? $"'{Spoken.OneLine(word)}' is one argument too many; see: {help}" : $"There is no {what} '{Spoken.OneLine(word)}'; {meant}";
        }

        if (command.Action is null && verbs.Count > 0)
            return $"'{string.Join(' ', Path(parsed.CommandResult))}' needs a verb: {string.Join(", ", verbs)}.";
        if (command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is not { Tokens.Count: > 0 }) is { } missing)
            return $"The argument {missing.Name} is missing ({missing.Description}); see: {help}";
        return $"{string.Join(' ', parsed.Errors.Select(error => Spoken.OneLine(error.Message)))} See: {help}";
    }

    /// <summary>"idp", "client", "add".</summary>
    private static IEnumerable<string> Path(CommandResult result) =>
        result.Parent is CommandResult above ? Path(above).Append(result.Command.Name) : ["idp"];
}
