using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using IdP.Protocol.Clients;
using IdP.Server.Storage.Clients;

namespace IdP.Server.Cli.Apply;

/// <summary>Holds an object of the document against a type: every unknown name and every value of another type is a fault.</summary>
internal static class Members
{
    /// <summary>The members that fit; null and what does not fit is left out.</summary>
    public static JsonObject Fitting(JsonObject given, JsonTypeInfo type, string path, List<Fault> faults)
    {
        var fitting = new JsonObject();
        foreach (var (name, value) in given)
        {
            if (type.Properties.FirstOrDefault(p => p.Name == name) is not { } property)
                faults.Add(new($"{path}.{name}", Unknown(name, type.Properties.Select(p => p.Name))));
            else if (value is not null && Fits(value, property.PropertyType, $"{path}.{name}", faults))
                fitting[name] = IsTime(property.PropertyType) ? JsonValue.Create(Time(value)) : value.DeepClone();
        }

        foreach (var required in type.Properties.Where(p => IsRequired(p) && given[p.Name] is null))
            faults.Add(new($"{path}.{required.Name}", "is missing"));
        return fitting;
    }

    /// <summary>"required" members, and parameters of a record's constructor that have no default.</summary>
    public static bool IsRequired(JsonPropertyInfo property) =>
        property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false, IsMemberInitializer: false };

    public static string Unknown(string name, IEnumerable<string> known)
    {
        var all = known.ToList();
        return Spelling.Nearest(name, all) is { } near
            ? $"there is no such member; did you mean '{near}'?"
            : $"there is no such member; known here: {string.Join(", ", all)}";
    }

    private static bool Fits(JsonNode value, Type type, string path, List<Fault> faults)
    {
        var kind = value.GetValueKind();
        type = Nullable.GetUnderlyingType(type) ?? type;
        // Secrets come in two forms, which their own reader checks.
        if (type == typeof(IReadOnlyList<ClientSecret>))
            return Is(kind == JsonValueKind.Array, "must be a list", path, faults);
        if (typeof(IReadOnlyList<string>).IsAssignableFrom(type))
            return Is(kind == JsonValueKind.Array, "must be a list", path, faults) && Strings((JsonArray)value, path, faults);
        if (type == typeof(bool))
            return Is(kind is JsonValueKind.True or JsonValueKind.False, "must be true or false", path, faults);
        if (type == typeof(int))
            return Is(kind == JsonValueKind.Number && ((JsonValue)value).TryGetValue<long>(out var number) && number is >= int.MinValue and <= int.MaxValue, "must be a whole number", path, faults);
        if (IsTime(type))
            return Is(Time(value) is not null, "must be a time such as 2027-01-31T00:00:00Z", path, faults);
        if (type == typeof(JsonObject))
            return Is(kind == JsonValueKind.Object, "must be an object", path, faults);
        return Is(kind == JsonValueKind.String, "must be text (in quotes)", path, faults);
    }

    private static bool IsTime(Type type) => (Nullable.GetUnderlyingType(type) ?? type) == typeof(DateTimeOffset);

    /// <summary>ISO 8601 as JSON has it; UTC where the text names no offset, a day's beginning where it names no time. Null when it is no time.</summary>
    private static DateTimeOffset? Time(JsonNode value)
    {
        // A value that YAML gave is a string of .NET, not a JSON text that could be read as another type.
        var text = JsonSerializer.SerializeToElement(value, ApplyJsonContext.Default.JsonNode);
        if (text.ValueKind != JsonValueKind.String || !text.TryGetDateTime(out var time))
            return null;
        // In UTC, so that two spellings of one moment are no change.
        return time.Kind == DateTimeKind.Unspecified ? new DateTimeOffset(time, TimeSpan.Zero)
            : text.TryGetDateTimeOffset(out var exact) ? exact.ToUniversalTime() : null;
    }

    private static bool Strings(JsonArray list, string path, List<Fault> faults)
    {
        var before = faults.Count;
        for (var i = 0; i < list.Count; i++)
            Is(list[i]?.GetValueKind() == JsonValueKind.String, "must be text (in quotes)", $"{path}[{i}]", faults);
        return faults.Count == before;
    }

    private static bool Is(bool good, string reason, string path, List<Fault> faults)
    {
        if (!good)
            faults.Add(new(path, reason));
        return good;
    }
}
