using System.Globalization;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded;

namespace CityHub.Tests.Storage.Embedded;

/// <summary>
/// A failure at every step of every commit sequence. Two kinds: the machine stops there (what is on disk at that moment is copied and
/// opened), and the step throws (the log must stop and answer nobody wrongly).
/// </summary>
public sealed class FaultTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static Append One(int id, int filler = 100) => new(
        $"s{id % 3}", [new NewFact("Said", Encoding.UTF8.GetBytes(id.ToString(CultureInfo.InvariantCulture).PadRight(filler)))], DateTimeOffset.UnixEpoch.AddSeconds(id));

    static int IdOf(Fact fact) => int.Parse(Encoding.UTF8.GetString(fact.Payload.Span), CultureInfo.InvariantCulture);

    public static TheoryData<string> Points(string sequence) => [.. Enum.GetNames<FaultPoint>().Where(n => n.StartsWith(sequence, StringComparison.Ordinal))];

    /// <summary>Opens the folder as the next start would and proves: all acknowledged, none doubled, no gaps, checks hold.</summary>
    static int Sound(string folder, IReadOnlyCollection<int> acknowledged)
    {
        using EmbeddedStore store = EmbeddedUnderTest.Open(folder);
        Fact[] facts = [.. store.Log.Read(0)];
        int[] ids = [.. facts.Select(IdOf)];
        Assert.Equal(facts.Length, store.Verify(Cancel).Value);
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.Empty(acknowledged.Except(ids));
        foreach (IGrouping<string, Fact> stream in facts.GroupBy(f => f.Stream))
        {
            Assert.Equal(stream.Count(), store.Log.VersionOf(stream.Key));
        }

        // And it goes on from there.
        Appended next = store.Log.AppendAsync(One(1_000_000), Cancel).AsTask().GetAwaiter().GetResult().Value;
        Assert.Equal(facts.Length + 1, next.Position);
        return facts.Length;
    }

    [Theory]
    [MemberData(nameof(Points), "Append")]
    [MemberData(nameof(Points), "Checkpoint")]
    public async Task After_a_crash_at_any_step_of_an_append_every_acknowledged_fact_is_there_once(string name)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        using var folder = new TestFolder();
        var acknowledged = new HashSet<int>();
        var crashes = new List<(TestFolder Copy, int[] Acknowledged)>();
        int seen = 0;
        EmbeddedOptions options = EmbeddedUnderTest.Small with
        {
            WalBytes = 128 << 10,
            Fault = at =>
            {
                if (at == point && ++seen % 7 == 1 && crashes.Count < 6)
                {
                    int[] known;
                    lock (acknowledged)
                    {
                        known = [.. acknowledged];
                    }

                    crashes.Add((folder.Copy(), known));
                }
            },
        };
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path, options))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(
                async () =>
                {
                    for (int i = 0; i < 60; i++)
                    {
                        int id = caller * 1000 + i;
                        _ = (await store.Log.AppendAsync(One(id, 800), Cancel)).Value;
                        lock (acknowledged)
                        {
                            acknowledged.Add(id);
                        }
                    }
                },
                Cancel)));
        }

        Assert.NotEmpty(crashes);
        foreach ((TestFolder copy, int[] known) in crashes)
        {
            using (copy)
            {
                Sound(copy.Path, known);
            }
        }

        Assert.Equal(480, Sound(folder.Path, acknowledged));
    }

    [Theory]
    [MemberData(nameof(Points), "Append")]
    public async Task When_a_step_of_an_append_breaks_the_log_stops_and_nobody_gets_a_wrong_answer(string name)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        using var folder = new TestFolder();
        var acknowledged = new HashSet<int>();
        int refused = 0, doubted = 0, groups = 0, stops = 0;
        EmbeddedOptions options = EmbeddedUnderTest.Small with
        {
            Stop = _ => stops++,
            Fault = at =>
            {
                if (at == point && ++groups == 5)
                {
                    throw new InvalidDataException("the step broke");
                }
            },
        };
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path, options))
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(
                async () =>
                {
                    for (int i = 0; i < 40; i++)
                    {
                        int id = caller * 1000 + i;
                        try
                        {
                            Result<Appended> answer = await store.Log.AppendAsync(One(id), Cancel);
                            if (answer.Ok)
                            {
                                lock (acknowledged)
                                {
                                    acknowledged.Add(id);
                                }
                            }
                            else
                            {
                                Assert.Equal(FactProblems.StorageUnavailable, answer.Problem.Kind);
                                Interlocked.Increment(ref refused);
                            }
                        }
                        catch (IOException)
                        {
                            Interlocked.Increment(ref doubted);
                        }
                    }
                },
                Cancel)));
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.Log.WaitAsync(store.Log.Head, Cancel));
            Assert.Equal(1, stops);
            Assert.Equal(1, store.Log.Epoch);
            await store.Log.RoomAsync(Cancel);
        }

        Assert.True(refused > 0);
        Assert.InRange(Sound(folder.Path, acknowledged), acknowledged.Count, acknowledged.Count + doubted);
    }

    [Fact]
    public async Task When_the_disk_fails_at_the_fsync_the_hub_stops_and_the_append_is_in_doubt()
    {
        using var folder = new TestFolder();
        const int failedFsync = 10 | (4 << 8);
        Exception? stopped = null;
        EmbeddedOptions options = EmbeddedUnderTest.Small with
        {
            Stop = cause => stopped = cause,
            Fault = at => _ = at == FaultPoint.AppendBeforeCommit ? throw new CityHub.Storage.Embedded.Sqlite.SqliteException(failedFsync, "disk I/O error") : 0,
        };
        using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path, options);
        await Assert.ThrowsAsync<IOException>(async () => await store.Log.AppendAsync(One(1), Cancel));
        Assert.IsType<CityHub.Storage.Embedded.Sqlite.SqliteException>(stopped);
        Assert.Equal(FactProblems.StorageUnavailable, (await store.Log.AppendAsync(One(2), Cancel)).Problem?.Kind);
        Assert.Empty(store.Log.Read(0));
    }

    [Theory]
    [MemberData(nameof(Points), "Open")]
    public void A_start_that_breaks_at_any_step_leaves_the_next_one_everything(string name)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        using var folder = new TestFolder();
        EmbeddedOptions broken = EmbeddedUnderTest.Small with { Fault = at => _ = at == point ? throw new InvalidDataException("the start broke") : 0 };
        Assert.Throws<InvalidDataException>(() => EmbeddedUnderTest.Open(folder.Path, broken)); // a new folder
        Assert.Equal(0, Sound(folder.Path, []));
        if (point != FaultPoint.OpenBeforeSchema)
        {
            Assert.Throws<InvalidDataException>(() => EmbeddedUnderTest.Open(folder.Path, broken)); // one with facts
        }

        using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path);
        Assert.Equal(1, store.Verify(Cancel).Value);
    }

    [Theory]
    [MemberData(nameof(Points), "View")]
    public async Task A_view_that_breaks_at_any_step_has_effect_and_position_together(string name)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        using var folder = new TestFolder();
        bool armed = false;
        TestFolder? crash = null;
        EmbeddedOptions options = EmbeddedUnderTest.Small with
        {
            Fault = at =>
            {
                if (armed && at == point)
                {
                    crash = folder.Copy();
                    throw new InvalidDataException("the step broke");
                }
            },
        };
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path, options))
        {
            for (int i = 0; i < 2; i++)
            {
                _ = (await store.Log.AppendAsync(One(i), Cancel)).Value;
            }

            IView view = store.Views.Open("v");
            view.Commit(1, [new("k", "one"u8.ToArray())]);
            armed = true;
            Assert.Throws<InvalidDataException>(() => view.Commit(2, [new("k", "two"u8.ToArray()), new("l", "two"u8.ToArray())]));
            armed = false;
            Together(view);
            Assert.Equal(point == FaultPoint.ViewAfterCommit ? 2 : 1, view.Position);
        }

        Assert.NotNull(crash);
        using (crash)
        {
            foreach (string path in (string[])[crash.Path, folder.Path])
            {
                using EmbeddedStore store = EmbeddedUnderTest.Open(path);
                IView view = store.Views.Open("v");
                Together(view);
                view.Commit(2, [new("k", "two"u8.ToArray()), new("l", "two"u8.ToArray())]);
                Together(view);
            }
        }

        static void Together(IView view)
        {
            string[] entries = [.. view.Scan().Select(e => $"{e.Key}={Encoding.UTF8.GetString(e.Value.Span)}")];
            Assert.Equal(view.Position == 1 ? ["k=one"] : ["k=two", "l=two"], entries);
        }
    }

    [Theory]
    [MemberData(nameof(Points), "Snapshot")]
    public async Task A_snapshot_that_breaks_at_any_step_leaves_a_whole_one(string name)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        using var folder = new TestFolder();
        bool armed = false;
        TestFolder? crash = null;
        EmbeddedOptions options = EmbeddedUnderTest.Small with
        {
            Fault = at =>
            {
                if (armed && at == point)
                {
                    crash = folder.Copy();
                    throw new InvalidDataException("the step broke");
                }
            },
        };
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path, options))
        {
            for (int i = 0; i < 4; i++)
            {
                _ = (await store.Log.AppendAsync(One(i), Cancel)).Value;
            }

            for (int i = 1; i <= 3; i++)
            {
                store.Snapshots.Write("v", i, stream => stream.WriteByte((byte)i));
            }

            armed = true;
            Assert.Throws<InvalidDataException>(() => store.Snapshots.Write("v", 4, stream => stream.WriteByte(4)));
            armed = false;
        }

        Assert.NotNull(crash);
        using (crash)
        {
            foreach (string path in (string[])[crash.Path, folder.Path])
            {
                using EmbeddedStore store = EmbeddedUnderTest.Open(path);
                int read = 0;
                long position = store.Snapshots.ReadLatest("v", stream => read = stream.ReadByte());
                Assert.Equal(position, read);
                Assert.Equal(point is FaultPoint.SnapshotBeforeFolderSync or FaultPoint.SnapshotBeforeTidy ? 4 : 3, position);
                Assert.Empty(Directory.EnumerateFiles(Path.Combine(path, "snapshots"), "*.unfinished"));
                store.Snapshots.Write("v", 4, stream => stream.WriteByte(4));
                Assert.Equal(2, Directory.EnumerateFiles(Path.Combine(path, "snapshots")).Count());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Points), "Kept")]
    public void What_is_kept_is_whole_whichever_step_breaks(string name)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        using var folder = new TestFolder();
        bool armed = false;
        TestFolder? crash = null;
        EmbeddedOptions options = EmbeddedUnderTest.Small with
        {
            Fault = at =>
            {
                if (armed && at == point)
                {
                    crash = folder.Copy();
                    throw new InvalidDataException("the step broke");
                }
            },
        };
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path, options))
        {
            Assert.True(store.Kept.Read("a/b").Value.IsEmpty);
            Assert.True(store.Kept.Keep("a/b", "one"u8.ToArray()).Ok);
            armed = true;
            Assert.Throws<InvalidDataException>(() => store.Kept.Keep("a/b", "two"u8.ToArray()));
            armed = false;
        }

        Assert.NotNull(crash);
        using (crash)
        {
            using EmbeddedStore store = EmbeddedUnderTest.Open(crash.Path);
            Assert.Equal(point == FaultPoint.KeptBeforeFolderSync ? "two" : "one", Encoding.UTF8.GetString(store.Kept.Read("a/b").Value.Span));
            string path = Assert.Single(Directory.EnumerateFiles(Path.Combine(crash.Path, "kept")));
            Assert.Equal(["a/b"], store.Kept.Names);
            File.AppendAllText(path, "!");
            Assert.Equal("storage-damaged", store.Kept.Read("a/b").Problem?.Code);
            store.Kept.Drop("a/b");
            Assert.True(store.Kept.Read("a/b").Value.IsEmpty);
        }
    }
}
