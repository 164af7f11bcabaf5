using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Sources;
using CityHub.Tests.Storage.Embedded;
using CsCheck;

namespace CityHub.Tests.Sensing.Sources;

public sealed class FileSourceTests
{
    [Fact]
    public async Task Files_are_delivered_in_the_order_of_their_names_and_put_away()
    {
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("clinics", """{"dataset": "clinics", "kind": "files", "mode": "replace"}""");
        Directory.CreateDirectory(sources.Drop("clinics"));
        await File.WriteAllTextAsync(Path.Combine(sources.Drop("clinics"), "b.csv"), "id,name\n2,南屏\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(sources.Drop("clinics"), "a.csv"), "id,name\n1,\"中,枢\"\n3,\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(sources.Drop("clinics"), "c.csv.part"), "id,na", TestContext.Current.CancellationToken);

        var outcome = (await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken)).Value;

        Assert.Equal(1, outcome?.Taken);
        Assert.Equal(["1|中,枢", "3|∅", "2|南屏"], sources.Delivered.SelectMany(d => d.Rows).Select(r => string.Join('|', r)));
        Assert.Matches("^file:a.csv#[0-9a-f]{64}$", sources.Delivered[0].Delivery.Source);
        Assert.Equal(["a.csv", "b.csv"], Directory.EnumerateFiles(Path.Combine(sources.Drop("clinics"), "done")).Select(Path.GetFileName).Order());
        Assert.True(File.Exists(Path.Combine(sources.Drop("clinics"), "c.csv.part")));
        Assert.Null((await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken)).Value);
    }

    [Fact]
    public async Task A_damaged_file_is_put_aside_with_the_reason_and_nothing_of_it_is_taken()
    {
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("clinics", """{"dataset": "clinics", "kind": "files"}""");
        Directory.CreateDirectory(sources.Drop("clinics"));
        await File.WriteAllTextAsync(Path.Combine(sources.Drop("clinics"), "a.csv"), "id,name\n1,x\n2\n", TestContext.Current.CancellationToken);

        var problem = (await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken)).Problem;

        Assert.Equal("source-file-unreadable", problem?.Code);
        Assert.Contains("Row 3", problem?.Detail);
        Assert.Empty(sources.Delivered);
        Assert.Contains("Row 3", await File.ReadAllTextAsync(Path.Combine(sources.Drop("clinics"), "refused", "a.csv.why.txt"), TestContext.Current.CancellationToken));
        Assert.Equal(new SourceFailure("source-file-unreadable", 3), sources.Book.Sources["clinics"].LastFailure);
        Assert.Contains("Row 3", sources.Runner.Told("clinics")?.Detail);
    }

    /// <summary>A file without a line of names puts a person where a column's name should be.</summary>
    [Fact]
    public async Task No_cell_of_a_file_that_was_refused_stands_in_a_fact()
    {
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("people", """{"dataset": "population", "kind": "files", "columns": ["id", "name"]}""");
        Directory.CreateDirectory(sources.Drop("people"));
        await File.WriteAllTextAsync(Path.Combine(sources.Drop("people"), "a.csv"), "500101199001011234,王芳\n500101199001011235,李明\n", TestContext.Current.CancellationToken);

        var problem = (await sources.Runner.TurnAsync("people", TestContext.Current.CancellationToken)).Problem;

        Assert.Contains("王芳", problem?.Hint);
        Assert.Equal(new SourceFailure("source-file-unreadable", null, "id"), sources.Book.Sources["people"].LastFailure);
        Assert.All(sources.Log.Read(0), f =>
        {
            var text = System.Text.Encoding.UTF8.GetString(f.Payload.Span);
            Assert.DoesNotContain("王芳", text, StringComparison.Ordinal);
            Assert.DoesNotContain("500101199001011234", text, StringComparison.Ordinal);
        });
        Assert.True(File.Exists(Path.Combine(sources.Drop("people"), "refused", "a.csv")));
    }

    [Fact]
    public async Task A_file_that_could_not_be_put_away_has_been_counted_and_is_counted_once()
    {
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("clinics", """{"dataset": "clinics", "kind": "files", "mode": "replace"}""");
        Directory.CreateDirectory(sources.Drop("clinics"));
        var (file, done) = (Path.Combine(sources.Drop("clinics"), "a.csv"), Path.Combine(sources.Drop("clinics"), "done"));
        await File.WriteAllTextAsync(file, "id\n1\n", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(done, "a.csv")); // no file can be put there

        Assert.False((await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken)).Ok);
        Assert.Equal((1, true), (sources.Book.Sources["clinics"].Rows, File.Exists(file)));

        Directory.Delete(done, recursive: true);
        sources.Known = true;
        Assert.True((await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken)).Ok);
        Assert.Equal((1, false), (sources.Book.Sources["clinics"].Rows, File.Exists(file)));
    }

    [Theory]
    [InlineData("table-locked", 423)]
    [InlineData("storage-full", 507)]
    [InlineData("delivery-not-taken", 409)]
    public async Task A_file_stays_where_the_reason_is_not_its_own_and_is_tried_again_later_and_later(string code, int status)
    {
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("clinics", """{"dataset": "clinics", "kind": "files", "every": "PT1H"}""");
        var every = TimeSpan.FromHours(1);
        sources.Refuse = new ProblemKind(code, "no", status).Because("not now");
        Directory.CreateDirectory(sources.Drop("clinics"));
        var file = Path.Combine(sources.Drop("clinics"), "a.csv");
        await File.WriteAllTextAsync(file, "id\n1\n", TestContext.Current.CancellationToken);

        Assert.Equal(every, sources.Runner.Pause("clinics", every));
        foreach (var seconds in new[] { 15, 30, 60 })
        {
            Assert.Equal(code, (await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken)).Problem?.Code);
            Assert.Equal(TimeSpan.FromSeconds(seconds), sources.Runner.Pause("clinics", every));
            Assert.True(File.Exists(file));
        }

        for (var i = 0; i < 10; i++)
            await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken);
        Assert.Equal(every, sources.Runner.Pause("clinics", every));
        sources.Refuse = null;
        Assert.Equal(1, (await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken)).Value?.Taken);
        Assert.False(File.Exists(file));
        Assert.Equal(every, sources.Runner.Pause("clinics", every));
    }

    [Fact]
    public async Task A_source_that_was_declared_before_its_mode_was_refused_stays_and_says_why_it_does_not_run()
    {
        await using var sources = new SourcesUnderTest();
        await sources.Book.DeclareAsync(new SourceDeclaration { Id = "old", Dataset = "d", Kind = SourceKind.Rest, Url = "https://x.example/", Columns = ["a"], Watermark = "a", Mode = WriteMode.Append }, "li.na");
        await sources.RestartAsync();
        Assert.Contains("append", (await sources.Runner.TurnAsync("old", TestContext.Current.CancellationToken)).Problem?.Detail);
    }

    [Fact]
    public async Task How_a_source_stands_outlives_a_restart_and_the_same_failure_is_one_fact()
    {
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("clinics", """{"dataset": "clinics", "kind": "files", "every": "PT1H"}""");
        sources.Refuse = SourceProblems.Unreachable.Because("the dataset is not published");
        Directory.CreateDirectory(sources.Drop("clinics"));
        await File.WriteAllTextAsync(Path.Combine(sources.Drop("clinics"), "a.csv"), "id\n1\n", TestContext.Current.CancellationToken);
        await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken);
        sources.Refuse = null;
        await File.WriteAllTextAsync(Path.Combine(sources.Drop("clinics"), "b.csv"), "id\n1\n2\n", TestContext.Current.CancellationToken);
        await sources.Runner.TurnAsync("clinics", TestContext.Current.CancellationToken);

        var before = sources.Book.Sources["clinics"];
        await sources.RestartAsync();

        Assert.Equal(before, sources.Book.Sources["clinics"] with { Source = before.Source });
        Assert.Equal(3, before.Rows);
        Assert.True(before.IsFresh(sources.Clock.GetUtcNow().AddHours(2)));
        Assert.False(before.IsFresh(sources.Clock.GetUtcNow().AddHours(2.1)));
    }

    [Fact]
    public async Task A_workbook_is_read_as_the_standard_says()
    {
        using var folder = new TestFolder();
        var book = new Workbook();
        book.Row(book.Shared("A", "姓名", phonetic: "xing ming"), book.Inline("B", " 出生 "), book.Shared("C", "收入"), book.Shared("D", "备注"));
        book.Row(book.Shared("A", "王 秀英"), book.Number("B", "36526", Workbook.BuiltInDate), book.Number("C", "0.10000000000000001"), book.Wrong("D"));
        book.Row();
        book.Row(book.Shared("A", "a&b"), book.Number("B", "45292.75", Workbook.OwnDate), book.Formula("C", "1+1", "2"));
        book.Row(book.Number("D", "61", Workbook.BuiltInDate), book.Shared("A", ""), book.Number("B", "1", Workbook.BuiltInDate));
        book.Save(folder.File("a.xlsx"));

        await using var rows = XlsxRows.Open(folder.File("a.xlsx"), "人员", []).Value;

        Assert.Equal(["姓名", "出生", "收入", "备注"], rows.Schema.Columns.Select(c => c.Name));
        Assert.Equal(["王 秀英|2000-01-01|0.1|∅", "a&b|2024-01-01T18:00:00|2|∅", "∅|1900-01-01|∅|1900-03-01"], await Texts(rows));
    }

    [Fact]
    public async Task Days_since_1904_are_other_days()
    {
        using var folder = new TestFolder();
        var book = new Workbook();
        book.Row(book.Inline("A", "d")).Row(book.Number("A", "0", Workbook.BuiltInDate));
        book.Save(folder.File("a.xlsx"), since1904: true);
        await using var rows = XlsxRows.Open(folder.File("a.xlsx"), null, ["d"]).Value;

        Assert.Equal(["1904-01-01"], await Texts(rows));
    }

    [Fact]
    public void A_sheet_or_a_column_that_is_not_there_is_named()
    {
        using var folder = new TestFolder();
        var book = new Workbook();
        book.Row(book.Inline("A", "id"));
        book.Save(folder.File("a.xlsx"));

        Assert.Contains("no sheet 别的", XlsxRows.Open(folder.File("a.xlsx"), "别的", []).Problem?.Detail);
        Assert.Contains("no column name", XlsxRows.Open(folder.File("a.xlsx"), null, ["name"]).Problem?.Detail);
        Assert.Contains("empty", XlsxRows.Open(folder.File("a.xlsx"), "空", []).Problem?.Detail);
    }

    [Fact]
    public void A_workbook_with_any_byte_changed_is_read_or_refused_and_never_breaks()
    {
        using var folder = new TestFolder();
        var book = new Workbook();
        book.Row(book.Shared("A", "id"), book.Inline("B", "name")).Row(book.Number("A", "1"), book.Shared("B", "x"));
        book.Save(folder.File("good.xlsx"));
        var good = File.ReadAllBytes(folder.File("good.xlsx"));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Sample((at, value) =>
        {
            var bytes = good.ToArray();
            bytes[at] = value;
            var path = folder.File($"{at}-{value}.xlsx");
            File.WriteAllBytes(path, bytes);
            try
            {
                if (XlsxRows.Open(path, null, []).TryGet(out var rows, out _))
                    Drain(rows).GetAwaiter().GetResult();
            }
            catch (SourceException)
            {
                // Said as it should be.
            }

            File.Delete(path);
        }, iter: 1_500);
    }

    [Theory]
    [InlineData("""{"kind": "files"}""", "dataset is missing")]
    [InlineData("""{"dataset": "d", "kind": "ftp"}""", "kind is")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db;Password=x"}""", "holds a password")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db;Pwd=x"}""", "holds a password")]
    [InlineData("""{"dataset": "d", "kind": "rest", "url": "https://db.example/x", "columns": ["a"], "secret": "PATH"}""", "CITYHUB_SOURCE_")]
    [InlineData("""{"dataset": "d", "kind": "rest", "url": "http://db.example/x", "columns": ["a"]}""", "https://")]
    [InlineData("""{"dataset": "d", "kind": "files", "every": "PT1S"}""", "ten seconds")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db", "watermark": "at", "mode": "append"}""", "append would have them twice")]
    [InlineData("""{"dataset": "d", "kind": "rest", "url": "https://db.example/x", "columns": ["a"], "watermark": "at", "mode": "replace"}""", "use upsert, or replace without a watermark")]
    [InlineData("""{"dataset": "d", "kind": "rest", "url": "https://db.example/x", "columns": ["a"], "mode": "append"}""", "once for each turn")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=a,b"}""", "names no host, or more than one")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=/var/run/postgresql"}""", "names no host, or more than one")]
    [InlineData("""{"dataset": "d", "kind": "files", "publication": "p"}""", "publication is for postgres")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db", "slot": "cityhub_s"}""", "slot for where there is a publication")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db", "publication": "p", "watermark": "at"}""", "a publication and a watermark")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db", "publication": "p", "mode": "replace"}""", "use upsert")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db", "publication": "p", "slot": "theirs"}""", "begins with cityhub_")]
    [InlineData("""{"dataset": "d", "kind": "postgres", "table": "t", "connection": "Host=db", "publication": ""}""", "1 to 63 letters")]
    [InlineData("""[]""", "no JSON object")]
    public void Refused_when_the_declaration_lacks_something(string json, string why) => Assert.Contains(why, SourceDeclaration.Read("s", System.Text.Encoding.UTF8.GetBytes(json)).Problem?.Detail);

    private static async Task Drain(CityHub.Core.Tables.IRows rows)
    {
        await using (rows)
            while (await rows.NextAsync() is not null)
            {
                // Read it all.
            }
    }

    private static async Task<List<string>> Texts(CityHub.Core.Tables.IRows rows)
    {
        var texts = new List<string>();
        while (await rows.NextAsync(TestContext.Current.CancellationToken) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                texts.Add(string.Join('|', batch.Columns.Select(c => c.IsNull(row) ? "∅" : c.Text(row))));
        return texts;
    }
}
