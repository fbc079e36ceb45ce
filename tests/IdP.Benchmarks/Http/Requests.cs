using System.Text;

namespace IdP.Benchmarks.Http;

/// <summary>Requests as bytes, made once where they can be.</summary>
internal static class Requests
{
    public static byte[] Get(string authority, string path, params string[] headers) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {authority}\r\n{Lines(headers)}\r\n");

    public static byte[] Post(string authority, string path, (string Name, string Value)[] form, params string[] headers)
    {
        var body = string.Join('&', form.Select(f => $"{f.Name}={Uri.EscapeDataString(f.Value)}"));
        return Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: {authority}\r\n{Lines(headers)}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    /// <summary>RFC 6749 §2.3.1.</summary>
    public static string Basic(string id, string secret) =>
        "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}"));

    /// <summary>RFC 6750 §2.1.</summary>
    public static string Bearer(string token) => "Authorization: Bearer " + token;

    private static string Lines(string[] headers) => string.Concat(headers.Select(h => h + "\r\n"));
}
