using System.Text;

namespace IdP.Server.Accounts;

/// <summary>Two spellings of one name are one account (I-6).</summary>
internal static class UserNames
{
    private const int Longest = 256;

    /// <summary>NFKC, lower case, trimmed; null for what is no name: empty, too long, broken Unicode, control or invisible characters.</summary>
    public static string? Normalize(string? typed)
    {
        if (typed is null || typed.Length > 4 * Longest)
            return null;
        try
        {
            var name = typed.Trim().Normalize(NormalizationForm.FormKC).ToLowerInvariant().Normalize(NormalizationForm.FormKC).Trim();
            return name.Length is > 0 and <= Longest && !name.Any(c => char.IsControl(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format) ? name : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
