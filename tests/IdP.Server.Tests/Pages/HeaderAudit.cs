namespace IdP.Server.Tests.Pages;

/// <summary>What every answer of the server must carry; for crawls over all routes.</summary>
internal static class HeaderAudit
{
    /// <summary>One sentence for each fault; empty when the answer is as it should be.</summary>
    /// <param name="header">Looks a header up; null when it is missing.</param>
    public static IEnumerable<string> Faults(Func<string, string?> header, bool isPage)
    {
        string?[] faults =
        [
            Is("X-Content-Type-Options", "nosniff"),
            Is("Referrer-Policy", "no-referrer"),
            Is("X-Frame-Options", "DENY"),
            header("Permissions-Policy") is null ? "Permissions-Policy is missing" : null,
            Policy("default-src 'none'"), Policy("frame-ancestors 'none'"), Policy("base-uri 'none'"), Policy("form-action "),
            header("Content-Security-Policy")?.Contains("unsafe-", StringComparison.Ordinal) == true ? "Content-Security-Policy allows something unsafe" : null,
            header("X-Powered-By") is not null ? "X-Powered-By tells what runs here" : null,
            isPage ? Is("Cache-Control", "no-store") : null,
            isPage ? Policy("script-src 'self'") : null,
        ];
        return faults.OfType<string>();

        string? Is(string name, string value) => header(name) == value ? null : $"{name} is '{header(name)}', not '{value}'";

        string? Policy(string part) => header("Content-Security-Policy")?.Contains(part, StringComparison.Ordinal) == true ? null : $"Content-Security-Policy lacks {part}";
    }
}
