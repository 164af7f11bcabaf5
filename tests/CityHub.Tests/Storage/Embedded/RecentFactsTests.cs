using CityHub.Core.Facts;

namespace CityHub.Tests.Storage.Embedded;

/// <summary>What was appended a moment ago is read from memory, what is older from the file; nobody can tell.</summary>
public sealed class RecentFactsTests
{
    static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(20_000, 8)] // more facts than are kept
    [InlineData(40, 400_000)] // more bytes
    [InlineData(12, 5_000_000)]
    [InlineData(700, 3)] // all of them, in more than one page
    public async Task What_memory_says_is_what_the_file_says(int count, int size)
    {
        using var store = new EmbeddedUnderTest(EmbeddedUnderTest.Small with { WalBytes = 4 << 20 });
        var waiting = new List<Task>();
        for (int i = 0; i < count; i++)
        {
            byte[] payload = new byte[size];
            payload.AsSpan().Fill((byte)i);
            waiting.Add(store.Log.AppendAsync(new Append($"s{i % 3}", [new NewFact($"T{i % 5}", payload)], Noon), TestContext.Current.CancellationToken).AsTask());
            if (i % 1000 == 999)
            {
                await Task.WhenAll(waiting);
            }
        }

        await Task.WhenAll(waiting);
        (long After, string? Stream)[] questions = [.. from after in new long[] { 0, 1, count / 2, count - 10, count - 1, count } from stream in new[] { null, "s0", "s2", "none" } select (Math.Max(0, after), stream)];
        string[] live = [.. questions.Select(q => Told(store.Log.Read(q.After, q.Stream)))];
        store.Reopen(); // nothing is in memory now
        for (int i = 0; i < questions.Length; i++)
        {
            Assert.True(live[i] == Told(store.Log.Read(questions[i].After, questions[i].Stream)), questions[i].ToString());
        }
    }

    [Fact]
    public async Task A_reader_that_began_long_ago_goes_on_where_it_was()
    {
        using var store = new EmbeddedUnderTest();
        await Append(store, 1000);
        using IEnumerator<Fact> reader = store.Log.Read(0).GetEnumerator();
        Assert.True(reader.MoveNext());
        await Append(store, 18_000); // what it wants next has left the memory
        long last = 1;
        while (reader.MoveNext())
        {
            Assert.Equal(last + 1, reader.Current.Position);
            last = reader.Current.Position;
        }

        Assert.Equal(1000, last);
    }

    /// <summary>Memory is written over by what comes after; what a reader was given is not.</summary>
    [Fact]
    public async Task What_was_read_stays_what_it_was()
    {
        using var store = new EmbeddedUnderTest();
        await Append(store, 10, [.. Enumerable.Range(0, 300).Select(i => (byte)i)]);
        Fact[] read = [.. store.Log.Read(0)];
        string told = Told(read);
        for (int i = 0; i < 40; i++)
        {
            await Append(store, 10, new byte[100_000]);
        }

        Assert.Equal(told, Told(read));
        Assert.Equal(told, Told(store.Log.Read(0).Take(10)));
    }

    /// <summary>It begins in the file, goes on in memory, and is so slow that the memory has lost what it wants next.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("s")]
    public async Task A_slow_reader_that_falls_out_of_the_memory_finds_nothing_missing(string? stream)
    {
        using var store = new EmbeddedUnderTest();
        await Append(store, 1000);
        store.Reopen();
        await Append(store, 1000);
        using IEnumerator<Fact> reader = store.Log.Read(0, stream).GetEnumerator();
        for (int position = 1; position <= 2000; position++)
        {
            if (position == 1500)
            {
                await Append(store, 18_000);
            }

            Assert.True(reader.MoveNext());
            Assert.Equal((position, position), (reader.Current.Position, reader.Current.Version));
        }

        Assert.False(reader.MoveNext());
    }

    static async Task Append(EmbeddedUnderTest store, int count, byte[]? payload = null)
    {
        NewFact[] facts = [.. Enumerable.Range(0, count).Select(_ => new NewFact("T", payload ?? "{}"u8.ToArray()))];
        Assert.True((await store.Log.AppendAsync(new Append("s", facts, Noon), TestContext.Current.CancellationToken)).Ok);
    }

    /// <summary>All of a fact but its payload stands in the text, the payload as a hash.</summary>
    static string Told(IEnumerable<Fact> facts)
    {
        var told = new System.Text.StringBuilder();
        foreach (Fact fact in facts)
        {
            told.Append(fact.Position).Append(fact.Stream).Append(fact.Version).Append(fact.Type).Append(fact.At.UtcTicks)
                .Append(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(fact.Payload.Span))).Append(Convert.ToHexString(fact.Salt.Span)).Append('\n');
        }

        return told.ToString();
    }
}
