using System.Globalization;

namespace IdP.Benchmarks.Load;

/// <summary>What Linux counts for a process: proc(5).</summary>
internal static class ProcessFigures
{
    /// <summary>USER_HZ, 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of the process in seconds, all threads, those that ended too.</summary>
    public static double CpuSeconds(int pid)
    {
        var fields = StatFields(pid);
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    }

    /// <summary>What the tiered compiler's threads that live now have used, in seconds. Falls back to 0 when they rest.</summary>
    public static double CompilerSeconds(int pid)
    {
        var ticks = 0L;
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{pid}/task"))
        {
            try
            {
                var stat = File.ReadAllText(thread + "/stat");
                if (!stat.Contains("(.NET Tiered Com", StringComparison.Ordinal))
                    continue;
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                ticks += Number(fields[11]) + Number(fields[12]);
            }
            catch (IOException)
            {
                // The thread ended between the listing and the reading.
            }
        }
        return ticks / TicksPerSecond;
    }

    /// <summary>CPU seconds of a process, its children, and the children it has waited for: a PostgreSQL or Redis server as a whole.</summary>
    public static double CpuSecondsOfTree(int root)
    {
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid))
                continue;
            try
            {
                var fields = StatFields(pid);
                if (pid == root)
                    ticks += Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
                else if (Number(fields[1]) == root)
                    ticks += Number(fields[11]) + Number(fields[12]);
            }
            catch (IOException)
            {
                // Ended between the listing and the reading.
            }
        }
        return ticks / TicksPerSecond;
    }

    /// <summary>What the hypervisor gave to other machines while a core of this one had work, in seconds, all cores together.</summary>
    public static double StolenSeconds() => Number(File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[8]) / TicksPerSecond;

    /// <summary>Resident memory now, in MB (10^6 bytes).</summary>
    public static double ResidentMegabytes(int pid) => StatusMegabytes(pid, "VmRSS:");

    /// <summary>The most the process ever had resident, in MB.</summary>
    public static double PeakMegabytes(int pid) => StatusMegabytes(pid, "VmHWM:");

    private static double StatusMegabytes(int pid, string name)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Trim('\t')) * 1024 / 1e6;
    }

    // Field 3 (state) onwards: the name before it may hold spaces and brackets.
    private static string[] StatFields(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
