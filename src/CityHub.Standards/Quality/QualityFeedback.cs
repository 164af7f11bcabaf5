using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Ports;

namespace CityHub.Standards.Quality;

/// <summary>One line for the source 质量问题: which row, which field, which rule, why; never the value itself.</summary>
internal sealed record FeedbackLine(long Row, string Field, string Rule, string Dimension, string DimensionZh, bool Refused, string Zh, string En);

/// <summary>What goes back to whoever delivered: every fault with its reason in both languages, as CSV for a spreadsheet and as JSON for a program.</summary>
internal sealed class QualityFeedback
{
    private QualityFeedback(IReadOnlyList<FeedbackLine> lines) => Lines = lines;

    public IReadOnlyList<FeedbackLine> Lines { get; }

    /// <param name="rules">The rules of that delivery; null: only the schema's own were asked.</param>
    public static QualityFeedback Of(IReadOnlyList<RowFault> faults, QualityRules? rules)
    {
        var words = new Dictionary<string, RuleText>(StringComparer.Ordinal);
        foreach (var rule in rules?.Rules ?? [])
            if (RuleCompiler.TextOf(rule).TryGet(out var text, out _))
                words[rule.Id] = text;
        return new QualityFeedback([.. faults.OrderBy(f => f.Row).Select(f => new FeedbackLine(
            f.Row, f.Field, f.Rule, f.Dimension, Array.IndexOf(Dimensions.Names, f.Dimension) is >= 0 and var at ? Dimensions.Zh[at] : f.Dimension, f.Refused,
            words.GetValueOrDefault(f.Rule) is { } known ? known.En == f.Why ? known.Zh : SchemaRules.Unread(known).Zh : SchemaRules.Zh(f.Rule) ?? f.Why, f.Why))]);
    }

    /// <summary>UTF-8 with its mark, so that spreadsheets read the Chinese; row 0 is the delivery as a whole.</summary>
    public byte[] ToCsv()
    {
        var csv = new StringBuilder("\uFEFFrow,field,rule,dimension,维度,refused,原因,why\r\n");
        foreach (var line in Lines)
            csv.Append(CultureInfo.InvariantCulture, $"{line.Row},{Field(line.Field)},{Field(line.Rule)},{line.Dimension},{line.DimensionZh},{(line.Refused ? "true" : "false")},{Field(line.Zh)},{Field(line.En)}\r\n");
        return Encoding.UTF8.GetBytes(csv.ToString());
    }

    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartArray("faults"u8);
            foreach (var line in Lines)
            {
                json.WriteStartObject();
                json.WriteNumber("row"u8, line.Row);
                json.WriteString("field"u8, line.Field);
                json.WriteString("rule"u8, line.Rule);
                json.WriteString("dimension"u8, line.Dimension);
                json.WriteBoolean("refused"u8, line.Refused);
                json.WriteStartObject("why"u8);
                json.WriteString("zh"u8, line.Zh);
                json.WriteString("en"u8, line.En);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    // A cell that begins with = + - @ would be a formula to a spreadsheet.
    private static string Field(string text)
    {
        var safe = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
