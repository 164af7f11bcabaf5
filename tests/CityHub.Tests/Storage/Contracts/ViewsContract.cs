using System.Text;
using CityHub.Core.Facts;
using CsCheck;

namespace CityHub.Tests.Storage.Contracts;

/// <summary>What every store of views keeps.</summary>
public abstract class ViewsContract
{
    protected abstract IStoreUnderTest Open();

    /// <summary>The log must have the facts that a view has read.</summary>
    static async Task Fill(IStoreUnderTest store, int count)
    {
        NewFact[] facts = [.. Enumerable.Repeat(new NewFact("Said", ReadOnlyMemory<byte>.Empty), count)];
        _ = (await store.Log.AppendAsync(new Append("a", facts, DateTimeOffset.UnixEpoch), TestContext.Current.CancellationToken)).Value;
    }

    static KeyValuePair<string, ReadOnlyMemory<byte>?> Put(string key, string value) => new(key, Encoding.UTF8.GetBytes(value));

    static KeyValuePair<string, ReadOnlyMemory<byte>?> Drop(string key) => new(key, null);

    static string? Text(ReadOnlyMemory<byte>? value) => value is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null;

    static string[] Keys(IView view, string from = "", string? prefix = null) => [.. view.Scan(from, prefix).Select(e => e.Key)];

    [Fact]
    public async Task Effect_and_position_are_there_together_also_after_a_restart()
    {
        using IStoreUnderTest store = Open();
        await Fill(store, 9);
        IView view = store.Views.Open("devices");
        Assert.Equal(0, view.Position);
        view.Commit(5, [Put("a", "1"), Put("b", "2"), Put("empty", "")]);
        view.Commit(9, [Put("a", "3"), Drop("b"), Drop("never there")]);

        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(9, view.Position);
            Assert.Equal(("3", null, ""), (Text(view.Get("a")), Text(view.Get("b")), Text(view.Get("empty"))));
            Assert.Equal(["a", "empty"], Keys(view));
            store.Reopen();
            view = store.Views.Open("devices");
        }
    }

    [Fact]
    public async Task Views_do_not_see_each_other()
    {
        using IStoreUnderTest store = Open();
        await Fill(store, 2);
        IView one = store.Views.Open("one"), two = store.Views.Open("two");
        one.Commit(1, [Put("k", "one")]);
        two.Commit(2, [Put("k", "two"), Put("l", "two")]);
        one.Reset();

        Assert.Equal((0, null), (one.Position, Text(one.Get("k"))));
        Assert.Empty(one.Scan());
        Assert.Equal((2, "two"), (two.Position, Text(two.Get("k"))));
    }

    [Fact]
    public async Task Scans_in_the_order_of_the_bytes_from_a_key_on_and_under_a_prefix()
    {
        using IStoreUnderTest store = Open();
        await Fill(store, 1);
        IView view = store.Views.Open("v");
        string[] keys = ["", "a", "a/1", "a/10", "a/2", "a0", "b", "Z", "市", "\uff5e", "\U0001F3D9", "urn:x:1"];
        view.Commit(1, [.. keys.Select(k => Put(k, k))]);

        string[] ordered = [.. keys.OrderBy(k => Convert.ToHexString(Encoding.UTF8.GetBytes(k)), StringComparer.Ordinal)];
        Assert.Equal(ordered, Keys(view));
        Assert.Equal(["a/1", "a/10", "a/2"], Keys(view, prefix: "a/"));
        Assert.Equal(["a/10", "a/2"], Keys(view, "a/10", "a/"));
        Assert.Equal(["a/1", "a/10", "a/2"], Keys(view, "Z", "a/"));
        Assert.Empty(Keys(view, "b", "a/"));
        Assert.Equal(["\U0001F3D9"], Keys(view, "\uff5e\uff5e"));
    }

    [Fact]
    public async Task A_long_scan_gives_every_key_once()
    {
        using IStoreUnderTest store = Open();
        await Fill(store, 1);
        IView view = store.Views.Open("v");
        string[] keys = [.. Enumerable.Range(0, 1024).Select(i => $"k{i:D5}")];
        view.Commit(1, [.. keys.Select(k => Put(k, k))]);
        Assert.Equal(keys, Keys(view));
        Assert.Equal(keys[100..200], Keys(view, prefix: "k001"));
        Assert.All(view.Scan(), e => Assert.Equal(e.Key, Text(e.Value)));
    }

    [Fact]
    public async Task A_position_never_goes_back()
    {
        using IStoreUnderTest store = Open();
        await Fill(store, 2);
        IView view = store.Views.Open("v");
        view.Commit(2, [Put("a", "1")]);
        Assert.Throws<ArgumentOutOfRangeException>(() => view.Commit(1, [Put("a", "2")]));
        view.Commit(2, [Put("b", "same position, more effect")]);
        Assert.Equal((2, "1"), (view.Position, Text(view.Get("a"))));
    }

    [Fact]
    public async Task A_key_that_is_no_text_is_a_mistake_of_the_caller_and_changes_nothing()
    {
        using IStoreUnderTest store = Open();
        await Fill(store, 1);
        IView view = store.Views.Open("v");
        Assert.ThrowsAny<ArgumentException>(() => view.Commit(1, [Put("good", "1"), Put("half a \ud83c pair", "2")]));
        Assert.Equal(0, view.Position);
        Assert.Empty(view.Scan());
        view.Commit(1, [Put("good", "1")]);
        Assert.Equal(["good"], Keys(view));
    }

    [Fact]
    public void A_view_has_one_opener()
    {
        using IStoreUnderTest store = Open();
        _ = store.Views.Open("v");
        Assert.Throws<InvalidOperationException>(() => store.Views.Open("v"));
    }

    [Fact]
    public void Any_changes_end_as_in_a_dictionary() => Gen.Select(Gen.Int[0, 30], Gen.Int[0, 5]).Array[0, 12].Array[1, 10].Sample(
        commits =>
        {
            using IStoreUnderTest store = Open();
            Fill(store, commits.Length).GetAwaiter().GetResult();
            IView view = store.Views.Open("v");
            var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
            for (int n = 0; n < commits.Length; n++)
            {
                view.Commit(n + 1, [.. commits[n].Select(c => c.Item2 == 0 ? Drop($"k{c.Item1}") : Put($"k{c.Item1}", $"{n}:{c.Item2}"))]);
                foreach ((int key, int value) in commits[n])
                {
                    if (value == 0)
                    {
                        model.Remove($"k{key}");
                    }
                    else
                    {
                        model[$"k{key}"] = $"{n}:{value}";
                    }
                }
            }

            store.Reopen();
            view = store.Views.Open("v");
            Assert.Equal(commits.Length, view.Position);
            Assert.Equal(model.Select(e => (e.Key, e.Value)), view.Scan().Select(e => (e.Key, Text(e.Value) ?? "")));
            Assert.Equal(model.GetValueOrDefault("k7"), Text(view.Get("k7")));
        },
        iter: 30,
        threads: 1);
}
