using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded;
using CsCheck;

namespace CityHub.Tests.Storage.Embedded;

public sealed class DamageTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static async Task Say(EmbeddedStore store, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            byte[] payload = Encoding.UTF8.GetBytes($"fact number {i} ".PadRight(200, (char)('a' + i % 26)));
            _ = (await store.Log.AppendAsync(new Append($"s{i % 2}", [new NewFact("Said", payload)], DateTimeOffset.UnixEpoch), Cancel)).Value;
        }
    }

    /// <summary>A folder as a crash leaves it: facts in the database and, after the last checkpoint, in the write-ahead log.</summary>
    static async Task<TestFolder> Crashed(int inDatabase, int inLog)
    {
        using var folder = new TestFolder();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            await Say(store, 1, inDatabase);
        }

        // The log of the second life is only as long as it was written, so that a test can tear its end.
        using EmbeddedStore second = EmbeddedUnderTest.Open(folder.Path, EmbeddedUnderTest.Small with { WalBytes = 4 << 20 });
        await Say(second, inDatabase + 1, inLog);
        return folder.Copy();
    }

    static void Flip(string file, long at)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = at;
        int old = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(old ^ 0x40));
    }

    static long Find(string file, string text) => File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));

    /// <summary>End of the last frame that belongs to the running round of the log.</summary>
    static int WalEnd(byte[] wal)
    {
        int end = 32;
        while (end + 4120 <= wal.Length && wal.AsSpan(end + 8, 8).SequenceEqual(wal.AsSpan(16, 8)))
        {
            end += 4120;
        }

        return end;
    }

    [Fact]
    public async Task A_torn_end_is_repaired_to_a_whole_number_of_appends()
    {
        using TestFolder crashed = await Crashed(inDatabase: 20, inLog: 30);
        byte[] wal = File.ReadAllBytes(crashed.File("facts.db-wal"));
        int end = WalEnd(wal);
        Assert.True(end > 30 * 4120);
        long atTheEnd = -1;
        Gen.Int[0, end].Sample(
            cut =>
            {
                using TestFolder torn = crashed.Copy();
                File.WriteAllBytes(torn.File("facts.db-wal"), wal[..cut]);
                using EmbeddedStore store = EmbeddedUnderTest.Open(torn.Path);
                long count = store.Verify(Cancel).Value;
                Assert.InRange(count, 20, 50);
                Assert.Equal(count, store.Log.Head);

                // What was durable before the cut is there: one append per transaction, at least two frames each.
                Assert.True(count >= 20 + Math.Max(0, (cut - 32) / 4120 / 5), $"{count} facts after a cut at {cut}");
                Assert.Equal(count + 1, store.Log.AppendAsync(new Append("s0", [new NewFact("Said", default)], default), Cancel).AsTask().GetAwaiter().GetResult().Value.Position);
            },
            iter: 25,
            threads: 1);
        using (EmbeddedStore whole = EmbeddedUnderTest.Open(crashed.Path))
        {
            atTheEnd = whole.Verify(Cancel).Value;
        }

        Assert.Equal(50, atTheEnd);
    }

    [Fact]
    public async Task A_last_transaction_that_reached_the_disk_in_pieces_is_dropped_as_one()
    {
        using TestFolder crashed = await Crashed(inDatabase: 5, inLog: 10);
        byte[] wal = File.ReadAllBytes(crashed.File("facts.db-wal"));
        int end = WalEnd(wal);
        // The machine lost power before the last fsync: of the last transaction its last frame is there and the one before is not.
        wal.AsSpan(end - 2 * 4120, 4120).Clear();
        File.WriteAllBytes(crashed.File("facts.db-wal"), wal);
        using EmbeddedStore store = EmbeddedUnderTest.Open(crashed.Path);
        Assert.Equal(14, store.Verify(Cancel).Value);
    }

    [Fact]
    public async Task Refused_when_damage_in_the_write_ahead_log_would_take_acknowledged_facts_along()
    {
        using TestFolder crashed = await Crashed(inDatabase: 5, inLog: 30);
        int end = WalEnd(File.ReadAllBytes(crashed.File("facts.db-wal")));
        Gen.Int[0, end - 20 * 4120].Sample(
            at =>
            {
                using TestFolder damaged = crashed.Copy();
                Flip(damaged.File("facts.db-wal"), at);
                byte[] before = File.ReadAllBytes(damaged.File("facts.db-wal")), database = File.ReadAllBytes(damaged.File("facts.db"));
                Problem refused = EmbeddedUnderTest.Refused(damaged.Path);
                Assert.Equal(FactProblems.StorageDamaged, refused.Kind);
                Assert.Contains("facts.db-wal", refused.Detail, StringComparison.Ordinal);
                Assert.True(before.AsSpan().SequenceEqual(File.ReadAllBytes(damaged.File("facts.db-wal"))), "the log was changed");
                Assert.True(database.AsSpan().SequenceEqual(File.ReadAllBytes(damaged.File("facts.db"))), "the database was changed");
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public async Task Refused_when_a_fact_at_the_end_was_changed()
    {
        using TestFolder crashed = await Crashed(inDatabase: 50, inLog: 1);
        Flip(crashed.File("facts.db"), Find(crashed.File("facts.db"), "fact number 20 ") + 3);
        Problem refused = EmbeddedUnderTest.Refused(crashed.Path);
        Assert.Equal(FactProblems.StorageDamaged, refused.Kind);
        Assert.Contains("Fact 20 ", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fact_in_the_middle_that_was_changed_is_found_when_it_is_read()
    {
        using TestFolder crashed = await Crashed(inDatabase: 400, inLog: 1);
        Flip(crashed.File("facts.db"), Find(crashed.File("facts.db"), "fact number 77 ") + 3);
        using EmbeddedStore store = EmbeddedUnderTest.Open(crashed.Path, EmbeddedUnderTest.Small with { TailFacts = 100 });
        StorageException found = Assert.Throws<StorageException>(() => store.Log.Read(0).Count());
        Assert.Equal(FactProblems.StorageDamaged, found.Problem.Kind);
        Assert.Contains("Fact 77 ", found.Problem.Detail, StringComparison.Ordinal);
        Assert.Contains("Fact 77 ", Assert.Throws<StorageException>(() => store.Log.Read(0, "s1").Count()).Problem.Detail, StringComparison.Ordinal);
        Assert.Contains("Fact 77 ", store.Verify(Cancel).Problem?.Detail, StringComparison.Ordinal);
        Assert.Equal(324, store.Log.Read(77).Count()); // the rest can be read
    }

    [Theory]
    [InlineData("DELETE FROM facts WHERE position = 30", 30)]
    [InlineData("DELETE FROM facts WHERE position >= 50", 49)]
    [InlineData("UPDATE facts SET version = version + 1, row_check = row_check WHERE position = 12", 12)]
    [InlineData("UPDATE facts SET salt = zeroblob(32) WHERE position = 20", 20)]
    [InlineData("UPDATE facts SET position = 99 WHERE position = 60", 99)]
    [InlineData("DELETE FROM facts WHERE position = 1", 1)]
    [InlineData("DELETE FROM types", 60)]
    [InlineData("UPDATE streams SET version = 3 WHERE name = 's0'", 60)]
    public async Task Refused_when_someone_edited_the_log(string edit, long position)
    {
        using var folder = new TestFolder();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            await Say(store, 1, 60);
        }

        using (CityHub.Storage.Embedded.Sqlite.SqliteDb editor = CityHub.Storage.Embedded.Sqlite.SqliteDb.Open(folder.File("facts.db")))
        {
            editor.Execute(edit);
        }

        Problem refused = EmbeddedUnderTest.Refused(folder.Path);
        Assert.Equal(FactProblems.StorageDamaged, refused.Kind);
        Assert.Contains($"Fact {position} ", refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("facts.db")]
    [InlineData("views.db")]
    public async Task Refused_when_a_file_is_something_else(string name)
    {
        using TestFolder crashed = await Crashed(inDatabase: 5, inLog: 5);
        File.WriteAllText(crashed.File(name), string.Concat(Enumerable.Repeat("this is a letter, not a database. ", 500)));
        Problem refused = EmbeddedUnderTest.Refused(crashed.Path);
        Assert.Equal(FactProblems.StorageDamaged, refused.Kind);
        Assert.Contains(name, refused.Detail, StringComparison.Ordinal);
        Assert.StartsWith("this is a letter", File.ReadAllText(crashed.File(name)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(9000)]
    public async Task Refused_when_the_database_was_cut_short(int length)
    {
        using TestFolder crashed = await Crashed(inDatabase: 200, inLog: 5);
        byte[] wal = File.ReadAllBytes(crashed.File("facts.db-wal"));
        using (var file = new FileStream(crashed.File("facts.db"), FileMode.Open, FileAccess.Write))
        {
            file.SetLength(length);
        }

        Assert.Equal(FactProblems.StorageDamaged, EmbeddedUnderTest.Refused(crashed.Path).Kind);
        if (length == 0)
        {
            Assert.True(wal.AsSpan().SequenceEqual(File.ReadAllBytes(crashed.File("facts.db-wal"))), "the log was changed");
        }
    }

    [Fact]
    public async Task Refused_when_the_log_ends_before_a_view_or_a_snapshot_made_of_it()
    {
        using var folder = new TestFolder();
        using var old = new TestFolder();
        using (EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path))
        {
            await Say(store, 1, 10);
            store.Views.Open("devices").Commit(10, []);
            store.Snapshots.Write("entities", 9, stream => stream.WriteByte(1));
        }

        // Someone brought back an older facts.db alone.
        using (EmbeddedStore store = EmbeddedUnderTest.Open(old.Path))
        {
            await Say(store, 1, 8);
        }

        File.Copy(old.File("facts.db"), folder.File("facts.db"), overwrite: true);
        File.Copy(old.File("facts.db-wal"), folder.File("facts.db-wal"), overwrite: true);
        Problem view = EmbeddedUnderTest.Refused(folder.Path);
        foreach (string file in Directory.EnumerateFiles(folder.Path, "views.db*"))
        {
            File.Delete(file);
        }

        Problem snapshot = EmbeddedUnderTest.Refused(folder.Path);
        Assert.All([view, snapshot], p => Assert.Equal(FactProblems.StorageDamaged, p.Kind));
        Assert.Contains("devices", view.Detail, StringComparison.Ordinal);
        Assert.Contains("entities", snapshot.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_snapshot_is_passed_over_for_the_one_before()
    {
        using var folder = new TestFolder();
        using EmbeddedStore store = EmbeddedUnderTest.Open(folder.Path);
        await Say(store, 1, 10);
        byte[] body = new byte[1000];
        store.Snapshots.Write("v", 5, stream => stream.Write(body));
        store.Snapshots.Write("v", 9, stream => stream.Write(body));
        string newest = Directory.EnumerateFiles(folder.File("snapshots")).Order(StringComparer.Ordinal).Last();
        byte[] whole = File.ReadAllBytes(newest);
        Gen.Int[0, whole.Length - 1].Sample(
            at =>
            {
                File.WriteAllBytes(newest, whole);
                Flip(newest, at);
                Reads(5);
                File.WriteAllBytes(newest, whole[..at]);
                Reads(5);
            },
            iter: 60,
            threads: 1);
        File.WriteAllBytes(newest, whole);
        Reads(9);

        void Reads(long expected)
        {
            int calls = 0;
            Assert.Equal(expected, store.Snapshots.ReadLatest("v", _ => calls++));
            Assert.Equal(1, calls);
        }
    }

    [Fact]
    public void Refused_when_the_folder_is_a_file_or_written_by_a_newer_version()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("data"), "a file");
        Assert.Equal(FactProblems.StorageUnavailable, EmbeddedUnderTest.Refused(folder.File("data")).Kind);

        EmbeddedUnderTest.Open(folder.File("newer")).Dispose();
        using (CityHub.Storage.Embedded.Sqlite.SqliteDb editor = CityHub.Storage.Embedded.Sqlite.SqliteDb.Open(Path.Combine(folder.File("newer"), "facts.db")))
        {
            editor.Execute("PRAGMA user_version=99");
        }

        Problem newer = EmbeddedUnderTest.Refused(folder.File("newer"));
        Assert.Equal(FactProblems.StorageUnavailable, newer.Kind);
        Assert.Contains("newer", newer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_while_another_has_the_folder_and_free_when_it_has_let_go()
    {
        using var folder = new TestFolder();
        using (EmbeddedStore first = EmbeddedUnderTest.Open(folder.Path))
        {
            Problem locked = EmbeddedUnderTest.Refused(folder.Path);
            Assert.Equal(FactProblems.StorageLocked, locked.Kind);
            Assert.Contains(folder.Path, locked.Detail, StringComparison.Ordinal);
            Assert.Contains($"process {Environment.ProcessId} ", locked.Detail, StringComparison.Ordinal);
        }

        EmbeddedUnderTest.Open(folder.Path).Dispose();
    }
}
