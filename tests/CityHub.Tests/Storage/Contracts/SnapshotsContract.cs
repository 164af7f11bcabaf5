using System.Text;
using CityHub.Core.Facts;

namespace CityHub.Tests.Storage.Contracts;

/// <summary>What every store of snapshots keeps.</summary>
public abstract class SnapshotsContract
{
    protected abstract IStoreUnderTest Open();

    /// <summary>A store whose log has the facts that the snapshots stand for.</summary>
    protected async Task<IStoreUnderTest> OpenWithFacts(int count = 100)
    {
        IStoreUnderTest store = Open();
        NewFact[] facts = [.. Enumerable.Repeat(new NewFact("Said", ReadOnlyMemory<byte>.Empty), count)];
        _ = (await store.Log.AppendAsync(new Append("a", facts, DateTimeOffset.UnixEpoch), TestContext.Current.CancellationToken)).Value;
        return store;
    }

    protected static void Write(IStoreUnderTest store, string name, long position, string text) =>
        store.Snapshots.Write(name, position, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    protected static (long Position, string? Text) Read(IStoreUnderTest store, string name)
    {
        string? text = null;
        long position = store.Snapshots.ReadLatest(
            name,
            stream =>
            {
                using var reader = new StreamReader(stream, Encoding.UTF8);
                text = reader.ReadToEnd();
            });
        return (position, text);
    }

    [Fact]
    public async Task None_at_first()
    {
        using IStoreUnderTest store = await OpenWithFacts();
        Assert.Equal((0, null), Read(store, "entities"));
    }

    [Fact]
    public async Task The_newest_is_read_also_after_a_restart()
    {
        using IStoreUnderTest store = await OpenWithFacts();
        Write(store, "entities", 7, "seven");
        Write(store, "entities", 12, "twelve");
        Write(store, "entities", 90, "");
        Write(store, "entities", 100, "hundred");
        store.Reopen();
        Assert.Equal((100, "hundred"), Read(store, "entities"));
    }

    [Fact]
    public async Task Names_do_not_see_each_other()
    {
        using IStoreUnderTest store = await OpenWithFacts();
        string[] names = ["entities", "entities-old", "entities@枢州", "a/b", "..", "*", "entities-7"];
        foreach (string name in names)
        {
            Write(store, name, 10 + Array.IndexOf(names, name), name);
        }

        store.Reopen();
        foreach (string name in names)
        {
            Assert.Equal((10 + Array.IndexOf(names, name), name), Read(store, name));
        }
    }

    [Fact]
    public async Task The_same_position_can_be_written_again()
    {
        using IStoreUnderTest store = await OpenWithFacts();
        Write(store, "v", 5, "first");
        Write(store, "v", 5, "second");
        Assert.Equal((5, "second"), Read(store, "v"));
    }

    [Fact]
    public async Task A_writer_that_fails_leaves_the_one_before()
    {
        using IStoreUnderTest store = await OpenWithFacts();
        Write(store, "v", 5, "whole");
        Assert.Throws<InvalidOperationException>(() => store.Snapshots.Write(
            "v",
            6,
            stream =>
            {
                stream.Write("half"u8);
                throw new InvalidOperationException("out of luck");
            }));

        store.Reopen();
        Assert.Equal((5, "whole"), Read(store, "v"));
    }

    [Fact]
    public async Task A_large_one_comes_back_byte_for_byte()
    {
        using IStoreUnderTest store = await OpenWithFacts();
        byte[] large = new byte[5_000_000];
        new Random(3).NextBytes(large);
        store.Snapshots.Write(
            "v",
            9,
            stream =>
            {
                for (int i = 0; i < large.Length; i += 333_333)
                {
                    stream.Write(large, i, Math.Min(333_333, large.Length - i));
                }
            });
        byte[] back = [];
        Assert.Equal(9, store.Snapshots.ReadLatest(
            "v",
            stream =>
            {
                using var copy = new MemoryStream();
                stream.CopyTo(copy);
                back = copy.ToArray();
            }));
        Assert.True(large.AsSpan().SequenceEqual(back));
    }
}
