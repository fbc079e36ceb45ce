using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace IdP.Server.Hosting;

/// <summary>
/// Binds settings onto an options class and reports every value that does not fit and every name that means nothing.
/// The framework's binder stops at the first fault and passes over misspelt names, which is how a limit comes to be off without anyone knowing.
/// </summary>
internal static class SettingBinder
{
    public static T Bind<T>(IConfiguration configuration, IReadOnlyCollection<string> foreign, List<string> faults) where T : new()
    {
        var options = new T();
        Bind(options, configuration.GetChildren().Where(s => !foreign.Contains(s.Key, StringComparer.OrdinalIgnoreCase)), faults);
        return options;
    }

    private static void Bind(object target, IEnumerable<IConfigurationSection> sections, List<string> faults)
    {
        var properties = target.GetType().GetProperties();
        foreach (var section in sections)
        {
            var property = properties.FirstOrDefault(p => string.Equals(p.Name, section.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
                faults.Add($"{section.Path}: there is no such setting; known here: {string.Join(", ", properties.Select(p => p.Name))}");
            else
                Bind(target, property, section, faults);
        }
    }

    private static void Bind(object target, PropertyInfo property, IConfigurationSection section, List<string> faults)
    {
        switch (property.GetValue(target))
        {
            case List<string> list:
                list.Clear();
                list.AddRange(Items(section));
                break;
            case Dictionary<string, string> names:
                foreach (var (name, value) in Pairs(section, section.Path.Length + 1))
                    names[name] = value;
                break;
            case { } part when property.PropertyType.IsClass && property.PropertyType.Namespace == typeof(IdpOptions).Namespace:
                Bind(part, section.GetChildren(), faults);
                break;
            default:
                SetScalar(target, property, section, faults);
                break;
        }
    }

    /// <summary>"a,b" in one value, or one value a child.</summary>
    private static IEnumerable<string> Items(IConfigurationSection section) =>
        section.Value is { } value
            ? value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : section.GetChildren().Select(c => c.Value ?? "");

    /// <summary>Names may hold colons themselves (urn:...), which the configuration took for levels.</summary>
    private static IEnumerable<(string Name, string Value)> Pairs(IConfigurationSection section, int cut) =>
        section.GetChildren().SelectMany(child => child.Value is { } value ? [(child.Path[cut..], value)] : Pairs(child, cut));

    private static void SetScalar(object target, PropertyInfo property, IConfigurationSection section, List<string> faults)
    {
        // JSON null and a section with children but no value say nothing.
        if (section.Value is not { } value)
            return;
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        // .NET reads a bare number as days, which nobody means by it.
        if (type == typeof(TimeSpan) && !value.Contains(':', StringComparison.Ordinal))
        {
            faults.Add($"{section.Path}: '{value}' is not {Wanted(type)}; twelve hours are 12:00:00, twelve days 12.00:00:00");
            return;
        }

        try
        {
            property.SetValue(target, type == typeof(string) ? value : TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, value));
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or NotSupportedException)
        {
            faults.Add($"{section.Path}: '{value}' is not {Wanted(type)}");
        }
    }

    private static string Wanted(Type type) =>
        type == typeof(int) ? "a whole number" : type == typeof(bool) ? "true or false" : type == typeof(TimeSpan) ? "a duration such as 00:30:00 (hours:minutes:seconds)"
        : type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type)) : $"a {type.Name}";
}
