using IdP.Protocol;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace IdP.Server.Connect;

/// <summary>Reads the form of a request by a program: application/x-www-form-urlencoded in UTF-8, at most 64 KB.</summary>
internal static class FormBody
{
    private const int LongestBody = 64 * 1024;
    private const string ContentType = "application/x-www-form-urlencoded";

    /// <summary>Null when the body is not such a form.</summary>
    /// <exception cref="BadHttpRequestException">413 when the body is too large.</exception>
    public static async ValueTask<Parameters?> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (!IsForm(request.ContentType))
            return null;
        if (request.ContentLength > LongestBody)
            throw new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = LongestBody;
        try
        {
            var form = await new FormPipeReader(request.BodyReader) { ValueLengthLimit = LongestBody }.ReadFormAsync(context.RequestAborted);
            return new Parameters(Pairs(form));
        }
        catch (Exception fault) when (fault is InvalidDataException or InvalidOperationException || (fault is IOException and not BadHttpRequestException))
        {
            // Too many pairs, escapes that decode to nothing, or a piece longer than any number.
            return null;
        }
    }

    private static List<KeyValuePair<string, string>> Pairs(Dictionary<string, Microsoft.Extensions.Primitives.StringValues> form)
    {
        List<KeyValuePair<string, string>> pairs = new(form.Count);
        foreach (var (name, values) in form)
        {
            for (var i = 0; i < values.Count; i++)
                pairs.Add(new(name, values[i] ?? ""));
        }
        return pairs;
    }

    private static bool IsForm(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is ';' or ' ');

    public static ProtocolError NotAForm => ProtocolError.InvalidRequest($"The body must be {ContentType}.");
}
