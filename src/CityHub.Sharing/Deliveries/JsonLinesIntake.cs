using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Deliveries;

/// <summary>A JSON object on each line (application/x-ndjson). The first names the columns, or the dataset does; a member that is not there, or null, is a missing value.</summary>
internal sealed class JsonLinesIntake : Intake
{
    private const string Rule = "application/x-ndjson; RFC 8259";
    private readonly byte[][] _names;
    private readonly bool[] _seen;

    private JsonLinesIntake(IntakeBytes bytes, IReadOnlyList<string> names)
        : base(bytes, new TextBatch(names)) => (_names, _seen) = ([.. names.Select(Encoding.UTF8.GetBytes)], new bool[names.Count]);

    /// <param name="columns">The dataset's; null: as the first line names them, which is what a mapping reads.</param>
    public static async ValueTask<Result<JsonLinesIntake>> OpenAsync(IntakeBytes bytes, IReadOnlyList<string>? columns, CancellationToken cancel)
    {
        if (columns is not null)
            return new JsonLinesIntake(bytes, columns);
        try
        {
            while (bytes.Here.IndexOf((byte)'\n') < 0 && !bytes.Ended)
                await bytes.FillAsync(cancel);
            var end = bytes.Here.IndexOf((byte)'\n');
            using var first = JsonDocument.Parse(bytes.HereMemory[..(end < 0 ? bytes.Here.Length : end)]);
            return first.RootElement.ValueKind == JsonValueKind.Object
                ? new JsonLinesIntake(bytes, [.. first.RootElement.EnumerateObject().Select(m => m.Name).Distinct(StringComparer.Ordinal)])
                : DeliveryProblems.Unreadable.Because("Row 1 is no JSON object.", null, Rule);
        }
        catch (JsonException e)
        {
            return DeliveryProblems.Unreadable.Because($"Row 1: {e.Message}", null, Rule);
        }
        catch (IntakeException e)
        {
            return e.Problem;
        }
    }

    protected override int Row(ReadOnlySpan<byte> here, bool ended, long number)
    {
        var end = here.IndexOf((byte)'\n');
        if (end < 0 && !ended)
            return 0;
        var line = here[..(end < 0 ? here.Length : end)];
        var used = end < 0 ? here.Length : end + 1;
        if (line.Trim(" \t\r"u8).IsEmpty)
            return used;
        Array.Clear(_seen);
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw Malformed(number, "it is no JSON object", Rule);
            var hint = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var column = Column(ref reader, hint);
                if (column < 0)
                    throw Malformed(number, $"there is no column {Show(reader.ValueSpan)}", Rule);
                if (_seen[column])
                    throw Malformed(number, $"{Show(reader.ValueSpan)} stands twice", Rule);
                _seen[column] = true;
                hint = column + 1;
                reader.Read();
                Value(ref reader, line, column);
            }

            if (reader.Read())
                throw Malformed(number, "something stands after the object", Rule);
        }
        catch (JsonException e)
        {
            throw Malformed(number, e.Message.TrimEnd('.'), Rule);
        }

        for (var column = 0; column < _seen.Length; column++)
            if (!_seen[column])
                Batch.Null(column);
        Batch.EndRow();
        return used;
    }

    private int Column(ref Utf8JsonReader reader, int hint)
    {
        // Rows name their members in the same order as a rule.
        if (hint < _names.Length && reader.ValueTextEquals(_names[hint]))
            return hint;
        for (var i = 0; i < _names.Length; i++)
            if (reader.ValueTextEquals(_names[i]))
                return i;
        return -1;
    }

    private void Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, int column)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                Batch.Null(column);
                break;
            case JsonTokenType.String when reader.ValueIsEscaped:
                Batch.Wrote(column, reader.CopyString(Batch.Room(column, reader.ValueSpan.Length)));
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                Batch.Put(column, line[start..(int)reader.BytesConsumed]);
                break;
            default:
                Batch.Put(column, reader.ValueSpan);
                break;
        }
    }
}
