using System.Text;
using CityHub.Core.Tables;
using CityHub.Standards.Mapping;
using CityHub.Standards.Vocabulary;

namespace CityHub.Tests.Standards.Mapping;

/// <summary>Code tables of a small town, and rows that lie in memory.</summary>
internal sealed class TownTables : ICodeTables
{
    public static readonly TownTables All = new();

    private readonly CodeTable _sex = new("sex", 1, new Wording("性别", "sex"), [new("0", "未知的性别", "unknown"), new("1", "男性", "male"), new("2", "女性", "female"), new("9", "未说明的性别", "unspecified")]);

    public CodeTable? Find(string id) => id == "sex" ? _sex : null;
}

internal sealed class MemoryRows(TableSchema schema, params RowBatch[] batches) : IRows
{
    private int _at;

    public TableSchema Schema => schema;

    public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default) => new(_at < batches.Length ? batches[_at++] : null);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

internal static class Given
{
    public static TableSchema Schema(params (string Name, ColumnType Type)[] columns) => new([.. columns.Select(c => new TableColumn(c.Name, c.Type))]);

    public static CsvRows Csv(string text) => CsvRows.Read(Encoding.UTF8.GetBytes(text)).Value;

    public static RowMappingDeclaration Declaration(string json) => RowMappingDeclaration.Read(Encoding.UTF8.GetBytes(json)).Value;

    public static async Task<List<string>> TextsAsync(IRows rows)
    {
        var texts = new List<string>();
        while (await rows.NextAsync(TestContext.Current.CancellationToken) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                texts.Add(string.Join('|', batch.Columns.Select(c => Cell.From(c, row).ToString())));
        return texts;
    }
}
