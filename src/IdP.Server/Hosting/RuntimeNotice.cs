namespace IdP.Server.Hosting;

/// <summary>Says so at start when the runtime is older than the newest security patch this build knows.</summary>
internal static class RuntimeNotice
{
    private static readonly Version Newest = new(10, 0, 14);

    public static void Write(ILogger log)
    {
        if (Environment.Version < Newest)
            log.LogWarning("This server runs on .NET {Running}; {Newest} or later carries security fixes. Published builds bring their own runtime.", Environment.Version, Newest);
    }
}
