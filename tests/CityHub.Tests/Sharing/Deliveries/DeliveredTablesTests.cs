using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;
using CityHub.Tests.Sharing.Catalogue;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Deliveries;

/// <summary>Deliveries into real tables: what is left on the disk, and how much of it.</summary>
public sealed class DeliveredTablesTests : IAsyncDisposable
{
    private readonly DepartmentKeys _keys = new();
    private int _turn;
    private FaultPoint? _fault;
    private CancellationTokenSource? _cut;
    private CityUnderTest? _city;
    private DeliveryRoom? _room;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Points => [.. Enum.GetNames<FaultPoint>().Where(n => (n.StartsWith("Table", StringComparison.Ordinal) && n != nameof(FaultPoint.TableBeforeTidy) && n != nameof(FaultPoint.TableBeforeDrop)) || n.StartsWith("Remove", StringComparison.Ordinal))];

    public static TheoryData<string> Rewriting => [.. Enum.GetNames<FaultPoint>().Where(n => n.StartsWith("Table", StringComparison.Ordinal) && n != nameof(FaultPoint.TableBeforeTidy))];

    private CityUnderTest City => _city ?? throw new InvalidOperationException("Not started.");

    private DeliveryRoom Room => _room ?? throw new InvalidOperationException("Not started.");

    [Fact]
    public async Task A_table_that_others_took_the_place_of_is_gone_and_who_read_it_reads_on()
    {
        await StartHubAsync();
        await GiveAsync(WriteMode.Replace, "1|王芳", "2|b");
        var old = Room.TableOf("population") ?? throw new InvalidOperationException();
        await using (var reader = old.Scan(new[] { 0, 1 }).Value)
        {
            await City.PublishAsync(Entry("population") with { Fields = [.. Entry("population").Fields, Field("more")] });
            await GiveAsync(WriteMode.Replace, "1|x|y");
            Assert.Equal(["population.1"], Folders());
            Assert.Equal("王芳", (await reader.NextAsync(Cancel))?.Columns[1].Text(0));
        }

        Assert.Equal(0, HandlesOf("population/"));
        Assert.Equal(TableProblems.Superseded, old.Scan(new[] { 0 }).Problem?.Kind);
        Assert.Equal("population", Assert.Single(City.Store.Log.Read(0, DeliveryBook.StreamName), f => f.Type == nameof(TableRemoved)) is { } fact ? Said(fact.Payload, "table") : "");
        await RestartAsync();
        Assert.Equal(["1|x|y"], await ContentAsync());
        Assert.Equal(["population.1"], Folders());
    }

    [Fact]
    public async Task A_dataset_that_becomes_protected_is_rewritten_under_the_key_before_the_protection_is_in_force()
    {
        await StartHubAsync();
        await GiveAsync(WriteMode.Replace, "1|王芳", "2|b");
        await GiveAsync(WriteMode.Upsert, "2|c");
        Assert.True(OnDisk("王芳"));
        var entry = await City.PublishAsync(Entry("population") with { Protected = true });
        Assert.False(Room.ProtectionInForce(entry));
        Assert.Equal(TableProblems.Locked, Assert.Single(await Room.TidyAsync(Cancel)).Problem.Kind);
        Assert.False(Room.ProtectionInForce(entry));
        // Nothing is put beside rows that lie in clear.
        Assert.Equal(TableProblems.Locked, (await TryAsync(WriteMode.Upsert, "3|d")).Problem?.Kind);
        _keys.Unlock("police", TheKey);
        Assert.Empty(await Room.TidyAsync(Cancel));
        Assert.True(Room.ProtectionInForce(entry));
        Assert.False(OnDisk("王芳"));
        Assert.Single(Folders());
        Assert.Equal(["1|王芳", "2|c"], await ContentAsync());
        await GiveAsync(WriteMode.Upsert, "3|d");
        await RestartAsync();
        Assert.Equal(["1|王芳", "2|c", "3|d"], await ContentAsync());
        Assert.True(Room.ProtectionInForce(entry));
        _keys.Lock("police");
        Assert.True(Room.TableOf("population")?.Locked);
    }

    /// <summary>Wherever it stops, after the restart the rows are there, and after the next look they lie under the key and nowhere else.</summary>
    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_crash_while_rows_get_their_key_leaves_none_of_them_behind(string point)
    {
        await StartHubAsync();
        _keys.Unlock("police", TheKey);
        await GiveAsync(WriteMode.Replace, "1|王芳", "2|b");
        var entry = await City.PublishAsync(Entry("population") with { Protected = true });
        await CrashAsync(Enum.Parse<FaultPoint>(point));
        Assert.Equal(["1|王芳", "2|b"], await ContentAsync());
        Assert.Single(Folders());
        Assert.Empty(await Room.TidyAsync(Cancel));
        Assert.True(Room.ProtectionInForce(entry));
        Assert.False(OnDisk("王芳"));
        Assert.Equal(["1|王芳", "2|b"], await ContentAsync());
    }

    [Theory]
    [MemberData(nameof(Rewriting))]
    public async Task A_crash_while_segments_become_one_leaves_the_rows_as_they_were(string point)
    {
        await StartHubAsync();
        await SpreadAsync();
        await CrashAsync(Enum.Parse<FaultPoint>(point));
        Assert.Equal(Spread, await ContentAsync());
        Assert.Empty(await Room.TidyAsync(Cancel));
        Assert.Equal(Spread, await ContentAsync());
        Assert.Single(Segments());
        await GiveAsync(WriteMode.Upsert, "8|h");
        await RestartAsync();
        Assert.Equal([.. Spread, "8|h"], await ContentAsync());
    }

    [Fact]
    public async Task Rewriting_that_is_cancelled_leaves_nothing_of_it()
    {
        await StartHubAsync();
        await SpreadAsync();
        using var cut = _cut = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        _fault = FaultPoint.TableBeforeWrite;
        var before = Segments();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Room.TidyAsync(cut.Token));
        Assert.Equal(before, Segments());
        (_cut, _fault) = (null, null);
        await GiveAsync(WriteMode.Upsert, "8|h");
        Assert.Equal([.. Spread, "8|h"], await ContentAsync());
    }

    [Fact]
    public async Task Files_handles_and_what_is_kept_in_memory_do_not_grow_with_deliveries()
    {
        await StartHubAsync();
        await City.PublishAsync(Entry("visits") with { Key = null });
        for (var i = 0; i < 260; i++)
        {
            Ok(await Room.DeliverAsync(new Delivery("visits", WriteMode.Append, "police-officer", $"s{i}"), new TextRows(Room.SchemaOf("visits").Value, $"{i}|v"), Cancel));
            Assert.Empty(await Room.TidyAsync(Cancel));
            Assert.InRange(Directory.GetFiles(Path.Combine(City.Folder, "tables", "visits")).Length, 1, 65);
            Assert.InRange(HandlesOf("tables/visits/"), 0, 65);
            Assert.InRange(Room.Book.ContentOf("visits")?.Manifests.Count ?? 0, 1, 65);
        }

        Assert.Equal(260, Room.TableOf("visits")?.Rows);
        await RestartAsync();
        Assert.Equal(260, Room.TableOf("visits")?.Rows);
        Assert.Equal(Enumerable.Range(0, 260).Select(i => $"{i}|v"), await ContentAsync("visits"));
    }

    [Fact]
    public async Task Rows_that_stand_already_are_no_delivery()
    {
        await StartHubAsync();
        await GiveAsync(WriteMode.Replace, "1|a", "2|b");
        var again = (await ChangesAsync("2|b")).Value;
        Assert.True(again.Known);
        Assert.Single(Room.Book.Of("population"));
        Assert.Single(Segments());
        var next = (await ChangesAsync("2|b", "2|c", "3|d")).Value;
        Assert.Equal((false, 2L), (next.Known, next.Taken));
        Assert.Equal(["1|a", "2|c", "3|d"], await ContentAsync());
        Assert.False((await ChangesAsync("bad|x")).Value.Known);
        Assert.True((await ChangesAsync("3|d", "bad|x")).Value.Known);
    }

    [Fact]
    public async Task Of_two_rows_with_one_key_the_later_counts_also_where_it_stands_already()
    {
        await StartHubAsync();
        await GiveAsync(WriteMode.Replace, "1|a", "2|b");
        Assert.Equal(3, (await ChangesAsync("1|x", "2|b", "1|a", "3|c")).Value.Taken);
        Assert.Equal(["1|a", "2|b", "3|c"], await ContentAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _room?.Dispose();
        if (_city is not null)
            await _city.DisposeAsync();
        _keys.Dispose();
    }

    private static byte[] TheKey { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private async Task StartHubAsync()
    {
        _city = await StartAsync(new EmbeddedOptions
        {
            Stop = _ => { },
            Fault = at =>
            {
                if (at != _fault)
                    return;
                if (_cut is { } cut)
                    cut.Cancel();
                else
                    throw new IOException("crash");
            },
            Tables = new TablesOptions { Keys = _keys },
        });
        await City.PublishAsync(Entry("population"));
        Open();
    }

    private async Task RestartAsync()
    {
        _room?.Dispose();
        await City.ReopenAsync();
        Open();
    }

    /// <summary>The look is broken off at the point; what was in memory is gone.</summary>
    private async Task CrashAsync(FaultPoint point)
    {
        _fault = point;
        var stopped = false;
        try
        {
            stopped = (await Room.TidyAsync(Cancel)).Count > 0;
        }
        catch (IOException)
        {
            stopped = true;
        }

        _fault = null;
        Assert.True(stopped, "The point was not reached.");
        await RestartAsync();
    }

    private void Open()
    {
        var book = new DeliveryBook(City.Store.Log, City.Clock);
        book.Load();
        _room = new DeliveryRoom(book, City.Catalogue, City.Store.Tables, new FakeCheck(), City.Clock);
        Ok(Room.OpenTables());
    }

    /// <summary>Four segments with a living row each, and nine rows that others took the place of.</summary>
    private async Task SpreadAsync()
    {
        await GiveAsync(WriteMode.Replace, "1|a", "2|a", "3|a", "4|a");
        await GiveAsync(WriteMode.Upsert, "1|b", "2|b", "3|b", "5|b");
        await GiveAsync(WriteMode.Upsert, "1|c", "2|c", "3|c", "6|c");
        await GiveAsync(WriteMode.Upsert, "1|d", "2|d", "3|d", "7|d");
    }

    private static string[] Spread => ["1|d", "2|d", "3|d", "4|a", "5|b", "6|c", "7|d"];

    private ValueTask<Result<DeliveryOutcome>> TryAsync(WriteMode mode, params string[] rows) =>
        Room.DeliverAsync(new Delivery("population", mode, "police-officer", $"s{Room.Book.Of("population").Count}"), new TextRows(Room.SchemaOf("population").Value, rows), Cancel);

    private async Task GiveAsync(WriteMode mode, params string[] rows) => Ok(await TryAsync(mode, rows));

    private ValueTask<Result<DeliveryOutcome>> ChangesAsync(params string[] rows) =>
        Room.DeliverAsync(new Delivery("population", WriteMode.Upsert, "source:s", $"rest {_turn++}") { OnlyChanges = true }, new TextRows(Room.SchemaOf("population").Value, rows), Cancel);

    private async Task<List<string>> ContentAsync(string dataset = "population")
    {
        var table = Room.TableOf(dataset) ?? throw new InvalidOperationException("There is no table.");
        var texts = new List<string>();
        await using var rows = table.Scan(Enumerable.Range(0, table.Schema.Columns.Count).ToArray()).Value;
        while (await rows.NextAsync(Cancel) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                texts.Add(string.Join('|', batch.Columns.Select(c => c.Text(row))));
        if (table.Schema.Key >= 0)
            texts.Sort(StringComparer.Ordinal);
        return texts;
    }

    private List<string> Folders() => [.. Directory.GetDirectories(Path.Combine(City.Folder, "tables")).Select(f => Uri.UnescapeDataString(Path.GetFileName(f))).Order()];

    private List<string> Segments() => [.. Directory.GetFiles(Path.Combine(City.Folder, "tables", "population")).Order()];

    /// <summary>In any file of the hub's folder.</summary>
    private bool OnDisk(string text) => Directory.EnumerateFiles(City.Folder, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "hub.lock").Any(file =>
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.GetBuffer().AsSpan(0, (int)bytes.Length).IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
    });

    /// <summary>Open files of this process below the folder; Linux says.</summary>
    private int HandlesOf(string part) => Directory.Exists("/proc/self/fd")
        ? Directory.EnumerateFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget is { } to && to.StartsWith(City.Folder, StringComparison.Ordinal) && to.Contains(part, StringComparison.Ordinal))
        : 0;

    private static string Said(ReadOnlyMemory<byte> payload, string member)
    {
        using var json = System.Text.Json.JsonDocument.Parse(payload);
        return json.RootElement.GetProperty(member).GetString() ?? "";
    }
}
