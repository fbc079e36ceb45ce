using System.Globalization;
using IdP.Benchmarks;
using IdP.Benchmarks.Floors;
using IdP.Benchmarks.Waiting;

// The same program again, as the process whose CPU time is the floor.
if (args is ["floor", var port])
{
    FloorServer.Run(int.Parse(port, CultureInfo.InvariantCulture));
    return 0;
}

// And as a node whose browsers wait.
if (args is ["waiting-node"])
{
    WaitingNode.Run();
    return 0;
}

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("The figures come from /proc: Linux only.");
    return 1;
}

if (Settings.Parse(args) is not { } settings)
{
    Console.Error.WriteLine(Settings.Usage);
    return 2;
}

var folder = Directory.CreateTempSubdirectory("idp-bench-");
// PostgreSQL's own user must be able to pass through.
folder.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
try
{
    using var run = new Run(settings, folder.FullName);
    return run.Go();
}
catch (BenchmarkException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
finally
{
    folder.Delete(recursive: true);
}
