using System.IO.Compression;
using System.Text;
using CityHub.Sensing.Import;
using CityHub.Sensing.Import.Files;

namespace CityHub.Tests.Sensing.Import;

public sealed class ImporterTests
{
    [Fact]
    public async Task A_file_becomes_history_and_its_newest_row_is_what_is_known_now()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var summary = (await import.ImportAsync(import.File("a.csv", ImportUnderTest.Rows(100)))).Value;
        Assert.Null(summary.Stopped);
        Assert.Equal((100, 100, 0, 0, true), (summary.State.Rows, summary.State.Recorded, summary.State.Known, summary.State.Refused, summary.State.Finished));
        Assert.Equal(100, import.Instances("urn:x:a"));
        var entity = await import.Hub.GetAsync("/ngsi-ld/v1/entities/urn:x:a");
        Assert.Equal(99, entity.Json.GetProperty("v").GetProperty("value").GetInt32());
        Assert.Equal("2026-01-05T03:00:00Z", entity.Json.GetProperty("v").GetProperty("observedAt").GetString());
        var listed = (await import.Hub.GetAsync("/imports")).Json;
        Assert.Equal("a.csv", listed[0].GetProperty("file").GetString());
        Assert.True(listed[0].GetProperty("finished").GetBoolean());
    }

    [Fact]
    public async Task The_same_file_or_the_same_rows_in_another_add_nothing()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var first = import.File("a.csv", ImportUnderTest.Rows(100));
        await import.ImportAsync(first);
        var head = import.Hub.Hub.Store.Log.VersionOf("entities");

        Assert.True((await import.ImportAsync(first)).Value.WasDone);
        var again = (await import.ImportAsync(first, ImportUnderTest.Options() with { Again = true })).Value.State;
        Assert.Equal((0, 100), (again.Recorded, again.Known));
        var overlapping = (await import.ImportAsync(import.File("b.csv", ImportUnderTest.Rows(100, 50)))).Value.State;
        Assert.Equal((50, 50), (overlapping.Recorded, overlapping.Known));
        Assert.Equal(150, import.Instances("urn:x:a"));
        await import.Hub.RestartAsync();
        var shuffled = (await import.ImportAsync(import.File("c.csv", "time,id,v\n2026-01-02T00:00:00Z,a,24.0\n2026-01-01T00:00:00Z,a,0\n2026-01-02T00:00:00Z,a,24\n2026-01-02T00:00:00Z,a,25\n"))).Value.State;
        Assert.Equal((1, 3), (shuffled.Recorded, shuffled.Known));
        Assert.True(head < import.Hub.Hub.Store.Log.VersionOf("entities"));
    }

    [Fact]
    public async Task Older_rows_go_to_the_history_and_leave_what_is_known_now()
    {
        await using var import = await ImportUnderTest.StartAsync();
        await import.ImportAsync(import.File("new.csv", ImportUnderTest.Rows(10, 1000)));
        await import.ImportAsync(import.File("old.csv", ImportUnderTest.Rows(10)));
        Assert.Equal(1009, (await import.Hub.GetAsync("/ngsi-ld/v1/entities/urn:x:a")).Json.GetProperty("v").GetProperty("value").GetInt32());
        Assert.Equal(20, import.Instances("urn:x:a"));
    }

    [Fact]
    public async Task Missing_values_stay_missing_and_bad_rows_are_written_down()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var path = import.File("a.csv", [.. "time,id,v\n2026-01-01T00:00:00Z,a,NA\n2026-01-01T01:00:00Z,a,\n2026-01-01T02:00:00Z,a,\"high, very\"\nno time,a,5\n2026-01-01T03:00:00Z,a\n2026-01-01T04:00:00Z,"u8, 0xff, .. ",7\n2026-01-01T05:00:00Z,a,7\n"u8]);
        var summary = (await import.ImportAsync(path)).Value;
        Assert.Equal((7, 1, 4, 2), (summary.State.Rows, summary.State.Recorded, summary.State.Refused, summary.Empty));
        Assert.Equal(1, import.Instances("urn:x:a"));
        Assert.Equal(
            """
            file,row,column,value,reason
            a.csv,4,v,"high, very",it is not a number
            a.csv,5,time,no time,it is not a time of ISO 8601
            a.csv,6,,,"it has 2 fields, and there are 3 columns"
            a.csv,7,,,it is not UTF-8

            """.ReplaceLineEndings("\n"),
            System.IO.File.ReadAllText(import.Rejects));
    }

    [Fact]
    public async Task A_hub_that_goes_away_half_way_is_gone_on_with_where_it_stopped()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var path = import.File("a.csv", ImportUnderTest.Rows(100).Replace("a,7\n", "a,x\n", StringComparison.Ordinal));
        var faulty = new ImportUnderTest.Faulty(import.Hub.Hub.Imports.Target("")) { Takes = 3 };
        var options = ImportUnderTest.Options() with { Parallel = 1 };
        var broken = (await import.ImportAsync(path, options, faulty)).Value;
        Assert.Equal(ImportProblems.Interrupted, broken.Stopped?.Kind);
        Assert.Equal(31, broken.State.Rows);
        await import.Hub.RestartAsync();

        var rest = (await import.ImportAsync(path, options)).Value;
        Assert.Equal(31, rest.From);
        Assert.Equal((100, 99, 0, 1), (rest.State.Rows, rest.State.Recorded, rest.State.Known, rest.State.Refused));
        Assert.Equal(99, import.Instances("urn:x:a"));
        Assert.Equal(2, File.ReadAllLines(import.Rejects).Length);
    }

    [Fact]
    public async Task A_note_that_was_lost_doubles_nothing()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var path = import.File("a.csv", ImportUnderTest.Rows(100).Replace("a,7\n", "a,x\n", StringComparison.Ordinal));
        var whole = (await import.ImportAsync(path)).Value;
        // As if the process had died before it could tell the hub: the note is behind what is recorded.
        await import.Hub.Hub.Imports.Target("").NoteAsync(whole.State with { Rows = 5, Refused = 0, Recorded = 5, Finished = false }, TestContext.Current.CancellationToken);

        var rest = (await import.ImportAsync(path)).Value;
        Assert.Equal((5, 100), (rest.From, rest.State.Rows));
        Assert.Equal(99, import.Instances("urn:x:a"));
        Assert.Equal(2, File.ReadAllLines(import.Rejects).Length);
    }

    [Fact]
    public async Task Stopped_by_hand_it_keeps_what_is_recorded_and_goes_on_later()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var path = import.File("a.csv", ImportUnderTest.Rows(2000));
        using var stop = new CancellationTokenSource();
        var target = new ImportUnderTest.Faulty(import.Hub.Hub.Imports.Target("")) { Before = n => { if (n == 3) stop.Cancel(); } };
        var stopped = (await import.ImportAsync(path, target: target, stop: stop)).Value;
        Assert.True(stopped.Cancelled);
        Assert.InRange(stopped.State.Rows, 10, 1999);
        Assert.Equal(stopped.State.Rows, import.Instances("urn:x:a"));

        Assert.Equal(2000, (await import.ImportAsync(path)).Value.State.Recorded);
        Assert.Equal(2000, import.Instances("urn:x:a"));
    }

    [Fact]
    public async Task Nothing_goes_on_when_refused_rows_cannot_be_written_down()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no disk that is always full here.");
        await using var import = await ImportUnderTest.StartAsync();
        var path = import.File("a.csv", ImportUnderTest.Rows(100).Replace("a,50\n", "a,x\n", StringComparison.Ordinal));
        var full = (await import.ImportAsync(path, rejects: "/dev/full")).Value;
        Assert.Equal(ImportProblems.RejectsUnwritable, full.Stopped?.Kind);
        Assert.InRange(full.State.Rows, 0, 50);

        Assert.Equal((100, 1), (await import.ImportAsync(path)) is { Ok: true, Value.State: var state } ? (state.Rows, state.Refused) : default);
        Assert.Contains("a.csv,52,v,x,", System.IO.File.ReadAllText(import.Rejects), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mapping_that_fits_no_row_is_not_tried_on_a_million()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var rows = "time,id,v\n" + string.Concat(Enumerable.Repeat("yesterday,a,5\n", 5000));
        var summary = (await import.ImportAsync(import.File("a.csv", rows))).Value;
        Assert.Equal(ImportProblems.AllRefused, summary.Stopped?.Kind);
        Assert.Equal(1000, summary.State.Refused);
        Assert.Equal(1001, File.ReadAllLines(import.Rejects).Length);
    }

    [Fact]
    public async Task Over_HTTP_it_is_the_same_and_a_hub_that_is_not_there_is_said()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var client = await import.Hub.ClientAsync("entities:read", "entities:write");
        using var hub = new HubOverHttp(_ => new(client), TimeProvider.System, TimeSpan.FromSeconds(20));
        var path = import.File("a.csv", ImportUnderTest.Rows(200));
        var summary = (await import.ImportAsync(path, target: hub)).Value;
        Assert.Null(summary.Stopped);
        Assert.Equal((200, 200), (summary.State.Rows, import.Instances("urn:x:a")));
        Assert.True((await import.ImportAsync(path, target: hub)).Value.WasDone);
        Assert.Equal((0, 200), (await import.ImportAsync(path, ImportUnderTest.Options() with { Again = true }, hub)) is { Ok: true, Value.State: var state } ? (state.Recorded, state.Known) : default);

        using var nobody = new HubOverHttp(_ => new(new HttpClient { BaseAddress = new Uri("http://127.0.0.1:9") }), TimeProvider.System, TimeSpan.FromMilliseconds(300));
        Assert.Equal(ImportProblems.Interrupted, (await import.ImportAsync(path, target: nobody)).Problem?.Kind);
        using var stranger = new HubOverHttp(_ => new(import.Hub.Stranger), TimeProvider.System, TimeSpan.FromSeconds(5));
        Assert.Equal("not-authenticated", (await import.ImportAsync(path, target: stranger)).Problem?.Code);
    }

    [Theory]
    [InlineData("""{"observations":[]}""")]
    [InlineData("""{"observations":[{"entity":"a","type":"T","observedAt":"2026-01-01T00:00:00Z","values":[{"attribute":"v","value":1}]}]}""")]
    [InlineData("""{"observations":[{"entity":"urn:x:a","type":"T","observedAt":"yesterday","values":[{"attribute":"v","value":1}]}]}""")]
    [InlineData("""{"observations":[{"entity":"urn:x:a","type":"T","observedAt":"2026-01-01T00:00:00Z","values":[{"attribute":"v","value":null}]}]}""")]
    [InlineData("""{"observations":[{"entity":"urn:x:a","type":"T","observedAt":"2026-01-01T00:00:00Z","values":[{"attribute":"id","value":1}]}]}""")]
    [InlineData("""{"observations":[{"entity":"urn:x:a","type":"T","observedAt":"2026-01-01T00:00:00Z","location":[181,0],"values":[]}]}""")]
    [InlineData("""{"observations":[{"entity":"urn:x:a","type":"T","observedAt":"2026-01-01T00:00:00Z","values":[{"attribute":"v","value":1}]}]} x""")]
    [InlineData("""{"observations":[1]}""")]
    [InlineData("""[]""")]
    [InlineData("")]
    public async Task A_batch_that_is_none_is_refused_whole(string body)
    {
        await using var import = await ImportUnderTest.StartAsync();
        Assert.Equal("sensing-bad-request", (await import.Hub.PostAsync("/readings", body.Length == 0 ? " " : body)).Problem);
        Assert.Equal(0, import.Instances("urn:x:a"));
    }

    [Fact]
    public async Task Packed_and_of_another_encoding()
    {
        await using var import = await ImportUnderTest.StartAsync();
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var gb = import.File("g.csv", Encoding.GetEncoding("gb18030").GetBytes("time,编号,v\n2026-01-01T00:00:00Z,站一,5\n"));
        var mapping = ImportUnderTest.Flat.Replace("{id}", "{编号}", StringComparison.Ordinal);
        Assert.Equal(ImportProblems.FileUnreadable, (await import.ImportAsync(gb, ImportUnderTest.Options(mapping))).Problem?.Kind);
        Assert.Equal(1, (await import.ImportAsync(gb, ImportUnderTest.Options(mapping) with { Encoding = "gb18030" })).Value.State.Recorded);
        Assert.Equal(1, import.Instances("urn:x:%E7%AB%99%E4%B8%80"));

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
            gzip.Write(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(ImportUnderTest.Rows(50))).ToArray());
        Assert.Equal(50, (await import.ImportAsync(import.File("u.csv.gz", packed.ToArray()))).Value.State.Recorded);
    }
}
