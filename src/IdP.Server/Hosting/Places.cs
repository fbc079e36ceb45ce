using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MaxMind.Db;

namespace IdP.Server.Hosting;

/// <summary>
/// "Berlin, Germany (192.0.2.7)": where an address is, as far as the operator's own database knows (<c>Place:Database</c>, MaxMind's format). Read once, at start;
/// nobody outside is ever asked. A place is a hint for a person who recognises it or not, and nothing is decided by it.
/// </summary>
internal sealed class Places : IDisposable
{
    private readonly Reader? reader;

    public Places(IdpOptions options) => reader = string.IsNullOrEmpty(options.Place.Database) ? null : new Reader(options.Place.Database, FileAccessMode.Memory);

    /// <summary>In the language of the request; the address alone where no place is known, null where there is no address.</summary>
    public string? Describe(string? address) =>
        address is null ? null : Of(address) is { } place ? PageTexts.PlaceAndAddress(place, address) : address;

    /// <summary>City and country, or what is known of them; null for private addresses, for unknown ones, and without a database.</summary>
    public string? Of(string? address)
    {
        if (reader is null || !IPAddress.TryParse(address, out var ip))
            return null;
        if (ip.IsIPv4MappedToIPv6)
            ip = ip.MapToIPv4();
        if (ip.AddressFamily == AddressFamily.InterNetworkV6 && reader.Metadata.IPVersion == 4)
            return null;
        var found = reader.Find<Dictionary<string, object>>(ip);
        return (NameOf(found, "city"), NameOf(found, "country")) switch
        {
            (null, null) => null,
            (null, var country) => country,
            (var city, null) => city,
            // A city that is a country, such as Singapore.
            var (city, country) => city == country ? city : PageTexts.PlaceIn(city, country),
        };
    }

    public void Dispose() => reader?.Dispose();

    /// <summary>What is wrong with the file; null when it can be used.</summary>
    public static string? Fault(string? file)
    {
        if (string.IsNullOrEmpty(file))
            return null;
        if (!File.Exists(file))
            return $"Place:Database: there is no file '{file}'";
        try
        {
            using var trial = new Reader(file, FileAccessMode.Memory);
            return trial.Metadata.DatabaseType.Contains("City", StringComparison.Ordinal) || trial.Metadata.DatabaseType.Contains("Country", StringComparison.Ordinal)
                ? null : $"Place:Database: '{file}' is a database of the kind '{trial.Metadata.DatabaseType}'; it must be one of cities or countries";
        }
        catch (Exception unreadable) when (unreadable is InvalidDatabaseException or IOException or UnauthorizedAccessException)
        {
            return $"Place:Database: '{file}' cannot be read as a MaxMind database (.mmdb): {unreadable.Message}";
        }
    }

    private static string? NameOf(Dictionary<string, object>? found, string what)
    {
        if (found?.GetValueOrDefault(what) is not Dictionary<string, object> thing || thing.GetValueOrDefault("names") is not Dictionary<string, object> names)
            return null;
        // MaxMind's tag for our Chinese; what has no name in a language has an English one.
        var language = CultureInfo.CurrentUICulture.Name == Languages.Chinese ? "zh-CN" : CultureInfo.CurrentUICulture.Name;
        return (names.GetValueOrDefault(language) ?? names.GetValueOrDefault(Languages.English)) as string;
    }
}
