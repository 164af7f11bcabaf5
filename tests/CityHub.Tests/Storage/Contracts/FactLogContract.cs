using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Tests.Storage.Contracts;

/// <summary>What every fact log keeps, whatever it is made of.</summary>
public abstract class FactLogContract
{
    static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    protected abstract IStoreUnderTest Open();

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static NewFact Said(string text) => new("Said", Encoding.UTF8.GetBytes(text));

    static Append Say(string stream, params string[] texts) => new(stream, [.. texts.Select(Said)], Noon);

    static string Text(Fact fact) => Encoding.UTF8.GetString(fact.Payload.Span);

    static async Task<Problem> Refused(ValueTask<Result<Appended>> append)
    {
        Result<Appended> answer = await append;
        Assert.False(answer.Ok);
        return answer.Problem;
    }

    [Fact]
    public void Empty_at_first()
    {
        using IStoreUnderTest store = Open();
        Assert.Equal(0, store.Log.Head);
        Assert.Equal(0, store.Log.VersionOf("entities"));
        Assert.Empty(store.Log.Read(0));
        Assert.Empty(store.Log.Read(0, "entities"));
    }

    [Fact]
    public async Task Positions_and_versions_begin_at_one_and_have_no_gaps()
    {
        using IStoreUnderTest store = Open();
        Appended first = (await store.Log.AppendAsync(Say("a", "1", "2"), Cancel)).Value;
        Appended second = (await store.Log.AppendAsync(Say("b", "3"), Cancel)).Value;
        Appended third = (await store.Log.AppendAsync(Say("a", "4"), Cancel)).Value;

        Assert.Equal((2, 2), (first.Position, first.Version));
        Assert.Equal((3, 1), (second.Position, second.Version));
        Assert.Equal((4, 3), (third.Position, third.Version));
        Assert.Equal(4, store.Log.Head);
        Assert.Equal((3, 1), (store.Log.VersionOf("a"), store.Log.VersionOf("b")));
        Assert.Equal(
            [(1, "a", 1, "1"), (2, "a", 2, "2"), (3, "b", 1, "3"), (4, "a", 3, "4")],
            store.Log.Read(0).Select(f => ((int)f.Position, f.Stream, (int)f.Version, Text(f))));
    }

    [Fact]
    public async Task A_fact_comes_back_as_it_went_in_also_after_a_restart()
    {
        using IStoreUnderTest store = Open();
        byte[] large = new byte[3_000_000];
        new Random(7).NextBytes(large);
        NewFact[] facts = [new("EntityCreated", "{\"市\":\"枢州\"}"u8.ToArray()), new("实体已创建", ReadOnlyMemory<byte>.Empty), new("Large", large)];
        var at = new DateTimeOffset(2026, 3, 1, 20, 0, 0, 123, TimeSpan.FromHours(8)).AddTicks(4567);
        _ = (await store.Log.AppendAsync(new Append("entities@枢州", facts, at), Cancel)).Value;

        for (int round = 0; round < 2; round++)
        {
            Fact[] read = [.. store.Log.Read(0)];
            Assert.Equal(facts.Select(f => f.Type), read.Select(f => f.Type));
            Assert.All(read, f => Assert.Equal(("entities@枢州", at.UtcTicks, TimeSpan.Zero), (f.Stream, f.At.UtcTicks, f.At.Offset)));
            Assert.All(read.Zip(facts), pair => Assert.True(pair.First.Payload.Span.SequenceEqual(pair.Second.Payload.Span)));
            Assert.Equal((3, 3), (store.Log.Head, store.Log.VersionOf("entities@枢州")));
            store.Reopen();
        }
    }

    [Fact]
    public async Task Each_fact_has_a_salt_of_its_own_that_stays()
    {
        using IStoreUnderTest store = Open();
        _ = (await store.Log.AppendAsync(Say("s", "a", "a"), Cancel)).Value;
        _ = (await store.Log.AppendAsync(Say("s", "a"), Cancel)).Value;
        string[] salts = [.. store.Log.Read(0).Select(f => Convert.ToHexString(f.Salt.Span))];
        Assert.Equal(3, salts.Distinct().Count());
        Assert.All(salts, s => Assert.Equal(2 * Fact.SaltBytes, s.Length));
        store.Reopen();
        Assert.Equal(salts, store.Log.Read(0).Select(f => Convert.ToHexString(f.Salt.Span)));
    }

    [Fact]
    public async Task Refused_when_the_stream_has_moved_on()
    {
        using IStoreUnderTest store = Open();
        _ = (await store.Log.AppendAsync(Say("a", "1") with { ExpectedVersion = 0 }, Cancel)).Value;
        Problem twice = await Refused(store.Log.AppendAsync(Say("a", "again") with { ExpectedVersion = 0 }, Cancel));
        Problem ahead = await Refused(store.Log.AppendAsync(Say("a", "ahead", "and more") with { ExpectedVersion = 2 }, Cancel));
        Problem unknown = await Refused(store.Log.AppendAsync(Say("b", "b") with { ExpectedVersion = 1 }, Cancel));
        _ = (await store.Log.AppendAsync(Say("a", "2") with { ExpectedVersion = 1 }, Cancel)).Value;

        Assert.All([twice, ahead, unknown], p => Assert.Equal(FactProblems.VersionConflict, p.Kind));
        Assert.Contains("version 1", twice.Detail, StringComparison.Ordinal);
        Assert.Equal(["1", "2"], store.Log.Read(0).Select(Text));
        Assert.Equal(0, store.Log.VersionOf("b"));
    }

    [Fact]
    public async Task Of_many_that_expect_the_same_version_exactly_one_gets_it()
    {
        using IStoreUnderTest store = Open();
        IFactLog log = store.Log;
        Result<Appended>[] answers = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(i => log.AppendAsync(Say("a", $"{i}") with { ExpectedVersion = 0 }, Cancel).AsTask()));

        Assert.Single(answers, a => a.Ok);
        Assert.Single(log.Read(0));
    }

    [Fact]
    public async Task Facts_lie_in_the_order_of_the_calls()
    {
        using IStoreUnderTest store = Open();
        var waiting = new List<Task<Result<Appended>>>();
        for (int i = 0; i < 3000; i++)
        {
            waiting.Add(store.Log.AppendAsync(Say($"stream {i % 7}", $"{i}"), Cancel).AsTask());
        }

        for (int i = 0; i < waiting.Count; i++)
        {
            Assert.Equal(i + 1, (await waiting[i]).Value.Position);
        }

        Assert.Equal(Enumerable.Range(0, 3000).Select(i => $"{i}"), store.Log.Read(0).Select(Text));
    }

    [Fact]
    public async Task Time_never_goes_back_along_the_log()
    {
        using IStoreUnderTest store = Open();
        DateTimeOffset[] said = [Noon, Noon.AddMinutes(-5), Noon.AddMinutes(1), Noon];
        foreach (DateTimeOffset at in said)
        {
            _ = (await store.Log.AppendAsync(Say("a", "x") with { At = at }, Cancel)).Value;
        }

        store.Reopen();
        Appended late = (await store.Log.AppendAsync(Say("a", "x") with { At = Noon.AddDays(-1) }, Cancel)).Value;

        Assert.Equal(Noon.AddMinutes(1), late.At);
        Assert.Equal([Noon, Noon, Noon.AddMinutes(1), Noon.AddMinutes(1), Noon.AddMinutes(1)], store.Log.Read(0).Select(f => f.At));
    }

    [Fact]
    public async Task One_stream_can_be_read_alone_from_any_position()
    {
        using IStoreUnderTest store = Open();
        for (int i = 0; i < 3000; i++)
        {
            string stream = i % 1000 == 500 ? "rare" : i % 3 == 0 ? "third" : "most";
            _ = store.Log.AppendAsync(Say(stream, $"{i}"), Cancel).AsTask();
        }

        _ = (await store.Log.AppendAsync(Say("rare", "last"), Cancel)).Value;
        Fact[] all = [.. store.Log.Read(0)];
        foreach (string stream in (string[])["rare", "third", "most", "none"])
        {
            foreach (int after in (int[])[0, 1, 255, 256, 501, 2500, 3000, 3001, 9999])
            {
                Assert.Equal(
                    all.Where(f => f.Stream == stream && f.Position > after).Select(f => f.Position),
                    store.Log.Read(after, stream).Select(f => f.Position));
            }
        }
    }

    [Fact]
    public async Task Reading_ends_at_the_head_as_it_was_at_the_call()
    {
        using IStoreUnderTest store = Open();
        _ = (await store.Log.AppendAsync(Say("a", "1", "2"), Cancel)).Value;
        IEnumerable<Fact> before = store.Log.Read(0);
        IEnumerable<Fact> ofStream = store.Log.Read(0, "a");
        _ = (await store.Log.AppendAsync(Say("a", "3"), Cancel)).Value;

        Assert.Equal(["1", "2"], before.Select(Text));
        Assert.Equal(["1", "2"], ofStream.Select(Text));
        Assert.Equal(["2", "3"], store.Log.Read(1).Select(Text));
    }

    [Fact]
    public async Task Many_callers_at_once_each_get_their_own_place()
    {
        using IStoreUnderTest store = Open();
        IFactLog log = store.Log;
        Appended[][] answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(
            async () =>
            {
                var mine = new List<Appended>();
                for (int i = 0; i < 100; i++)
                {
                    mine.Add((await log.AppendAsync(Say($"caller {caller}", $"{caller}:{i}"), Cancel)).Value);
                }

                return mine.ToArray();
            },
            Cancel)));

        Fact[] all = [.. log.Read(0)];
        Assert.Equal(Enumerable.Range(1, 1600).Select(i => (long)i), all.Select(f => f.Position));
        for (int caller = 0; caller < 16; caller++)
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.Equal(i + 1, answers[caller][i].Version);
                Assert.Equal($"{caller}:{i}", Text(all[answers[caller][i].Position - 1]));
            }
        }
    }

    [Fact]
    public async Task An_append_of_this_epoch_is_taken_and_one_of_another_refused()
    {
        using IStoreUnderTest store = Open();
        _ = (await store.Log.AppendAsync(Say("a", "1") with { Epoch = store.Log.Epoch }, Cancel)).Value;
        Problem passed = await Refused(store.Log.AppendAsync(Say("a", "2") with { Epoch = store.Log.Epoch + 1 }, Cancel));

        Assert.Equal(FactProblems.EpochPassed, passed.Kind);
        Assert.Equal(1, store.Log.Head);
    }

    [Fact]
    public async Task Whoever_waits_is_woken_by_the_next_fact()
    {
        using IStoreUnderTest store = Open();
        Task waits = store.Log.WaitAsync(0, Cancel).AsTask();
        Assert.False(waits.IsCompleted);
        _ = (await store.Log.AppendAsync(Say("a", "1"), Cancel)).Value;
        await waits;
        Assert.True(store.Log.WaitAsync(0, Cancel).AsTask().IsCompletedSuccessfully);

        using var impatient = new CancellationTokenSource();
        Task later = store.Log.WaitAsync(1, impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => later);
    }

    [Fact]
    public async Task Cancelled_before_the_call_nothing_is_appended()
    {
        using IStoreUnderTest store = Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Log.AppendAsync(Say("a", "1"), new CancellationToken(true)).AsTask());
        _ = (await store.Log.AppendAsync(Say("a", "2"), Cancel)).Value;
        Assert.Equal(["2"], store.Log.Read(0).Select(Text));
    }

    [Fact]
    public async Task Observers_see_each_append_durable_whole_and_in_order_before_it_is_answered()
    {
        using IStoreUnderTest store = Open();
        var observer = new Recorder(store.Log);
        _ = (await store.Log.AppendAsync(Say("before", "unseen"), Cancel)).Value;
        store.Log.Observe(observer);
        IFactLog log = store.Log;
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(
            async () =>
            {
                Append append = Say("a", $"{i}", $"{i}+") with { State = i, ExpectedVersion = i % 10 == 9 ? 7_777 : Append.AnyVersion };
                Result<Appended> answer = await log.AppendAsync(append, Cancel);
                Assert.Equal(i % 10 != 9, answer.Ok);
                if (answer.Ok)
                {
                    Assert.Contains((answer.Value.Position, i), observer.Last);
                }
            },
            Cancel)));

        Assert.Equal(180, observer.Last.Count);
        Assert.Equal(log.Read(1).Select(f => (f.Position, Text(f))), observer.Seen);
        Assert.Equal(0, observer.SeenBeforeDurable);
        Assert.InRange(observer.Groups, 1, 180);
        Assert.True(observer.LastCallWasGroup);
    }

    [Fact]
    public async Task An_append_without_facts_or_names_is_a_mistake_of_the_caller()
    {
        using IStoreUnderTest store = Open();
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await store.Log.AppendAsync(Say("a"), Cancel));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await store.Log.AppendAsync(Say("", "x"), Cancel));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await store.Log.AppendAsync(Say("half a \ud83c pair", "x"), Cancel));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await store.Log.AppendAsync(new Append("a", [new NewFact("", default)], Noon), Cancel));
        _ = (await store.Log.AppendAsync(Say("a whole \U0001F3D9 pair", "x"), Cancel)).Value;
        Assert.Equal(1, store.Log.Head);
    }

    [Fact]
    public async Task A_door_finds_room_when_nothing_waits()
    {
        using IStoreUnderTest store = Open();
        await store.Log.RoomAsync(Cancel);
    }

    sealed class Recorder(IFactLog log) : IFactObserver
    {
        public List<(long, string)> Seen { get; } = [];

        /// <summary>Last position and state of each append.</summary>
        public System.Collections.Concurrent.ConcurrentQueue<(long, int)> Last { get; } = [];

        public int SeenBeforeDurable { get; private set; }

        public int Groups { get; private set; }

        public bool LastCallWasGroup { get; private set; }

        public void Observed(ReadOnlySpan<Fact> facts, object? state)
        {
            foreach (Fact fact in facts)
            {
                Seen.Add((fact.Position, Text(fact)));
                SeenBeforeDurable += fact.Position > log.Head ? 1 : 0;
            }

            Last.Enqueue((facts[^1].Position, state is int i ? i : -1));
            LastCallWasGroup = false;
        }

        public void GroupObserved()
        {
            Groups++;
            LastCallWasGroup = true;
        }
    }
}
