using Microsoft.Extensions.Configuration;

namespace IdP.Server.Hosting;

/// <summary>
/// Settings from appsettings.json beside the program, then IDP__Section__Key environment variables, then --Section:Key arguments; later ones win.
/// Everything is checked at once, so that an operator mends a configuration in one round.
/// </summary>
internal static class IdpConfiguration
{
    private const string EnvironmentPrefix = "IDP__";
    private const string FileSuffix = "_FILE";

    /// <summary>Sections that belong to ASP.NET Core, not to us.</summary>
    private static readonly string[] Foreign = ["Logging", "AllowedHosts", "Kestrel", "Urls", "ContentRoot", "Environment"];

    /// <summary>"Development" or "Production", as ASP.NET Core reads it; Production when nobody says.</summary>
    public static string EnvironmentName =>
        Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? "Production";

    /// <summary>The settings, or <see cref="BadConfigurationException"/> with every fault.</summary>
    public static IdpOptions Load(IReadOnlyList<string> arguments)
    {
        var (options, faults) = Read(arguments);
        return faults.Count == 0 ? options : throw new BadConfigurationException(faults);
    }

    /// <summary>The settings as far as they could be read, and every fault.</summary>
    public static (IdpOptions Options, IReadOnlyList<string> Faults) Read(IReadOnlyList<string> arguments)
    {
        List<string> faults = [];
        var configuration = Gather(arguments, faults);
        var options = SettingBinder.Bind<IdpOptions>(configuration, Foreign, faults);
        faults.AddRange(IdpOptionsChecks.Faults(options));
        return (options, faults);
    }

    /// <summary>The same sources as one configuration, for ASP.NET Core's own sections (Logging).</summary>
    public static IConfigurationRoot Gather(IReadOnlyList<string> arguments, List<string> faults)
    {
        var builder = new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory);
        try
        {
            return builder
                .AddJsonFile("appsettings.json", optional: true)
                .AddJsonFile($"appsettings.{EnvironmentName}.json", optional: true)
                .AddInMemoryCollection(FromEnvironment(faults))
                .AddInMemoryCollection(SettingArguments.Split(arguments, faults).Settings)
                .Build();
        }
        catch (InvalidDataException unreadable)
        {
            faults.Add($"{unreadable.Message} {unreadable.InnerException?.Message}".Trim());
            return new ConfigurationBuilder().Build();
        }
    }

    private static Dictionary<string, string?> FromEnvironment(List<string> faults)
    {
        Dictionary<string, string?> settings = new(StringComparer.OrdinalIgnoreCase);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
                continue;
            var key = name[EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
            if (!key.EndsWith(FileSuffix, StringComparison.OrdinalIgnoreCase))
                settings[key] = (string?)variable.Value;
            else if (Content(name, (string?)variable.Value ?? "", faults) is { } content)
                settings[key[..^FileSuffix.Length]] = content;
        }

        return settings;
    }

    private static string? Content(string name, string path, List<string> faults)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"{name}: the file '{path}' cannot be read: {e.Message}");
            return null;
        }
    }
}

/// <summary>The settings cannot be used; each message quotes the bad value.</summary>
internal sealed class BadConfigurationException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
