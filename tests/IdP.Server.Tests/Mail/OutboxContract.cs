using IdP.Server.Accounts;
using IdP.Server.Hosting;
using IdP.Server.Mail;
using IdP.Server.Storage;
using IdP.Server.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IdP.Server.Tests.Mail;

/// <summary>A mail that was written is sent, once, whatever happens; on both databases.</summary>
public sealed class OutboxContract(Servers servers)
{
    private static readonly MailTo Someone = new("u1", "someone@elsewhere.example", "en", TimeZoneInfo.Utc);

    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private readonly Postbox postbox = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Sixty_four_senders_send_it_once(string kind)
    {
        await using var node = await StartAsync(kind);
        var outbox = node.Get<Outbox>();
        for (var i = 0; i < 4; i++)
            await outbox.AddAsync(Draft(node), Cancel);
        await Race.RunAsync(64, async _ => await outbox.SendDueAsync(Cancel));
        Assert.Equal(4, postbox.Delivered.Count);
        Assert.Equal(4, postbox.Delivered.Select(mail => mail.MessageId).Distinct().Count());
        Assert.All(await outbox.NewestAsync(10, Cancel), mail => Assert.Equal((1, clock.GetUtcNow()), (mail.Attempts, mail.SentAt)));
    }

    [Fact]
    public async Task Two_nodes_send_it_once()
    {
        var database = await servers.Real.NewDatabaseAsync("postgres");
        await using var first = await StoreNode.StartAsync(database, servers.Real.Redis, clock, postbox);
        await using var second = await StoreNode.StartAsync(database, servers.Real.Redis, clock, postbox);
        var id = await first.Get<Outbox>().AddAsync(Draft(first) with { Awaited = true }, Cancel);
        clock.Advance(TimeSpan.FromSeconds(11));
        await Race.RunAsync(32, async n => await (n % 2 == 0 ? first : second).Get<Outbox>().SendDueAsync(Cancel) + (int)await (n % 2 == 0 ? second : first).Get<Outbox>().SendNowAsync(id, TimeSpan.FromSeconds(2), Cancel));
        Assert.Single(postbox.Delivered);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task What_is_rolled_back_was_never_written(string kind)
    {
        await using var node = await StartAsync(kind);
        await Assert.ThrowsAsync<InvalidOperationException>(() => node.Get<Database>().TransactAsync<bool>(async lane =>
        {
            await node.Get<Outbox>().AddAsync(lane, Draft(node), Cancel);
            throw new InvalidOperationException("the change failed");
        }, Cancel));
        Assert.Equal(0, await node.Get<Outbox>().SendDueAsync(Cancel));
        Assert.Empty(await node.Get<Outbox>().NewestAsync(1, Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Trouble_that_may_pass_is_tried_again_after_growing_pauses_even_by_another_process(string kind)
    {
        var database = await servers.Real.NewDatabaseAsync(kind);
        postbox.Instead = (_, _) => Task.FromResult<Delivery>(new Delivery.Later("451 come back"));
        await using (var node = await StoreNode.StartAsync(database, clock: clock, mail: postbox))
        {
            var outbox = node.Get<Outbox>();
            await outbox.AddAsync(Draft(node), Cancel);
            for (var attempt = 1; attempt <= 4; attempt++)
            {
                Assert.Equal(1, await outbox.SendDueAsync(Cancel));
                Assert.Equal(0, await outbox.SendDueAsync(Cancel));
                clock.Advance(TimeSpan.FromSeconds(15 * Math.Pow(2, attempt - 1) - 1));
                Assert.Equal(0, await outbox.SendDueAsync(Cancel));
                clock.Advance(TimeSpan.FromSeconds(1));
            }

            Assert.Equal(("451 come back", 4), await outbox.NewestAsync(1, Cancel) is [var waiting] ? (waiting.LastError, waiting.Attempts) : default);
        }

        postbox.Instead = null;
        await using var later = await StoreNode.StartAsync(database, clock: clock, mail: postbox);
        Assert.Equal(1, await later.Get<Outbox>().SendDueAsync(Cancel));
        Assert.Single(postbox.Delivered);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_sender_that_died_is_followed_by_another_after_its_lease_under_the_same_message_id(string kind)
    {
        await using var node = await StartAsync(kind);
        var outbox = node.Get<Outbox>();
        await outbox.AddAsync(Draft(node), Cancel);
        string? first = null;
        postbox.Instead = (mail, _) =>
        {
            first = mail.MessageId;
            throw new OperationCanceledException("died after sending");
        };
        await outbox.SendDueAsync(Cancel);
        postbox.Instead = null;
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, await outbox.SendDueAsync(Cancel));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await outbox.SendDueAsync(Cancel));
        Assert.Equal(first, Assert.Single(postbox.Delivered).MessageId);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Nothing_is_sent_that_is_worth_nothing_any_more(string kind)
    {
        await using var node = await StartAsync(kind);
        var outbox = node.Get<Outbox>();
        await outbox.AddAsync(Draft(node) with { Life = TimeSpan.FromMinutes(5) }, Cancel);
        var withdrawn = await outbox.AddAsync(Draft(node), Cancel);
        await outbox.WithdrawAsync(withdrawn, Cancel);
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, await outbox.SendDueAsync(Cancel));
        Assert.Equal(0, await outbox.SendDueAsync(Cancel));
        Assert.Empty(postbox.Delivered);
        Assert.Equal(["withdrawn", "expired"], (await outbox.NewestAsync(2, Cancel)).Select(mail => mail.LastError));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_refusal_is_final_and_so_are_two_days_of_trouble(string kind)
    {
        await using var node = await StartAsync(kind);
        var outbox = node.Get<Outbox>();
        postbox.Instead = (_, _) => Task.FromResult<Delivery>(new Delivery.Refused("550 nobody here"));
        await outbox.AddAsync(Draft(node), Cancel);
        Assert.Equal(1, await outbox.SendDueAsync(Cancel));
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, await outbox.SendDueAsync(Cancel));

        var attempts = 0;
        postbox.Instead = (_, _) => Task.FromResult<Delivery>(new Delivery.Later($"{++attempts}"));
        await outbox.AddAsync(Draft(node), Cancel);
        for (var hour = 0; hour < 24 * 4; hour++)
        {
            await outbox.SendDueAsync(Cancel);
            clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.InRange(attempts, 10, 16);
        Assert.NotNull((await outbox.NewestAsync(1, Cancel))[0].FailedAt);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Whoever_waits_is_answered_in_time_and_a_slow_mail_is_still_sent_once(string kind)
    {
        await using var node = await StartAsync(kind);
        var outbox = node.Get<Outbox>();
        TaskCompletionSource reached = new(), gate = new();
        postbox.Instead = async (mail, _) =>
        {
            reached.TrySetResult();
            await gate.Task;
            postbox.Delivered.Enqueue(mail);
            return new Delivery.Sent();
        };
        var slow = await outbox.AddAsync(Draft(node) with { Awaited = true }, Cancel);
        var waiting = outbox.SendNowAsync(slow, TimeSpan.FromSeconds(2), Cancel);
        await reached.Task;
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(MailOutcome.Slow, await waiting);
        clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(0, await outbox.SendDueAsync(Cancel));
        gate.SetResult();
        for (var look = 0; look < 100 && (await outbox.NewestAsync(1, Cancel))[0].SentAt is null; look++)
            await Task.Delay(20, Cancel);
        Assert.Single(postbox.Delivered);

        postbox.Instead = (_, _) => Task.FromResult<Delivery>(new Delivery.Refused("550"));
        Assert.Equal(MailOutcome.Refused, await outbox.SendNowAsync(await outbox.AddAsync(Draft(node), Cancel), TimeSpan.FromSeconds(2), Cancel));
        postbox.Instead = (_, _) => Task.FromResult<Delivery>(new Delivery.Later("450"));
        Assert.Equal(MailOutcome.Delayed, await outbox.SendNowAsync(await outbox.AddAsync(Draft(node), Cancel), TimeSpan.FromSeconds(2), Cancel));
        postbox.Instead = null;
        Assert.Equal(MailOutcome.Sent, await outbox.SendNowAsync(await outbox.AddAsync(Draft(node), Cancel), TimeSpan.FromSeconds(2), Cancel));
        postbox.Available = false;
        Assert.Equal(MailOutcome.Delayed, await outbox.SendNowAsync(await outbox.AddAsync(Draft(node), Cancel), TimeSpan.FromSeconds(2), Cancel));
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task A_mail_whose_sender_never_came_is_sent_by_another(string kind)
    {
        await using var node = await StartAsync(kind);
        await node.Get<Outbox>().AddAsync(Draft(node) with { Awaited = true }, Cancel);
        Assert.Equal(0, await node.Get<Outbox>().SendDueAsync(Cancel));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, await node.Get<Outbox>().SendDueAsync(Cancel));
        Assert.Single(postbox.Delivered);
    }

    [Theory, InlineData("sqlite"), InlineData("postgres")]
    public async Task Words_are_sealed_for_their_recipient_and_dropped_after_an_hour_and_the_row_after_a_week(string kind)
    {
        await using var node = await StartAsync(kind);
        var (outbox, database) = (node.Get<Outbox>(), node.Get<Database>());
        await outbox.AddAsync(node.Get<Mails>().Code(Someone, "271828", TimeSpan.FromMinutes(5), Circumstances.Unknown), Cancel);
        await outbox.AddAsync(Draft(node), Cancel);
        var raw = await database.ListAsync("select sealed from outbox", row => System.Text.Encoding.Latin1.GetString(row.Bytes(0)), Cancel);
        Assert.All(raw, kept => Assert.DoesNotContain("271828", kept, StringComparison.Ordinal));
        await database.ExecuteAsync("update outbox set recipient = 'thief@elsewhere.example' where kind = 'test'", Cancel);
        clock.Advance(TimeSpan.FromSeconds(10));
        await outbox.SendDueAsync(Cancel);
        Assert.Contains("271828", Assert.Single(postbox.Delivered).Text, StringComparison.Ordinal);

        using var housekeeping = new Housekeeping(database, new(), clock, NullLogger<Housekeeping>.Instance);
        await housekeeping.TidyAsync(Cancel);
        Assert.Equal(2, await WithWordsAsync(database));
        clock.Advance(TimeSpan.FromHours(1.1));
        await housekeeping.TidyAsync(Cancel);
        Assert.Equal(0, await WithWordsAsync(database));
        clock.Advance(TimeSpan.FromDays(7));
        await housekeeping.TidyAsync(Cancel);
        Assert.Empty(await outbox.NewestAsync(5, Cancel));
    }

    [Theory]
    [InlineData("someone@elsewhere.example\r\nBcc: all@elsewhere.example")]
    [InlineData("someone@elsewhere.example, other@elsewhere.example")]
    [InlineData("Name <someone@elsewhere.example>")]
    [InlineData("someone")]
    [InlineData("")]
    public async Task What_is_no_address_is_never_written(string address)
    {
        await using var node = await StartAsync("sqlite");
        await Assert.ThrowsAsync<ArgumentException>(() => node.Get<Outbox>().AddAsync(Draft(node) with { To = Someone with { Address = address } }, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => node.Get<Outbox>().AddAsync(Draft(node) with { Subject = "Hello\r\nBcc: all@elsewhere.example" }, Cancel));
        Assert.Empty(await node.Get<Outbox>().NewestAsync(1, Cancel));
    }

    private static MailDraft Draft(StoreNode node) => node.Get<Mails>().Test(Someone);

    private static Task<int> WithWordsAsync(Database database) => database.FirstAsync("select count(*) from outbox where sealed is not null", row => (int)row.GetInt64(0), Cancel);

    private async Task<StoreNode> StartAsync(string kind) => await StoreNode.StartAsync(await servers.Real.NewDatabaseAsync(kind), clock: clock, mail: postbox);
}
