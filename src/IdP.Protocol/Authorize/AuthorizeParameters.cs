using System.Collections.Frozen;

namespace IdP.Protocol.Authorize;

/// <summary>
/// The parameters this server reads, and how long each may be: in UTF-16 units, but <c>state</c>, which goes back in an address, percent-encoded.
/// Everything else is ignored and not kept.
/// </summary>
internal static class AuthorizeParameters
{
    /// <summary>Percent-encoded. Apps without a store of their own keep 3,000 characters and more in it.</summary>
    public const int LongestState = 8 * 1024;

    /// <summary>Percent-encoded, names and separators included. All of it is kept while the person signs in.</summary>
    public const int LongestRequest = 16 * 1024;

    public static readonly FrozenDictionary<string, int> Limits = new Dictionary<string, int>
    {
        ["client_id"] = 200,
        ["redirect_uri"] = 2048,
        ["response_type"] = 100,
        ["response_mode"] = 100,
        ["scope"] = 2048,
        ["state"] = LongestState,
        ["nonce"] = 1024,
        ["code_challenge"] = 128,
        ["code_challenge_method"] = 20,
        ["prompt"] = 200,
        ["display"] = 20,
        ["max_age"] = 20,
        ["ui_locales"] = 500,
        ["claims_locales"] = 500,
        ["login_hint"] = 500,
        ["id_token_hint"] = 8192,
        ["acr_values"] = 1024,
        ["claims"] = 8192,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Fits(string name, string value) =>
        (name == "state" ? PercentEncoded.Length(value) : value.Length) <= Limits[name];

    public static Dictionary<string, string> Known(Parameters sent)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in sent.All)
        {
            if (value.Length > 0 && Limits.ContainsKey(name))
                known[name] = value;
        }
        return known;
    }

    /// <summary>Neither control characters nor halves of surrogate pairs: text that survives every encoding on the way back unchanged.</summary>
    public static bool IsCleanText(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (char.IsControl(c) || char.IsLowSurrogate(c))
                return false;
            if (char.IsHighSurrogate(c) && (++i == value.Length || !char.IsLowSurrogate(value[i])))
                return false;
        }
        return true;
    }

    public static string[] Words(string? value) => value?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
