using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace IdP.Server.Storage;

/// <summary>A value with the very bytes it was read from: what a compare-and-set compares.</summary>
internal readonly record struct Stored<T>(T Value, byte[] Bytes);

internal static class Stored
{
    /// <summary>Null for garbage and for other versions' shapes: treated as missing, never as an error loop.</summary>
    public static T? Read<T>(byte[] bytes, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
