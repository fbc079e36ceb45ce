using System.Globalization;
using System.Resources;
using System.Runtime.CompilerServices;

namespace IdP.Server.Hosting;

/// <summary>The words of one feature, from the .resx beside it, in the language of the request. Its accessor's members are named as the keys.</summary>
/// <param name="accessor">The static class whose full name is the resource's name.</param>
internal sealed class Texts(Type accessor)
{
    private readonly ResourceManager table = new(accessor.FullName!, accessor.Assembly);

    public string Get([CallerMemberName] string key = "") =>
        table.GetString(key, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException($"{accessor.Name} has no text '{key}'.");

    public string With(object value, [CallerMemberName] string key = "") =>
        string.Format(CultureInfo.CurrentCulture, Get(key), value);

    /// <summary>For keys that arrive as data; null when there is no such text.</summary>
    public string? Find(string key) => table.GetString(key, CultureInfo.CurrentUICulture);
}
