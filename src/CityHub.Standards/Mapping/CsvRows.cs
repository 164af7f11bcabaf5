using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Standards.Mapping;

/// <summary>A small CSV file in memory (RFC 4180, the first line names the columns) as rows of texts: for previews.</summary>
internal sealed class CsvRows : IRows
{
    private readonly List<string[]> _records;
    private readonly CellBatch _builder;
    private int _at;

    private CsvRows(TableSchema schema, List<string[]> records) => (Schema, _records, _builder) = (schema, records, new CellBatch(schema));

    public TableSchema Schema { get; }

    public int Count => _records.Count;

    public static Result<CsvRows> Read(ReadOnlySpan<byte> utf8, int most = int.MaxValue)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, true).GetString(utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8);
        }
        catch (DecoderFallbackException)
        {
            return StandardsProblems.BadRequest.Because("The file is not UTF-8.", "Save it as CSV UTF-8.");
        }

        // So that a comma at the very end has its empty field behind it.
        if (text.EndsWith(','))
            text += "\n";
        var records = new List<string[]>();
        var fields = new List<string>();
        for (var at = 0; at < text.Length && records.Count <= most;)
        {
            if (Field(text, ref at, out var more) is not { } field)
                return StandardsProblems.BadRequest.Because($"Record {records.Count + 1} of the file has a quote that is not closed, or goes on after it.", null, "RFC 4180 2.5");
            fields.Add(field);
            if (more)
                continue;
            if (fields.Count > 1 || field.Length > 0)
                records.Add([.. fields]);
            fields.Clear();
        }

        if (records.Count == 0)
            return StandardsProblems.BadRequest.Because("The file has no line with the names of its columns.", null, "RFC 4180 2.3");
        var names = records[0];
        records.RemoveAt(0);
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length)
            return StandardsProblems.BadRequest.Because("Two columns of the file have one name.");
        if (records.FindIndex(r => r.Length != names.Length) is >= 0 and var uneven)
            return StandardsProblems.BadRequest.Because($"Row {uneven + 1} has {records[uneven].Length} fields, the file {names.Length} columns.", null, "RFC 4180 2.4");
        return new CsvRows(new TableSchema([.. names.Select(n => new TableColumn(n, ColumnType.Text))]), records);
    }

    public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        if (_at == _records.Count)
            return new((RowBatch?)null);
        _builder.Clear();
        for (var end = Math.Min(_records.Count, _at + RowBatch.Usual); _at < end; _at++)
            for (var i = 0; i < Schema.Columns.Count; i++)
                _builder.Add(i, _records[_at][i].Length == 0 ? Cell.Nothing : Cell.Text(_records[_at][i]));
        return new(_builder.Batch);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string? Field(string text, ref int at, out bool more)
    {
        more = false;
        string field;
        if (at < text.Length && text[at] == '"')
        {
            var plain = new StringBuilder();
            for (at++; ; at++)
            {
                if (at == text.Length)
                    return null;
                if (text[at] != '"')
                    plain.Append(text[at]);
                else if (at + 1 < text.Length && text[at + 1] == '"')
                    plain.Append(text[at++]);
                else
                    break;
            }

            at++;
            field = plain.ToString();
        }
        else
        {
            var length = text.AsSpan(at).IndexOfAny(",\r\n");
            var end = length < 0 ? text.Length : at + length;
            field = text[at..end];
            at = end;
        }

        if (at == text.Length)
            return field;
        if (text[at] == ',')
        {
            more = true;
            at++;
            return field;
        }

        if (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n')
            at++;
        if (text[at] is not ('\n' or '\r'))
            return null;
        at++;
        return field;
    }
}
