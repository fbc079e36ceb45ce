using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Resources;
using System.Text.RegularExpressions;
using IdP.Server.Hosting;
using IdP.Server.SignIn;

namespace IdP.Server.Tests.Pages;

/// <summary>Every text exists in every language, takes the same values, and every word that code asks for exists.</summary>
public sealed partial class TextTests
{
    private static readonly Assembly Server = typeof(Texts).Assembly;

    public static TheoryData<string> Tables => [.. Server.GetManifestResourceNames().Where(n => n.EndsWith(".resources", StringComparison.Ordinal)).Select(n => n[..^".resources".Length])];

    [Theory, MemberData(nameof(Tables))]
    public void Languages_have_the_same_keys_and_places(string table)
    {
        var english = Read(table, CultureInfo.InvariantCulture);
        Assert.NotEmpty(english);
        foreach (var (tag, _) in Languages.All.Where(language => language.Tag != Languages.English))
        {
            var other = Read(table, CultureInfo.GetCultureInfo(tag));
            Assert.Equal(english.Keys.Order(), other.Keys.Order());
            Assert.All(english, text => Assert.Equal(Places(text.Value), Places(other[text.Key])));
            Assert.All(other, text => Assert.False(string.IsNullOrWhiteSpace(text.Value), text.Key));
        }
    }

    [Theory, MemberData(nameof(Tables))]
    public void Every_word_that_code_asks_for_exists(string table)
    {
        var accessor = Server.GetType(table);
        Assert.NotNull(accessor);
        var keys = Read(table, CultureInfo.InvariantCulture).Keys;
        var asked = accessor.GetProperties(BindingFlags.Static | BindingFlags.Public).Where(p => p.PropertyType == typeof(string)).Select(p => p.Name)
            .Concat(accessor.GetMethods(BindingFlags.Static | BindingFlags.Public).Where(m => m is { IsSpecialName: false } && m.GetParameters() is [{ Name: "value" }]).Select(m => m.Name));
        Assert.All(asked, name => Assert.Contains(name, keys));
    }

    [Fact]
    public void Every_problem_has_its_own_sentence_in_every_language()
    {
        foreach (var (tag, _) in Languages.All)
        {
            CultureInfo.CurrentUICulture = Languages.Culture(tag);
            var sentences = Enum.GetValues<ProblemKind>().Select(kind => SignInTexts.Of(new Problem(kind, 5))).ToList();
            Assert.Equal(sentences.Count, sentences.Distinct().Count());
        }
    }

    [Fact]
    public void Chinese_is_really_spoken()
    {
        CultureInfo.CurrentUICulture = Languages.Culture(Languages.Chinese);
        Assert.Equal("二次验证", SignInTexts.VerifyTitle);
        Assert.Equal("更换验证方式", SignInTexts.OtherWay);
    }

    private static Dictionary<string, string> Read(string table, CultureInfo language) =>
        new ResourceManager(table, Server).GetResourceSet(language, createIfNotExists: true, tryParents: false)!
            .Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);

    private static IEnumerable<string> Places(string text) => Place().Matches(text).Select(match => match.Value).Distinct().Order();

    [GeneratedRegex(@"\{\d+\}")]
    private static partial Regex Place();
}
