using System.Globalization;
using CityHub.Privacy;
using CityHub.Server.CommandLine;

namespace CityHub.Server.Deidentification;

/// <summary><c>scan FILE</c>: what each column seems to hold, with the evidence, to be confirmed by a person.</summary>
internal static class ScanTable
{
    public static async Task<int> RunAsync(DeidentifyCall call, CancellationToken cancel)
    {
        var table = await call.ReadAsync(call.File, cancel);
        var scan = TableScan.Of(table, cancel: cancel);
        if (call.Json)
            call.Out.WriteLine(JsonLine.Of(json => Write(json, scan)));
        else
            Write(call.Out, scan);
        return Exit.Done;
    }

    private static void Write(System.Text.Json.Utf8JsonWriter json, TableScan scan)
    {
        json.WriteNumber("rows", scan.Rows);
        json.WriteStartArray("columns");
        foreach (var column in scan.Columns)
        {
            json.WriteStartObject();
            json.WriteString("column", column.Column);
            json.WriteString("suggested", SchemeColumn.WordOf(column.Suggested));
            json.WriteNumber("confidence", column.Confidence);
            json.WriteNumber("notNull", column.NotNull);
            json.WriteNumber("distinct", column.Distinct);
            json.WriteBoolean("looksLikeKey", column.LooksLikeKey);
            json.WriteStartArray("evidence");
            foreach (var one in column.Candidates)
            {
                json.WriteStartObject();
                json.WriteString("type", one.Detector.Id);
                json.WriteString("zh", one.Detector.Chinese);
                json.WriteNumber("share", one.Share);
                json.WriteNumber("distinct", one.Distinct);
                json.WriteNumber("lift", one.Lift);
                json.WriteNumber("confidence", one.Confidence);
                if (one.NameWord is { } word)
                    json.WriteString("name", word);
                json.WriteBoolean("within", one.Within);
                json.WriteStartArray("examples");
                foreach (var example in one.Examples)
                    json.WriteStringValue(example);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(TextWriter to, TableScan scan)
    {
        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scan.Rows:N0} rows. These are suggestions, to be confirmed by somebody who knows the data. 以下为建议,须由了解数据的人确认。"));
        var width = scan.Columns.Max(one => one.Column.Length);
        foreach (var column in scan.Columns)
        {
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {column.Column.PadRight(width)}  {Said(column.Suggested),-32}  {column.Confidence:P0}"));
            foreach (var one in column.Candidates.Take(3))
            {
                to.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {"".PadRight(width)}    {one.Detector.English} {one.Detector.Chinese}: {one.Share:P1} of the values{(one.Within ? " contain one" : "")}{(one.NameWord is { } word ? $", and the name says {word}" : "")}{(one.Examples.Count > 0 ? $"; e.g. {one.Examples[0]}" : "")}"));
            }

            if (column.LooksLikeKey)
                to.WriteLine($"  {"".PadRight(width)}    nearly each row has a value of its own 几乎每行取值不同");
        }
    }

    private static string Said(PersonalDataClass kind) => kind switch
    {
        PersonalDataClass.DirectIdentifier => "direct identifier 直接标识符",
        PersonalDataClass.QuasiIdentifier => "quasi-identifier 准标识符",
        PersonalDataClass.Sensitive => "sensitive 敏感属性",
        _ => "other 其他",
    };
}
