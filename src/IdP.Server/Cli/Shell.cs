using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdP.Server.Hosting;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli;

/// <summary>Runs one command line: settings apart from options, outcomes to exit codes, everything said as text or as JSON.</summary>
internal sealed class Shell(IReadOnlyList<string> arguments, Terminal terminal)
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions OnOneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Option<bool> json = new("--json") { Description = "Answer in JSON, for scripts", Recursive = true };
    private bool asJson;

    public IReadOnlyList<string> Arguments => arguments;
    public Terminal Terminal => terminal;

    public async Task<int> RunAsync(RootCommand root)
    {
        List<string> faults = [];
        var (_, others) = SettingArguments.Split(arguments, faults);
        root.Options.Add(json);
        BriefHelp.Use(root);
        // "@name" is a password like any other, not a file of arguments.
        var parsed = root.Parse(others, new ParserConfiguration { ResponseFileTokenReplacer = null });
        asJson = parsed.GetResult(json) is { } asked && (asked.Errors.Any() || asked.GetValueOrDefault<bool>());
        if (parsed.Action is ParseErrorAction)
            return Fail(ExitCode.Usage, Misunderstanding.Of(parsed), asJson ? [.. parsed.Errors.Select(error => error.Message)] : []);
        try
        {
            // No termination handler of its own: the web host has one, and verbs end by their transaction.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Output, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null,
            });
        }
        catch (FaultsException refused)
        {
            return Refuse(refused.Faults);
        }
        catch (Exception problem) when (Mistake.Of(problem) is { } mistake)
        {
            return Fail(mistake.Code, mistake.Sentence, mistake.Details);
        }
    }

    /// <summary>The same outcome for scripts and for people.</summary>
    public int Say(JsonNode data, params IEnumerable<string> lines)
    {
        if (asJson)
            terminal.Output.WriteLine(data.ToJsonString(Readable));
        else
            WriteLines(terminal.Output, lines);
        return ExitCode.Done;
    }

    /// <summary>One of many that come one after the other: a line of text, or an object on a line of its own.</summary>
    public void SayLine(JsonNode data, string line)
    {
        terminal.Output.WriteLine(asJson ? data.ToJsonString(OnOneLine) : line);
        terminal.Output.Flush();
    }

    public int Refuse(IReadOnlyList<Fault> faults)
    {
        if (asJson)
            Say(new JsonObject { ["faults"] = new JsonArray([.. faults.Select(f => new JsonObject { ["path"] = f.Path, ["reason"] = f.Reason })]) });
        else
            WriteLines(terminal.Error, faults.Select(f => f.ToString()).Append($"{faults.Count} fault{(faults.Count == 1 ? "" : "s")}; nothing was changed."));
        return ExitCode.Refused;
    }

    public int Refuse(string reason) => Fail(ExitCode.Refused, reason, []);

    public int Fail(int code, string reason, IReadOnlyList<string> details)
    {
        if (asJson)
            Say(new JsonObject { ["error"] = reason, ["details"] = new JsonArray([.. details.Select(d => (JsonNode)d)]) });
        else
            WriteLines(terminal.Error, details.Select(d => "  " + d).Prepend(reason));
        return code;
    }

    private static void WriteLines(TextWriter writer, IEnumerable<string> lines)
    {
        foreach (var line in lines)
            writer.WriteLine(line);
    }
}
