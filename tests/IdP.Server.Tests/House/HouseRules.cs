using System.Text.RegularExpressions;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.House;

/// <summary>
/// The arrows of the house: who may know whom. Read from the source, pages included, so that a wrong using - or a name written out in full - fails here before
/// it becomes a habit.
/// </summary>
public sealed partial class HouseRules
{
    private static readonly string Root = SourceTree.Root;

    // A room, and the rooms that it must not know. Hosting is not among them: it is the floor that all stand on (settings, languages, the page around a page),
    // and stands on Storage itself; decision 008 says why that circle is let be. Its one file that puts the house together knows every room.
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
        // Whoever is changed by a tool is told as by anybody: the one thing of Recovery that a verb needs.
        ["Cli"] = ["SignIn", "Settings", "Connect", "Demo"],
        // An app like any other: it comes in by the front door.
        ["Demo"] = ["DeviceTrust", "StepUp", "SignIn", "Settings", "Recovery", "Connect", "Cli"],
        ["Outbound"] = [
            "Storage", "Audit", "Accounts", "Mail", "DeviceTrust", "StepUp", "Factors", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo"],
        ["Hosting"] = ["DeviceTrust", "StepUp", "Factors", "SignIn", "Settings", "Recovery", "Connect", "Cli", "Demo"],
    };

    private const string Assembly = "src/IdP.Server/Hosting/IdpHost.cs";

    public static TheoryData<string> Rooms => [.. Forbidden.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_knows_only_the_rooms_below(string room)
    {
        var wrong =
            from file in Sources($"src/IdP.Server/{room}").Concat(Pages($"src/IdP.Server/{room}"))
            let name = Path.GetRelativePath(Root, file)
            where name != Assembly
            from used in Named(file)
            from forbidden in Forbidden[room]
            where used == forbidden || used.StartsWith(forbidden + ".", StringComparison.Ordinal)
            select $"{name} uses {used}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void What_every_page_imports_is_what_every_page_may_know() =>
        Assert.All(Named(Path.Combine(Root, "src/IdP.Server/_ViewImports.cshtml")), used => Assert.Equal("Hosting", used));

    /// <summary>The rules above are worth as much as the eye that reads the source.</summary>
    [Theory]
    [InlineData("using IdP.Server.SignIn;", "SignIn")]
    [InlineData("@inject IdP.Server.Mail.Outbox Outbox", "Mail.Outbox")]
    [InlineData("@using IdP.Server.Storage.Clients", "Storage.Clients")]
    [InlineData("    private readonly Hosting.IdpOptions options;", "Hosting.IdpOptions")]
    [InlineData("        throw new Storage.Clients.FaultsException(faults);", "Storage.Clients")]
    [InlineData("    /// <see cref=\"IdP.Server.Cli.Shell\"/>", null)]
    [InlineData("        var some = proofs.Factors.Where(f => f.Good) ?? Factors.Count;", null)]
    public void A_name_is_seen_however_it_is_written(string line, string? seen) => Assert.Equal(seen is null ? [] : [seen], NamedIn(line));

    /// <summary>Decision 008: the circle of Storage and Hosting is the settings, which are data.</summary>
    [Fact]
    public void Storage_knows_the_settings_and_nothing_else_of_what_stands_on_it()
    {
        Assert.Empty(Named(Path.Combine(Root, "src/IdP.Server/Hosting/IdpOptions.cs")));
        var hosting = Directory.EnumerateFiles(Path.Combine(Root, "src/IdP.Server/Hosting"), "*.cs").Select(Path.GetFileNameWithoutExtension)
            .Where(name => name is not ("IdpOptions" or "IdpConfiguration")).ToArray();
        var wrong =
            from file in Sources("src/IdP.Server/Storage")
            from Match word in Word().Matches(string.Join('\n', File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))))
            where hosting.Contains(word.Value)
            select $"{Path.GetRelativePath(Root, file)} uses {word.Value}";
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

    /// <summary>What somebody else named is reached by the guarded client alone. The demo's own app talks to this very server.</summary>
    [Fact]
    public void Only_one_room_makes_requests_to_foreign_addresses()
    {
        var wrong =
            from file in Sources("src").Concat(Pages("src/IdP.Server"))
            let name = Path.GetRelativePath(Root, file)
            where !name.StartsWith("src/IdP.Server/Outbound/", StringComparison.Ordinal) && name != "src/IdP.Server/Demo/DemoIssuer.cs"
                && HttpClients().IsMatch(File.ReadAllText(file))
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

    private static IEnumerable<string> Pages(string folder) => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cshtml", SearchOption.AllDirectories);

    /// <summary>The rooms, and things in rooms, that a file names: "SignIn", "Mail.Outbox".</summary>
    private static IEnumerable<string> Named(string file) => File.ReadLines(file).SelectMany(NamedIn).Distinct();

    private static IEnumerable<string> NamedIn(string line)
    {
        if (line.TrimStart().StartsWith("//", StringComparison.Ordinal))
            return [];
        var full = InFull().Matches(line).Select(match => match.Groups[1].Value);
        // From within IdP.Server a room needs no prefix. A property may be called as a room is; what follows it is then no file or folder of the room.
        var relative = Relative().Matches(line).Select(match => (Room: match.Groups[1].Value, Thing: match.Groups[2].Value)).Where(name => IsIn(name.Room, name.Thing)).Select(name => $"{name.Room}.{name.Thing}");
        return full.Concat(relative);
    }

    private static bool IsIn(string room, string thing)
    {
        var folder = Path.Combine(Root, "src/IdP.Server", room);
        return Directory.Exists(folder) && (Directory.Exists(Path.Combine(folder, thing)) || Directory.EnumerateFiles(folder, thing + ".cs", SearchOption.AllDirectories).Any());
    }

    [GeneratedRegex(@"(?<!namespace )IdP\.Server\.([A-Z]\w*(?:\.[A-Z]\w*)*)")]
    private static partial Regex InFull();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<![\w.""])([A-Z]\w*)\.([A-Z]\w*)")]
    private static partial Regex Relative();

    [GeneratedRegex(@"\b(HttpClient|HttpMessageInvoker|SocketsHttpHandler|HttpClientHandler|IHttpClientFactory|HttpWebRequest|WebClient|TcpClient)\b")]
    private static partial Regex HttpClients();

    [GeneratedRegex(@"using (Microsoft\.AspNetCore|Microsoft\.EntityFrameworkCore|System\.Net\.Http|IdP\.Server)")]
    private static partial Regex Foreign();
}
