using System.Text.RegularExpressions;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.House;

/// <summary>The arrows of the house: who may know whom. Read from the source, so that a wrong using fails here before it becomes a habit.</summary>
public sealed partial class HouseRules
{
    private static readonly string Root = SourceTree.Root;

    // A room, and the rooms that it must not know.
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["Storage"] = ["Accounts", "Mail", "DeviceTrust", "StepUp", "Factors", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo"],
        ["Audit"] = ["Accounts", "Mail", "DeviceTrust", "StepUp", "Factors", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo"],
        ["Accounts"] = ["Mail", "DeviceTrust", "StepUp", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo", "Factors.Totp"],
        ["DeviceTrust"] = ["StepUp", "Factors", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo"],
        ["Mail"] = ["DeviceTrust", "Factors", "StepUp", "SignIn", "Connect", "Settings", "Recovery", "Cli", "Demo"],
        ["StepUp"] = ["DeviceTrust", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo", "Factors.Totp"],
        ["Factors"] = ["DeviceTrust", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo"],
        ["SignIn"] = ["Settings", "Recovery", "Cli", "Demo", "Factors.Totp"],
        ["Settings"] = ["Recovery", "Cli", "Demo", "Factors.Totp"],
        ["Recovery"] = ["Settings", "Cli", "Demo", "Factors.Totp"],
        ["Connect"] = ["Settings", "Recovery", "Cli", "Demo", "Factors.Totp"],
    };

    public static TheoryData<string> Rooms => [.. Forbidden.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_the_rooms_below(string room)
    {
        var wrong =
            from file in Sources($"src/IdP.Server/{room}")
            from Match used in Using().Matches(File.ReadAllText(file))
            from forbidden in Forbidden[room]
            where used.Groups[1].Value == forbidden || used.Groups[1].Value.StartsWith(forbidden + ".", StringComparison.Ordinal)
            select $"{Path.GetRelativePath(Root, file)} uses {used.Groups[1].Value}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void Nobody_but_the_list_knows_a_factor()
    {
        var factors = Directory.GetDirectories(Path.Combine(Root, "src/IdP.Server/Factors")).Select(Path.GetFileName).ToArray();
        Assert.NotEmpty(factors);
        var wrong =
            from file in Sources("src/IdP.Server")
            let name = Path.GetRelativePath(Root, file)
            from factor in factors
            where !name.StartsWith($"src/IdP.Server/Factors/{factor}/", StringComparison.Ordinal)
                && name != "src/IdP.Server/Factors/SecondFactors.cs"
                // Import and demo write a binding's secret in the factor's own format.
                && !name.StartsWith("src/IdP.Server/Cli/", StringComparison.Ordinal) && !name.StartsWith("src/IdP.Server/Demo/", StringComparison.Ordinal)
                && File.ReadAllText(file).Contains($"IdP.Server.Factors.{factor}", StringComparison.Ordinal)
            select name;
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_protocol_knows_no_web_no_database_and_no_server()
    {
        var project = File.ReadAllText(Path.Combine(Root, "src/IdP.Protocol/IdP.Protocol.csproj"));
        Assert.DoesNotContain("FrameworkReference", project, StringComparison.Ordinal);
        Assert.DoesNotContain("ProjectReference", project, StringComparison.Ordinal);
        var wrong = Sources("src/IdP.Protocol").Where(file => Foreign().IsMatch(File.ReadAllText(file)));
        Assert.Empty(wrong);
    }

    [Fact]
    public void Files_stay_small_enough_to_read()
    {
        var sizes = Sources("src").Select(file => (Name: Path.GetRelativePath(Root, file), Lines: File.ReadLines(file).Count())).OrderBy(f => f.Lines).ToArray();
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"{sizes.Length} files, median {sizes[sizes.Length / 2].Lines} lines, nine in ten under {sizes[sizes.Length * 9 / 10].Lines}");
        foreach (var (name, lines) in sizes.Where(f => f.Lines > 300))
            output.WriteLine($"{lines} {name}");
        Assert.All(sizes, file => Assert.True(file.Lines <= 500, $"{file.Name} has {file.Lines} lines"));
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/Migrations/", StringComparison.Ordinal));

    [GeneratedRegex(@"^using IdP\.Server\.([A-Za-z.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"using (Microsoft\.AspNetCore|Microsoft\.EntityFrameworkCore|System\.Net\.Http|IdP\.Server)")]
    private static partial Regex Foreign();
}
