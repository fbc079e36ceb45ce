using System.Globalization;

namespace IdP.Protocol.Authorize.Checks;

/// <summary>OIDC Core §3.1.2.1, max_age: seconds, not negative; zero asks again at once.</summary>
internal static class MaxAgeIsANumber
{
    public static ValueTask<ProtocolError?> Check(AuthorizeDraft draft, AuthorizeWorld world, CancellationToken cancel)
    {
        if (draft.Sent["max_age"] is not { } text)
            return default;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return new(ProtocolError.InvalidRequest("max_age must be a whole number of seconds."));
        draft.MaxAge = TimeSpan.FromSeconds(seconds);
        return default;
    }
}
