using System.Globalization;
using System.Text.Json;

namespace IdP.Protocol.Tokens;

/// <summary>One claim about a person in its JSON type (OIDC Core §5.1: updated_at is a number, email_verified a boolean, address an object).</summary>
public static class ClaimWriter
{
    public static void Write(Utf8JsonWriter json, string name, object value)
    {
        ArgumentNullException.ThrowIfNull(json);
        switch (value)
        {
            case string text:
                json.WriteString(name, text);
                break;
            case bool flag:
                json.WriteBoolean(name, flag);
                break;
            case long number:
                json.WriteNumber(name, number);
                break;
            case int number:
                json.WriteNumber(name, number);
                break;
            case JsonElement element:
                json.WritePropertyName(name);
                element.WriteTo(json);
                break;
            default:
                json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
