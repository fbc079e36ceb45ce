namespace IdP.Server.Cli;

/// <summary>Where a verb reads and writes.</summary>
internal sealed record Terminal(TextReader Input, TextWriter Output, TextWriter Error)
{
    public static Terminal OfProcess => new(Console.In, Console.Out, Console.Error);
}
