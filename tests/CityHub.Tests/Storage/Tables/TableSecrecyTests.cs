using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Tests.Storage.Tables;

public sealed class TableSecrecyTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static object?[][] Persons(int from, int count, string? note = null) => TableUnderTest.Persons(from, count, note);

    [Fact]
    public async Task While_its_owner_has_not_unlocked_it_nothing_is_read_written_or_searched_but_counted()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 5000));
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 10, "x"));
        Assert.NotNull(test.Find("P000001"));
        IRows running = test.Table.Scan(new[] { 0 }).Value;
        Assert.NotNull(await running.NextAsync(Cancel));
        for (int round = 0; round < 2; round++)
        {
            test.Keys.Lock(TableUnderTest.Owner);
            Assert.Equal((true, 5000, 2), (test.Table.Locked, test.Table.Rows, test.Table.Version));
            Problem? refused = test.Table.Scan(new[] { 0 }).Problem;
            Assert.Equal(TableProblems.Locked, refused?.Kind);
            Assert.Contains(TableUnderTest.Owner, refused?.Hint ?? "", StringComparison.Ordinal);
            Assert.Equal(TableProblems.Locked, test.Table.Find("P000001"u8, new[] { 0 }).Problem?.Kind);
            Assert.Equal(TableProblems.Locked, (await test.Table.PrepareAsync(new PlainRows(TableUnderTest.People, Persons(0, 1)), WriteMode.Append, Cancel)).Problem?.Kind);
            Assert.Null(test.Store.CheckTable("people", test.Facts));
            if (round == 0)
            {
                StorageException stopped = await Assert.ThrowsAsync<StorageException>(async () => await running.NextAsync(Cancel));
                Assert.Equal(TableProblems.Locked, stopped.Problem.Kind);
                await running.DisposeAsync();
                test.Reopen();
            }
        }

        test.Keys.Unlock(TableUnderTest.Owner, TableUnderTest.Key);
        Assert.False(test.Table.Locked);
        Assert.Equal("x", test.Find("P000001")?[1]);
        Assert.Equal(5000, (await test.ReadAsync()).Count);
    }

    [Theory]
    [InlineData(3000)]
    [InlineData(5000)]
    public async Task A_delivery_stops_when_its_owner_locks_on_the_way(int row)
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 10));
        var rows = new PlainRows(TableUnderTest.People, Persons(0, 5000)) { Before = at => { if (at == row) { test.Keys.Lock(TableUnderTest.Owner); } } };
        Assert.Equal(TableProblems.Locked, (await test.Table.PrepareAsync(rows, WriteMode.Upsert, Cancel)).Problem?.Kind);
        Assert.Single(test.Segments);
    }

    [Fact]
    public async Task Another_key_opens_nothing()
    {
        using var test = new TableUnderTest(isSealed: true);
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 50));
        byte[] wrong = [.. TableUnderTest.Key];
        wrong[31] ^= 1;
        for (int round = 0; round < 2; round++)
        {
            test.Keys.Unlock(TableUnderTest.Owner, wrong);
            Assert.True(test.Table.Locked);
            Assert.Equal(TableProblems.Locked, test.Refused?.Kind);
            Assert.Contains("not the one", test.Refused?.Detail ?? "", StringComparison.Ordinal);
            test.Keys.Unlock("another department", TableUnderTest.Key);
            Assert.Equal(TableProblems.Locked, test.Refused?.Kind);
            test.Reopen();
        }

        test.Keys.Unlock(TableUnderTest.Owner, TableUnderTest.Key);
        Assert.Null(test.Refused);
    }

    [Fact]
    public async Task No_planted_value_is_anywhere_on_the_disk()
    {
        var found = new HashSet<string>();
        TableUnderTest? test = null;
        object?[][] planted = [.. Enumerable.Range(0, 1000).Select(i =>
        {
            object?[] row = TableUnderTest.Person(i, $"陈佳-{i * 7919:x8}-planted");
            row[0] = string.Create(CultureInfo.InvariantCulture, $"50010119{i:D6}7X");
            row[3] = 0x5EC2_0000_1111_0000L + i;
            row[2] = BitConverter.Int64BitsToDouble(0x4045_1234_5678_0000L + i);
            return row;
        })];
        byte[][] needles =
        [
            .. planted.Select(r => Encoding.UTF8.GetBytes((string)(r[0] ?? ""))), .. planted.Select(r => Encoding.UTF8.GetBytes((string)(r[1] ?? ""))),
            .. planted.Select(r => BitConverter.GetBytes((long)(r[3] ?? 0L))), .. planted.Select(r => BitConverter.GetBytes((double)(r[2] ?? 0.0))),
        ];
        int looked = 0;
        void Look()
        {
            foreach (string path in Directory.EnumerateFiles(test?.Folder.Path ?? "", "*", SearchOption.AllDirectories))
            {
                if (path.EndsWith("hub.lock", StringComparison.Ordinal))
                {
                    continue; // held, and empty
                }

                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                byte[] bytes = new byte[file.Length];
                file.ReadExactly(bytes);
                looked++;
                for (int n = 0; n < needles.Length; n++)
                {
                    if (bytes.AsSpan().IndexOf(needles[n]) >= 0)
                    {
                        found.Add($"{n} in {path}");
                    }
                }
            }
        }

        bool armed = false;
        using (test = new TableUnderTest(isSealed: true, groupRows: 256, fault: at =>
        {
            if (armed && at is FaultPoint.TableBeforeDirectory or FaultPoint.TableBeforeAnswer)
            {
                Look();
            }
        }))
        {
            armed = true;
            TableDraft draft = await test.PrepareAsync(WriteMode.Upsert, planted);
            await test.Store.Log.AppendAsync(new Core.Facts.Append("datasets", [new Core.Facts.NewFact("DatasetDelivered", draft.Manifest.ToArray())], DateTimeOffset.UnixEpoch), Cancel);
            test.Publish(draft);
            await test.DeliverAsync(WriteMode.Upsert, planted[..600]);
            Assert.NotNull(test.Find((string)(planted[3][0] ?? "")));
            await test.CompactAsync();
            armed = false;
            Look();
            test.Reopen();
            Assert.Equal(1000, (await test.ReadAsync()).Count);
            Look();
        }

        Assert.Empty(found);
        Assert.True(looked > 10);

        // The search finds what is there: the same rows in an open table.
        using (test = new TableUnderTest(isSealed: false))
        {
            await test.DeliverAsync(WriteMode.Upsert, planted);
            Look();
        }

        Assert.True(found.Count >= 3000, $"{found.Count}");
    }

    [Fact]
    public void Keys_of_departments_open_only_their_own()
    {
        using var keys = new DepartmentKeys();
        byte[] data = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        Assert.Null(keys.Wrap("a", data));
        keys.Unlock("a", TableUnderTest.Key);
        keys.Unlock("b", TableUnderTest.Key);
        byte[] wrapped = Assert.IsType<byte[]>(keys.Wrap("a", data)), again = Assert.IsType<byte[]>(keys.Wrap("a", data));
        Assert.NotEqual(wrapped, again);
        Assert.Equal(data, keys.Unwrap("a", wrapped));
        Assert.Null(keys.Unwrap("b", wrapped)); // the same key, another department
        for (int i = 0; i < wrapped.Length; i++)
        {
            wrapped[i] ^= 0x40;
            Assert.Null(keys.Unwrap("a", wrapped));
            wrapped[i] ^= 0x40;
        }

        Assert.Null(keys.Unwrap("a", wrapped.AsSpan(0, 10)));
        keys.Lock("a");
        Assert.Null(keys.Unwrap("a", wrapped));
        Assert.True(keys.Unlocked("b"));
        Assert.Throws<ArgumentOutOfRangeException>(() => keys.Unlock("a", new byte[16]));
    }

    [Fact]
    public async Task Keys_are_safe_for_threads()
    {
        using var keys = new DepartmentKeys();
        byte[] data = new byte[32];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                string department = $"d{i % 3}";
                if (t == 0)
                {
                    keys.Lock(department);
                    keys.Unlock(department, TableUnderTest.Key);
                }
                else if (keys.Wrap(department, data) is { } wrapped && keys.Unwrap(department, wrapped) is { } back)
                {
                    Assert.Equal(data, back);
                }
            }
        }, Cancel)));
    }

    [Fact]
    public async Task Two_read_and_look_up_while_one_writes()
    {
        using var test = new TableUnderTest(isSealed: true, groupRows: 256);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 1000, "0"));
        using var done = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                List<object?[]> rows = await test.ReadAsync(0, 0, 1);
                Assert.Equal(1000, rows.Count);
                Assert.Single(rows.Select(r => r[1]).Distinct());
                Assert.NotNull(test.Find("P000500"));
            }
        }, Cancel))];
        for (int i = 1; i < 30; i++)
        {
            await test.DeliverAsync(i % 2 == 0 ? WriteMode.Replace : WriteMode.Upsert, Persons(0, 1000, $"{i}"));
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Single(test.Segments);
    }
}
