using System.Runtime.InteropServices;

namespace IdP.Benchmarks.Worlds;

/// <summary>The server's program: how to start it, and what it is.</summary>
internal sealed record ServerBuild(string Program, IReadOnlyList<string> Prefix, string Kind)
{
    public static ServerBuild Find(Settings settings)
    {
        if (settings.Server is { } path)
            return At(Directory.Exists(path) ? Path.Combine(path, "idp") : path, "given");
        if (settings.Smoke)
            return At(Path.Combine(AppContext.BaseDirectory, "idp.dll"), "build beside the benchmark, not published");
        return Publish();
    }

    private static ServerBuild At(string path, string kind)
    {
        if (!File.Exists(path))
            throw new BenchmarkException($"'{path}' is no server.");
        var full = Path.GetFullPath(path);
        return full.EndsWith(".dll", StringComparison.Ordinal) ? new("dotnet", [full], kind) : new(full, [], kind);
    }

    // Beside the sources' own bin/ and obj/, so that a publish for one platform does not unsettle the next build.
    private static ServerBuild Publish()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "IdP.sln")))
            root = root.Parent;
        if (root is null)
            throw new BenchmarkException("IdP.sln is nowhere above this program; name a published server with --server.");
        var artifacts = Path.Combine(root.FullName, "artifacts", "bench");
        Directory.CreateDirectory(artifacts);
        var rid = RuntimeInformation.RuntimeIdentifier;
        Console.Error.WriteLine("publishing the server ...");
        Child.Run(Path.Combine(artifacts, "publish.log"), "dotnet",
            ["publish", Path.Combine(root.FullName, "src", "IdP.Server"), "-c", "Release", "-r", rid, "--artifacts-path", artifacts]);
        return At(Path.Combine(artifacts, "publish", "IdP.Server", $"release_{rid}", "idp"), "published, self-contained, compiled ahead");
    }
}
