using System.Text.Json;

namespace IdP.Protocol.Authorize;

/// <summary>OIDC Core §5.5: the claims parameter, read.</summary>
/// <param name="AcrNames">Values asked for the id_token's acr, in order.</param>
/// <param name="Subject">The value asked for sub, in either member.</param>
internal sealed record RequestedClaims(IReadOnlyList<string> UserInfo, IReadOnlyList<string> IdToken, IReadOnlyList<string> AcrNames, bool AcrIsEssential, string? Subject)
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    public static bool TryParse(string json, out RequestedClaims requested)
    {
        requested = new([], [], [], false, null);
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return Read(document.RootElement, out requested);
        }
        catch (JsonException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            // Escapes that are no text ("\ud800") are found only when the string is read.
            return false;
        }
    }

    private static bool Read(JsonElement root, out RequestedClaims requested)
    {
        List<string> userInfo = [], idToken = [], acr = [];
        var acrIsEssential = false;
        string? subject = null;
        requested = new(userInfo, idToken, acr, false, null);
        if (root.ValueKind != JsonValueKind.Object)
            return false;
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name is not ("userinfo" or "id_token") || member.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (member.Value.ValueKind != JsonValueKind.Object)
                return false;
            foreach (var claim in member.Value.EnumerateObject())
            {
                if (claim.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Object))
                    return false;
                (member.Name == "userinfo" ? userInfo : idToken).Add(claim.Name);
                if (claim.Name == "acr" && member.Name == "id_token" && !ReadAcr(claim.Value, acr, out acrIsEssential))
                    return false;
                if (claim.Name == "sub" && !ReadSubject(claim.Value, ref subject))
                    return false;
            }
        }
        requested = new(userInfo, idToken, acr, acrIsEssential, subject);
        return true;
    }

    private static bool ReadAcr(JsonElement claim, List<string> names, out bool essential)
    {
        essential = false;
        if (claim.ValueKind == JsonValueKind.Null)
            return true;
        if (claim.TryGetProperty("essential", out var flag))
        {
            if (flag.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
                return false;
            essential = flag.GetBoolean();
        }
        if (claim.TryGetProperty("value", out var one) && !Add(one, names))
            return false;
        if (!claim.TryGetProperty("values", out var many))
            return true;
        if (many.ValueKind != JsonValueKind.Array)
            return false;
        foreach (var value in many.EnumerateArray())
        {
            if (!Add(value, names))
                return false;
        }
        return true;
    }

    private static bool Add(JsonElement value, List<string> names)
    {
        if (value.ValueKind != JsonValueKind.String)
            return false;
        names.Add(value.GetString()!);
        return true;
    }

    /// <summary>Two different people asked for at once: no answer could be right.</summary>
    private static bool ReadSubject(JsonElement claim, ref string? subject)
    {
        if (claim.ValueKind == JsonValueKind.Null || !claim.TryGetProperty("value", out var value))
            return true;
        if (value.ValueKind != JsonValueKind.String || (subject is not null && subject != value.GetString()))
            return false;
        subject = value.GetString();
        return true;
    }
}
