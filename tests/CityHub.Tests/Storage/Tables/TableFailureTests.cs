using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Tests.Storage.Tables;

public sealed class TableFailureTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static object?[][] Persons(int from, int count, string? note = null) => TableUnderTest.Persons(from, count, note);

    public static MatrixTheoryData<string, bool> Points => new(Enum.GetNames<FaultPoint>().Where(n => n.StartsWith("Table", StringComparison.Ordinal)), [true, false]);

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_at_any_step_leaves_one_version_or_the_other(string name, bool goes)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        TableUnderTest? test = null;
        var left = new List<Embedded.TestFolder>();
        List<ReadOnlyMemory<byte>> before = [], after = [];
        bool armed = false;
        int reached = 0;
        using var subject = test = new TableUnderTest(isSealed: true, groupRows: 64, fault: at =>
        {
            if (at != point || !armed || test is not { } running)
            {
                return;
            }

            // Before the fact: the facts are those of before. From then on: both.
            reached++;
            armed = false;
            left.Add(running.Folder.Copy());
        });
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 300));
        string old = PlainRows.Say(await test.ReadAsync());
        before.AddRange(test.Facts);
        armed = point != FaultPoint.TableBeforeTidy;
        TableDraft draft = goes ? await test.PrepareAsync(_ => true, Persons(100, 50)) : await test.PrepareAsync(WriteMode.Replace, Persons(100, 300, "new"));
        test.Publish(draft);
        after.AddRange(test.Facts);
        string fresh = PlainRows.Say(await test.ReadAsync());
        armed = true;
        test.Reopen();
        Assert.Equal(1, reached);
        bool published = point is FaultPoint.TableBeforePublish or FaultPoint.TableBeforeDrop or FaultPoint.TableBeforeTidy;
        using Embedded.TestFolder crashed = Assert.Single(left);
        Assert.Equal(published ? fresh : old, await ReadAsync(crashed.Path, published ? after : before, test, published && goes ? 2 : 1));
        Assert.Equal(fresh, await test.ElsewhereAsync(after));
    }

    static async Task<string> ReadAsync(string folder, List<ReadOnlyMemory<byte>> facts, TableUnderTest test, int segments)
    {
        using EmbeddedStore store = EmbeddedStore.Open(folder, TimeProvider.System, new EmbeddedOptions { Tables = new TablesOptions { Keys = test.Keys } }).Value;
        ITable table = test.Opened(store, facts);
        string said = PlainRows.Say(await TableUnderTest.ReadAsync(table));
        Assert.Equal(segments, Directory.EnumerateFiles(System.IO.Path.Combine(folder, "tables", "people")).Count()); // what nobody names is gone
        Assert.Null(store.CheckTable("people", facts));
        return said;
    }

    [Theory]
    [InlineData(nameof(FaultPoint.TableBeforeWrite))]
    [InlineData(nameof(FaultPoint.TableBeforeDirectory))]
    [InlineData(nameof(FaultPoint.TableBeforeSync))]
    [InlineData(nameof(FaultPoint.TableBeforeFolderSync))]
    [InlineData(nameof(FaultPoint.TableBeforeAnswer))]
    public async Task A_full_disk_is_said_and_leaves_nothing_half(string name)
    {
        FaultPoint point = Enum.Parse<FaultPoint>(name);
        bool full = false;
        using var test = new TableUnderTest(isSealed: true, fault: at => _ = at == point && full ? throw new IOException("No space left on device", 28) : 0);
        await test.DeliverAsync(WriteMode.Replace, Persons(0, 10));
        full = true;
        Problem? refused = (await test.Table.PrepareAsync(new PlainRows(TableUnderTest.People, Persons(0, 3000)), WriteMode.Upsert, Cancel)).Problem;
        Assert.Equal(FactProblems.StorageFull, refused?.Kind);
        Assert.Single(test.Segments);
        full = false;
        await test.DeliverAsync(WriteMode.Upsert, Persons(5, 10));
        Assert.Equal(15, (await test.ReadAsync()).Count);
    }

    [Fact]
    public async Task A_source_that_fails_is_not_taken_for_our_disk()
    {
        using var test = new TableUnderTest(isSealed: true);
        var rows = new PlainRows(TableUnderTest.People, Persons(0, 5000)) { Before = at => _ = at > 3000 ? throw new IOException("the line broke", 28) : 0 };
        IOException failure = await Assert.ThrowsAsync<IOException>(async () => await test.Table.PrepareAsync(rows, WriteMode.Append, Cancel));
        Assert.Equal("the line broke", failure.Message);
        Assert.Empty(test.Segments);
        await test.DeliverAsync(WriteMode.Append, Persons(0, 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_byte_anywhere_is_found_and_never_read_as_a_value(bool isSealed)
    {
        using var test = new TableUnderTest(isSealed, groupRows: 64);
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 150));
        await test.DeliverAsync(WriteMode.Upsert, [.. Persons(100, 60, "later").Where((_, i) => i % 2 == 0)]); // no group without a living row: those are not read
        string sound = PlainRows.Say(await test.ReadAsync());
        test.Store.Dispose();
        var random = new Random(7);
        foreach (string path in test.Segments)
        {
            byte[] bytes = await File.ReadAllBytesAsync(path, Cancel);
            int[] places = [.. Enumerable.Range(0, Math.Min(220, bytes.Length)), .. Enumerable.Range(1, 300).Select(i => bytes.Length - i), .. Enumerable.Range(0, 150).Select(_ => random.Next(bytes.Length))];
            using EmbeddedStore store = EmbeddedStore.Open(test.Folder.Path, TimeProvider.System, new EmbeddedOptions { Tables = new TablesOptions { Keys = test.Keys } }).Value;
            foreach (int place in places.Distinct())
            {
                byte[] damaged = [.. bytes];
                damaged[place] ^= (byte)(1 << random.Next(8));
                await File.WriteAllBytesAsync(path, damaged, Cancel);
                var name = new TableSchema([.. TableUnderTest.People.Columns], 0, 1000 + place); // opened anew
                Result<ITable> opened = store.Tables.Open("people", name, isSealed ? TableUnderTest.Owner : null, test.Facts);
                Assert.Equal(FactProblems.StorageDamaged, store.CheckTable("people", test.Facts)?.Kind);
                Problem? found = await ReadOrRefuse(opened.Value, sound);
                Assert.True(found?.Kind == FactProblems.StorageDamaged || (isSealed && found?.Kind == TableProblems.Locked), $"byte {place} of {bytes.Length}: {found}");
                if (place > 200 || !isSealed)
                {
                    Assert.Contains(System.IO.Path.GetFileName(path), found?.Detail ?? "", StringComparison.Ordinal);
                }
            }

            await File.WriteAllBytesAsync(path, bytes[..^1], Cancel);
            Assert.Equal(FactProblems.StorageDamaged, store.Tables.Open("people", TableUnderTest.People with { Version = 5 }, isSealed ? TableUnderTest.Owner : null, test.Facts).Problem?.Kind);
            await File.WriteAllBytesAsync(path, bytes, Cancel);
            Assert.Null(await ReadOrRefuse(store.Tables.Open("people", TableUnderTest.People with { Version = 6 }, isSealed ? TableUnderTest.Owner : null, test.Facts).Value, sound));
        }

        File.Delete(test.Segments[0]);
        using EmbeddedStore last = EmbeddedStore.Open(test.Folder.Path, TimeProvider.System, new EmbeddedOptions { Tables = new TablesOptions { Keys = test.Keys } }).Value;
        Assert.Equal(FactProblems.StorageDamaged, last.Tables.Open("people", TableUnderTest.People, isSealed ? TableUnderTest.Owner : null, test.Facts).Problem?.Kind);
    }

    static async Task<Problem?> ReadOrRefuse(ITable table, string sound)
    {
        try
        {
            if (!table.Scan(Enumerable.Range(0, 7).ToArray()).TryGet(out IRows? rows, out Problem? refused))
            {
                return refused;
            }

            Assert.Equal(sound, PlainRows.Say(await PlainRows.ReadAsync(rows)));
            return null;
        }
        catch (StorageException refused)
        {
            return refused.Problem;
        }
    }

    [Fact]
    public async Task A_segment_in_the_place_of_another_is_found()
    {
        using var test = new TableUnderTest(isSealed: false);
        await test.DeliverAsync(WriteMode.Upsert, Persons(0, 100));
        await test.DeliverAsync(WriteMode.Upsert, Persons(100, 100));
        (string a, string b) = (test.Segments[0], test.Segments[1]);
        byte[] first = await File.ReadAllBytesAsync(a, Cancel), second = await File.ReadAllBytesAsync(b, Cancel);
        Assert.Equal(first.Length, second.Length, tolerance: 200);
        test.Store.Dispose();
        await File.WriteAllBytesAsync(b, first, Cancel);
        using EmbeddedStore store = EmbeddedStore.Open(test.Folder.Path, TimeProvider.System, new EmbeddedOptions()).Value;
        Result<ITable> opened = store.Tables.Open("people", TableUnderTest.People, null, test.Facts);
        Problem? found = opened.Ok ? await ReadOrRefuse(opened.Value, "") : opened.Problem;
        Assert.Equal(FactProblems.StorageDamaged, found?.Kind);
    }
}
