using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IdP.Server.Storage;

namespace IdP.Server.Hosting;

/// <summary>
/// Who may post a form: the browser whose cookie the token was made from, from a page of ours. Two independent checks - the token
/// (HMAC of the browser handle) and what the browser itself says of where the post comes from.
/// </summary>
internal sealed class Csrf(SecretProtector protector, IdpOptions options, IdpCookies cookies)
{
    public const string Field = "__csrf";

    private readonly byte[] key = protector.KeyFor("csrf");
    private readonly string origin = new Uri(options.Issuer).GetLeftPart(UriPartial.Authority);

    public string TokenFor(string browserHandle) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(browserHandle)));

    /// <summary>The browser handle when the post is good, else null.</summary>
    public string? Check(HttpContext context, IFormCollection form)
    {
        if (!ComesFromOurPage(context.Request) || cookies.BrowserHandle(context) is not { } handle)
            return null;
        var sent = Encoding.UTF8.GetBytes(form[Field].ToString());
        return CryptographicOperations.FixedTimeEquals(sent, Encoding.ASCII.GetBytes(TokenFor(handle))) ? handle : null;
    }

    // Sec-Fetch-Site cannot be forged by a page. Browsers without it send Origin; "null" is what no-referrer makes of ours, so it proves nothing alone.
    private bool ComesFromOurPage(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"] is [{ } site])
            return site == "same-origin";
        return request.Headers.Origin is not [{ } sent] || sent == origin;
    }
}
