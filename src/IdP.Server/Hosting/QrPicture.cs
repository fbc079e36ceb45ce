using System.Globalization;
using System.Text;
using QRCoder;

namespace IdP.Server.Hosting;

/// <summary>A QR code as one SVG path: no style attributes, so the strictest CSP lets it through.</summary>
/// <param name="Size">Modules a side, quiet zone included.</param>
internal sealed record QrPicture(int Size, string Path)
{
    public static QrPicture Of(string text)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        for (var y = 0; y < code.ModuleMatrix.Count; y++)
        {
            for (var x = 0; x < code.ModuleMatrix[y].Length; x++)
            {
                if (code.ModuleMatrix[y][x])
                    path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
            }
        }

        return new QrPicture(code.ModuleMatrix.Count, path.ToString());
    }
}
