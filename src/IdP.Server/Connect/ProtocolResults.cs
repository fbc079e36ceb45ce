using System.Buffers;
using System.Text.Json;
using IdP.Protocol;
using IdP.Server.Hosting;

namespace IdP.Server.Connect;

/// <summary>The only writer of answers to programs: JSON with a length, never cached, errors in the standards' words (RFC 6749 §5.1, §5.2).</summary>
internal static class ProtocolResults
{
    private const string RetryAfterSeconds = "2";

    [ThreadStatic] private static ArrayBufferWriter<byte>? buffer;
    [ThreadStatic] private static Utf8JsonWriter? writer;

    /// <summary>An object; <paramref name="members"/> writes what is inside.</summary>
    public static Task JsonAsync<T>(HttpContext context, int status, T state, Action<Utf8JsonWriter, T> members)
    {
        buffer ??= new ArrayBufferWriter<byte>(2048);
        buffer.ResetWrittenCount();
        writer ??= new Utf8JsonWriter(buffer);
        writer.Reset(buffer);
        writer.WriteStartObject();
        members(writer, state);
        writer.WriteEndObject();
        writer.Flush();
        NeverCached(context);
        return SendAsync(context, status, "application/json", buffer.WrittenSpan);
    }

    public static Task ErrorAsync(HttpContext context, ProtocolError error)
    {
        context.RequestServices.GetRequiredService<RefusalLog>().Write(context, error.Code, error.Description);
        if (error.Status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"client\", charset=\"UTF-8\"";
        if (error.Status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        return BodyAsync(context, error);
    }

    /// <summary>RFC 6750 §3: a request without a token learns only which scheme to use.</summary>
    public static Task BearerErrorAsync(HttpContext context, ProtocolError? error)
    {
        context.Response.Headers.WWWAuthenticate = error is null ? "Bearer" : $"Bearer error=\"{error.Code}\", error_description=\"{error.Description}\"";
        return BodyAsync(context, error ?? ProtocolError.InvalidToken("An access token is needed."));
    }

    public static Task MethodNotAllowedAsync(HttpContext context, string allow)
    {
        context.Response.Headers.Allow = allow;
        return BodyAsync(context, new ProtocolError("invalid_request", $"Use {allow}.", StatusCodes.Status405MethodNotAllowed));
    }

    /// <summary>A document everybody may have and keep for a while.</summary>
    public static Task DocumentAsync(HttpContext context, string contentType, byte[] body)
    {
        context.Response.Headers.CacheControl = "public, max-age=300";
        return SendAsync(context, StatusCodes.Status200OK, contentType, body);
    }

    public static Task SendAsync(HttpContext context, int status, string contentType, ReadOnlySpan<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        if (HttpMethods.IsHead(context.Request.Method))
            return Task.CompletedTask;
        response.BodyWriter.Write(body);
        return response.BodyWriter.FlushAsync(context.RequestAborted).AsTask();
    }

    /// <summary>RFC 6749 §5.1 asks for both; the second is for caches older than the first.</summary>
    public static void NeverCached(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";
    }

    private static Task BodyAsync(HttpContext context, ProtocolError error) => JsonAsync(context, error.Status, error, static (json, error) =>
    {
        json.WriteString("error"u8, error.Code);
        json.WriteString("error_description"u8, error.Description);
    });
}
