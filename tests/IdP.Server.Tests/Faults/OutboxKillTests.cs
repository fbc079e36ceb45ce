using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using IdP.Server.Tests.Support;

namespace IdP.Server.Tests.Faults;

/// <summary>
/// I-4, F-1: a change is answered, its mails lie in the outbox, and kill -9 lands while the mail server has taken some and confirmed none. Nothing is lost: what
/// nobody had begun with goes out once, and what was under way once more, after its lease and under its own Message-ID.
/// </summary>
public sealed class OutboxKillTests
{
    /// <summary>So many mails a node sends at once.</summary>
    private const int AtOnce = 4;
    private const int People = 6;
    /// <summary>The old address and the new one are told.</summary>
    private const int Mails = 2 * People;

    [Theory]
    [InlineData(StorePair.SqliteAndMemory)]
    [InlineData(StorePair.PostgresAndRedis)]
    public async Task Mails_in_the_outbox_are_sent_after_a_kill_and_none_of_them_as_another_one(StorePair pair)
    {
        var confirms = false;
        using var smtp = new ScriptedSmtp(said => said == "." && !confirms ? "" : ScriptedSmtp.Takes(said, "STARTTLS"), TestCertificates.Make());
        await using var idp = await TestIdp.StartAsync(pair, new TestIdpOptions { OwnProcess = true, Seed = new Seed(otpPeople: 0, plainPeople: People), Settings = smtp.Settings });

        var moved = idp.Seed.Plain.Select(person => new { userName = person.UserName, email = "moved-" + person.Email });
        var (code, output) = await idp.CliAsync("apply", await idp.WriteAsync("moved.json", JsonSerializer.Serialize(new { users = moved })));
        Assert.True(code == 0, output);
        await UntilAsync(() => smtp.Heard.Count(line => line == ".") == AtOnce);
        await idp.KillAsync();
        var underWay = Told(smtp.Heard).Keys.ToHashSet();
        Assert.Equal(AtOnce, underWay.Count);

        confirms = true;
        await idp.ReturnHereAsync();
        await UntilAsync(() => Told(smtp.Heard).Count == Mails);
        Assert.All(Told(smtp.Heard), mail => Assert.Equal(1, mail.Value));

        // The lease of whoever was killed: as long as an attempt may last, and half a minute.
        await idp.ForwardAsync(TimeSpan.FromMinutes(1));
        await UntilAsync(() => underWay.All(id => Told(smtp.Heard)[id] == 2));
        await idp.ForwardAsync(TimeSpan.FromHours(5));
        Assert.All(Told(smtp.Heard), mail => Assert.Equal(underWay.Contains(mail.Key) ? 2 : 1, mail.Value));
        Assert.Equal(Mails, smtp.Heard.Where(line => ScriptedSmtp.Word(line) == "RCPT").Distinct().Count());
    }

    /// <summary>By Message-ID, how often.</summary>
    private static Dictionary<string, int> Told(ConcurrentQueue<string> heard) => heard
        .Where(line => line.StartsWith("Message-Id:", StringComparison.OrdinalIgnoreCase)).GroupBy(line => line).ToDictionary(same => same.Key, same => same.Count());

    private static async Task UntilAsync(Func<bool> so)
    {
        for (var watch = Stopwatch.StartNew(); !so(); await Task.Delay(50))
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "the mails did not come");
    }
}
