using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace IdP.Server.Hosting;

/// <summary>
/// The few files that pages load, embedded in the executable and served as <c>/assets/NAME.HASH.ext</c>: the address changes with the content,
/// so a browser may keep them for ever. Compressed once, at start.
/// </summary>
internal sealed class Assets
{
    private readonly FrozenDictionary<string, Asset> byAddress;
    private readonly FrozenDictionary<string, string> addresses;

    public Assets(Brand brand)
    {
        List<(string Name, byte[] Bytes)> files = [.. Embedded(), ("brand.css", Encoding.UTF8.GetBytes(brand.StyleSheet))];
        if (brand.Logo is { } logo)
            files.Add((logo.Name, logo.Bytes));

        var named = files.Select(file => (file.Name, Asset: Asset.Make(file.Name, file.Bytes))).ToList();
        byAddress = named.ToFrozenDictionary(x => x.Asset.Address, x => x.Asset);
        addresses = named.ToFrozenDictionary(x => x.Name, x => x.Asset.Address);
    }

    /// <summary>"site.css" → "~/assets/site.HASH.css"; a name that does not exist is a fault in a page.</summary>
    public string this[string name] => "~" + addresses[name];

    public bool Has(string name) => addresses.ContainsKey(name);

    public void Map(IEndpointRouteBuilder routes) => routes.MapMethods("/assets/{file}", ["GET", "HEAD"], ServeAsync);

    private Task ServeAsync(HttpContext http)
    {
        if (!byAddress.TryGetValue("/assets/" + http.GetRouteValue("file"), out var asset))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var accepted = http.Request.Headers.AcceptEncoding.ToString();
        var (encoding, body) = accepted.Contains("br", StringComparison.Ordinal) ? ("br", asset.Brotli)
            : accepted.Contains("gzip", StringComparison.Ordinal) ? ("gzip", asset.Gzip)
            : (null, asset.Plain);
        var response = http.Response;
        response.ContentType = asset.Type;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.Vary = "Accept-Encoding";
        // An operator's SVG opened on its own is a document of this origin: it may do nothing.
        response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";
        if (encoding is not null)
            response.Headers.ContentEncoding = encoding;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Embedded()
    {
        const string prefix = "assets/";
        var assembly = typeof(Assets).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            yield return (resource[prefix.Length..], copy.ToArray());
        }
    }

    private sealed record Asset(string Address, string Type, byte[] Plain, byte[] Gzip, byte[] Brotli)
    {
        public static Asset Make(string name, byte[] bytes)
        {
            var extension = Path.GetExtension(name).ToLowerInvariant();
            var hash = Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6));
            var type = extension switch
            {
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".svg" => "image/svg+xml",
                ".png" => "image/png",
                _ => throw new InvalidOperationException($"No content type is known for the asset '{name}'."),
            };
            return new Asset($"/assets/{Path.GetFileNameWithoutExtension(name)}.{hash}{extension}", type, bytes,
                Pack(bytes, to => new GZipStream(to, CompressionLevel.SmallestSize)), Pack(bytes, to => new BrotliStream(to, CompressionLevel.SmallestSize)));
        }

        private static byte[] Pack(byte[] bytes, Func<Stream, Stream> packer)
        {
            using var packed = new MemoryStream();
            using (var stream = packer(packed))
                stream.Write(bytes);
            return packed.ToArray();
        }
    }
}
