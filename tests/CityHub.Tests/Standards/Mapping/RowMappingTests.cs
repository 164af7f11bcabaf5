using System.Text;
using System.Text.Json;
using CityHub.Core.Tables;
using CityHub.Standards.Mapping;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Standards.Mapping;

public sealed class RowMappingTests
{
    private const string Residents = """
        {
          "target": [
            { "name": "id_number", "required": true, "key": true }, { "name": "name" }, { "name": "sex" }, { "name": "birth", "type": "date" },
            { "name": "district" }, { "name": "speed", "type": "number" }, { "name": "source" }, { "name": "age", "type": "integer" }
          ],
          "columns": [
            { "to": "id_number", "from": "身份证号", "steps": [{ "do": "idNumber" }] },
            { "to": "name", "join": ["姓", "名"] },
            { "to": "sex", "from": "性别", "steps": [{ "do": "code", "codes": { "男": "1", "女": "2" }, "table": "sex" }] },
            { "to": "birth", "from": "出生", "steps": [{ "do": "date", "patterns": ["yyyyMMdd", "yyyy年M月d日", "excel"] }] },
            { "to": "district", "from": "地址", "steps": [{ "do": "address", "part": "district" }] },
            { "to": "speed", "from": "速度", "steps": [{ "do": "unit", "from": "km/h", "to": "m/s" }] },
            { "to": "source", "constant": "civil-affairs" },
            { "to": "age", "from": "年龄" }
          ],
          "missing": ["无"],
          "examples": [
            { "in": { "身份证号": "130503670401001", "姓": "王", "名": "小明", "性别": "男", "出生": "2024年3月1日", "速度": "36" },
              "out": { "id_number": "130503196704010016", "name": "王小明", "sex": "1", "birth": "2024-03-01", "speed": "10", "district": null } },
            { "in": { "身份证号": "130503670401001", "性别": "未知" }, "refused": "sex" }
          ]
        }
        """;

    private static readonly RowMappingDeclaration Declared = Given.Declaration(Residents);
    private static readonly TableSchema Target = DeclaredColumn.Schema(Declared.Target ?? []);

    [Fact]
    public async Task Rows_of_a_department_become_rows_of_the_dataset()
    {
        await using var rows = Given.Csv("身份证号,姓,名,性别,出生,地址,速度,年龄\n130503670401001,王,小明,男,20240301,重庆市渝中区民族路三号,36,7\n11010519491231002X,李,无,女,45352,无,,\n11010519491231002X,赵,一,男女,20240301,,,\n");
        await using var mapped = new MappedRows(rows, RowMapping.Compile(Declared, rows.Schema, Target, TownTables.All).Value);

        Assert.Equal(["130503196704010016|王小明|1|2024-03-01|渝中区|10|civil-affairs|7", "11010519491231002X|李|2|2024-03-01|||civil-affairs|"], await Given.TextsAsync(mapped));
        Assert.Equal(1, mapped.Refused);
        var (row, fault) = Assert.Single(mapped.Faults);
        Assert.Equal((3, "sex", "code"), (row, fault.Field, fault.Step));
    }

    [Fact]
    public void Refused_while_an_example_fails()
    {
        var wrong = Given.Declaration(Residents.Replace("\"sex\": \"1\"", "\"sex\": \"2\"", StringComparison.Ordinal));

        var problem = RowMapping.Compile(wrong, wrong.SourceSchema(), Target, TownTables.All).Problem;

        Assert.Equal("row-mapping-examples", problem?.Code);
        Assert.Contains("sex is \"1\", not \"2\"", problem?.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"columns":[{"to":"nowhere","constant":"1"}]}""", "row-mapping-other-schema")]
    [InlineData("""{"columns":[{"to":"name","constant":"1"}]}""", "row-mapping-other-schema")]
    [InlineData("""{"columns":[{"to":"id_number","from":"a","steps":[{"do":"dance"}]}]}""", "row-mapping-malformed")]
    [InlineData("""{"columns":[{"to":"id_number","from":"a","constant":"b"}]}""", "row-mapping-malformed")]
    [InlineData("""{"columns":[{"to":"id_number","from":"a"},{"to":"id_number","from":"b"}]}""", "row-mapping-malformed")]
    [InlineData("""{"columns":[{"to":"id_number","from":"a","steps":[{"do":"code","codes":{"x":"7"},"table":"sex"}]}]}""", "row-mapping-malformed")]
    [InlineData("""{"columns":[{"to":"id_number","from":"a","steps":[{"do":"unit","from":"km","to":"kg"}]}]}""", "units-differ")]
    [InlineData("""{"columns":[{"to":"id_number","from":"a","steps":[{"do":"date","patterns":["qq"]}]}]}""", "row-mapping-malformed")]
    public void A_mapping_that_cannot_work_is_refused_before_a_row_is_read(string json, string code)
    {
        var declaration = Given.Declaration(json);
        Assert.Equal(code, RowMapping.Compile(declaration, declaration.SourceSchema(), Target, TownTables.All).Problem?.Code);
    }

    [Fact]
    public void Codes_come_back_through_the_mapping_that_turns_them_round() => Gen.Dictionary(Gen.String.AlphaNumeric.Where(s => s.Length > 0), Gen.Int[0, 100_000])[1, 20].Sample(codes =>
    {
        var there = codes.Keys.Select((k, i) => (k, v: $"c{i}")).ToDictionary(c => c.k, c => c.v);
        var schema = Given.Schema(("a", ColumnType.Text));
        var one = StepCompiler.Compile(new MappingStep { Do = "code", Codes = there }, schema, TownTables.All).Value;
        var other = StepCompiler.Compile(new MappingStep { Do = "code", Codes = there.ToDictionary(c => c.Value, c => c.Key) }, schema, TownTables.All).Value;
        var row = new CellBatch(schema).Batch;
        foreach (var code in there.Keys)
            Assert.Equal(code, other(one(Cell.Text(code), row, 0).Cell, row, 0).Cell.ToString());
        Assert.NotNull(one(Cell.Text("nobody's code"), row, 0).Why);
    }, iter: 200);

    [Fact]
    public void Whatever_stands_in_a_declaration_is_a_refusal_and_never_an_exception()
    {
        var bytes = Encoding.UTF8.GetBytes(Residents);
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, 3], Gen.Int[0, 40]).Sample((at, with, kind, length) =>
        {
            var broken = kind switch
            {
                0 => [.. bytes.AsSpan(0, at), with, .. bytes.AsSpan(at + 1)],
                1 => bytes.AsSpan(0, at).ToArray(),
                2 => [.. bytes.AsSpan(0, at), .. bytes.AsSpan(Math.Min(bytes.Length, at + length))],
                _ => [.. bytes.AsSpan(0, at), .. "null"u8, .. bytes.AsSpan(Math.Min(bytes.Length, at + length))],
            };
            if (RowMappingDeclaration.Read(broken).TryGet(out var declaration, out _))
                _ = RowMapping.Compile(declaration, declaration.SourceSchema(), Target, TownTables.All).Ok;
        }, iter: 5000);
    }

    [Theory]
    [InlineData("""{"columns":[null]}""")]
    [InlineData("""{"columns":[{"to":"a","from":"b","steps":[null]}]}""")]
    [InlineData("""{"columns":[],"examples":[null]}""")]
    [InlineData("""{"columns":[{"to":"a","join":[null]}]}""")]
    [InlineData("""{"columns":[],"colour":"red"}""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    public void A_declaration_with_holes_is_refused(string json) => Assert.Equal("row-mapping-malformed", RowMappingDeclaration.Read(Encoding.UTF8.GetBytes(json)).Problem?.Code);

    [Fact]
    public async Task A_mapping_is_there_again_after_a_start_and_a_change_makes_a_version()
    {
        using var folder = new TestFolder();
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        var store = EmbeddedStore.Open(folder.Path, clock).Value;
        using (var book = new RowMappingBook(store.Log, clock, TownTables.All))
        {
            book.Load();
            Assert.Equal(1, (await book.DeclareAsync("residents", Declared, Target, "zhang")).Value.Version);
            Assert.Equal(1, (await book.DeclareAsync("residents", Declared, Target, "zhang")).Value.Version);
            Assert.Equal(2, (await book.DeclareAsync("residents", Declared with { Description = "of the north" }, Target, "zhang")).Value.Version);
        }

        using var again = new RowMappingBook(store.Log, clock, TownTables.All);
        again.Load();
        Assert.Equal(2, again.Find("residents")?.Version);
        Assert.Equal(Target.Columns, again.Find("residents")?.What.TargetSchema.Columns);
        Assert.Equal(0, again.Find("residents")?.What.TargetSchema.Key);
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_preview_shows_each_row_beside_what_it_becomes_and_why_not()
    {
        await using var rows = Given.Csv("身份证号,姓,名,性别,出生,地址,速度,年龄\n130503670401001,王,\"小\"\"明\",男,20240301,,36,7\n1,李,四,女,20240301,,,x\n");
        var mapping = RowMapping.Compile(Declared, rows.Schema, Target, TownTables.All).Value;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            PreviewRowMapping.Write(json, mapping, (await rows.NextAsync(TestContext.Current.CancellationToken))!, 5);
        using var preview = JsonDocument.Parse(stream.ToArray());
        var shown = preview.RootElement.GetProperty("rows");

        Assert.Equal(2, shown.GetArrayLength());
        Assert.Equal("王小\"明", shown[0].GetProperty("out").GetProperty("name").GetString());
        Assert.Equal("男", shown[0].GetProperty("in").GetProperty("性别").GetString());
        Assert.Empty(shown[0].GetProperty("faults").EnumerateArray());
        Assert.Equal(["age", "id_number"], shown[1].GetProperty("faults").EnumerateArray().Select(f => f.GetProperty("field").GetString()).Order(StringComparer.Ordinal));
    }
}
