using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards.Units;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards.Mapping;

/// <summary>The value after a step; or why there is none.</summary>
internal readonly record struct Stepped(Cell Cell, string? Why)
{
    public static implicit operator Stepped(Cell cell) => new(cell, null);

    public static Stepped No(string why) => new(Cell.Nothing, why);
}

/// <summary>One step, ready; <paramref name="row"/> gives other columns of the row by their index.</summary>
internal delegate Stepped Step(Cell cell, RowBatch row, int index);

/// <summary>Makes steps out of their declarations.</summary>
internal static class StepCompiler
{
    public static readonly string[] Kinds = ["address", "boolean", "code", "date", "gcj02", "halfWidth", "idNumber", "instant", "integer", "lower", "lunar", "number", "pad", "replace", "scale", "slice", "split", "trim", "unit", "upper"];

    public static Result<Step> Compile(MappingStep step, TableSchema source, ICodeTables tables)
    {
        switch (step.Do)
        {
            case "trim":
                return Text(t => Cell.Text(t.Trim()));
            case "halfWidth":
                return Text(t => Cell.Text(ChineseNumbers.HalfWidth(t)));
            case "upper":
                return Text(t => Cell.Text(t.ToUpperInvariant()));
            case "lower":
                return Text(t => Cell.Text(CultureInfo.InvariantCulture.TextInfo.ToLower(t)));
            case "replace" when step.Find is { Length: > 0 } find:
                return Text(t => Cell.Text(t.Replace(find, step.With ?? "", StringComparison.Ordinal)));
            case "split" when step.Separator is { Length: > 0 } separator:
                return Split(separator, step.Index ?? 0);
            case "slice" when step.Index is >= 0 and var from && step.Length is > 0 and var length:
                return Text(t => t.Length >= (long)from + length ? Cell.Text(t.Substring(from, length)) : Stepped.No($"it has fewer than {(long)from + length} characters"));
            case "pad" when step.Length is > 0 and <= 1000 and var width && step.With is { Length: 1 } with:
                return Text(t => Cell.Text(t.PadLeft(width, with[0])));
            case "date":
                return Dates(step);
            case "instant":
                return Instants(step);
            case "lunar":
                return Text(t => LunarDate.ToGregorian(t, out var why) is { } day ? Cell.Of(day) : Stepped.No(why ?? ""));
            case "code":
                return Codes(step, tables);
            case "unit" when step.From is { } one && step.To is { } other:
                if (!Ucum.Conversion(one, other).TryGet(out var conversion, out var problem))
                    return problem;
                return Number(n => conversion.Apply(n));
            case "scale":
                return Number(n => (n * (step.Scale ?? 1)) + (step.Offset ?? 0));
            case "number":
                return Number(n => n);
            case "integer":
                return (Step)((cell, _, _) => Whole(cell));
            case "boolean" when step.True is { } yes && step.False is { } no:
                return Text(t => yes.Contains(t, StringComparer.Ordinal) ? Cell.Of(ColumnType.Boolean, 1) : no.Contains(t, StringComparer.Ordinal) ? Cell.Of(ColumnType.Boolean, 0) : Stepped.No("it is none of the texts for true and false"));
            case "address" when Array.IndexOf(ChineseAddress.Parts, step.Part ?? "whole") >= 0:
                var part = step.Part ?? "whole";
                return Text(t => ChineseAddress.Read(t).Part(part) is { Length: > 0 } text ? Cell.Text(text) : Cell.Nothing);
            case "idNumber":
                return Text(t => IdNumber.Normalise(t, out var why) is { } id ? Cell.Text(id) : Stepped.No(why ?? ""));
            case "gcj02" when step.Longitude is { } x && step.Latitude is { } y && step.Part is "longitude" or "latitude":
                return Shift(source.IndexOf(x), source.IndexOf(y), step.Part == "longitude");
            default:
                return RowMappingProblems.Malformed.Because(
                    Array.IndexOf(Kinds, step.Do) < 0 ? $"There is no step \"{step.Do}\"." : $"The step \"{step.Do}\" lacks a member that it needs, or has one that does not fit.",
                    $"There are {string.Join(", ", Kinds)}; docs/reference/quality.md says what each needs.");
        }
    }

    /// <summary>The cell as the type of a column; texts are read as files write them.</summary>
    public static Stepped Conform(Cell cell, ColumnType type)
    {
        if (!cell.HasValue || cell.Type == type)
            return cell;
        if (type == ColumnType.Text)
            return Cell.Text(cell.ToString());
        switch (type)
        {
            case ColumnType.Number:
                return TryNumber(cell, out var number) ? Cell.Of(number) : Stepped.No("it is no number");
            case ColumnType.Integer:
                return Whole(cell);
            case ColumnType.Boolean:
                return cell.ToString() is "1" or "true" or "TRUE" or "True" ? Cell.Of(type, 1) : cell.ToString() is "0" or "false" or "FALSE" or "False" ? Cell.Of(type, 0) : Stepped.No("it is neither true nor false");
            case ColumnType.Date when cell.Type == ColumnType.Text:
                return DateReader.Iso(cell.ToString()) is { } day ? Cell.Of(day) : Stepped.No("it is no date, yyyy-MM-dd");
            case ColumnType.Instant when cell.Type == ColumnType.Text:
                return DateReader.Instant(cell.ToString()) is { } micros ? Cell.Of(type, micros) : Stepped.No("it is no time of ISO 8601 with an offset");
            default:
                return Stepped.No($"a {DeclaredColumn.Types[(int)cell.Type]} is no {DeclaredColumn.Types[(int)type]}");
        }
    }

    public static bool TryNumber(Cell cell, out double number)
    {
        number = cell.Type == ColumnType.Number ? cell.Number : cell.Integer;
        if (cell.Type is ColumnType.Number or ColumnType.Integer)
            return double.IsFinite(number);
        if (cell.Type != ColumnType.Text)
            return false;
        var text = ChineseNumbers.HalfWidth(cell.ToString()).Trim();
        if (text.Contains(',', StringComparison.Ordinal) && !Grouped(text))
            return false;
        if (double.TryParse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out number))
            return double.IsFinite(number);
        if (!ChineseNumbers.TryRead(text, out var whole))
            return false;
        number = whole;
        return true;
    }

    // 1,234,567.8 and not 1,5: a comma for the decimal point would make another number.
    private static bool Grouped(string text)
    {
        var whole = text.AsSpan().TrimStart("+-");
        if (whole.IndexOf('.') is >= 0 and var point)
            whole = whole[..point];
        var first = true;
        foreach (var range in whole.Split(','))
        {
            var length = range.End.Value - range.Start.Value;
            if (first ? length is < 1 or > 3 : length != 3)
                return false;
            first = false;
        }

        return true;
    }

    private static Stepped Whole(Cell cell)
    {
        if (!cell.HasValue || cell.Type == ColumnType.Integer)
            return cell;
        if (cell.Type == ColumnType.Text && long.TryParse(ChineseNumbers.HalfWidth(cell.ToString()).Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exact))
            return Cell.Of(ColumnType.Integer, exact);
        // 2^53: beyond it a double no longer names one integer.
        return TryNumber(cell, out var number) && number == Math.Floor(number) && Math.Abs(number) <= 9_007_199_254_740_992 ? Cell.Of(ColumnType.Integer, (long)number) : Stepped.No("it is no whole number");
    }

    private static Result<Step> Text(Func<string, Stepped> step) => (Step)((cell, _, _) => cell.HasValue ? step(cell.ToString()) : cell);

    private static Result<Step> Number(Func<double, double> step) => (Step)((cell, _, _) =>
    {
        if (!cell.HasValue)
            return cell;
        if (!TryNumber(cell, out var number))
            return Stepped.No("it is no number");
        var result = step(number);
        return double.IsFinite(result) ? Cell.Of(result) : Stepped.No("the result is no number");
    });

    private static Result<Step> Split(string separator, int index) => Text(t =>
    {
        var parts = t.Split(separator);
        var at = index < 0 ? parts.Length + index : index;
        return at >= 0 && at < parts.Length ? Cell.Text(parts[at]) : Stepped.No($"it has {parts.Length} parts");
    });

    private static Result<Step> Dates(MappingStep step)
    {
        if (!DateReader.For(step.Patterns).TryGet(out var reader, out var problem))
            return problem;
        return (Step)((cell, _, _) => !cell.HasValue || cell.Type == ColumnType.Date ? cell : reader.Date(cell) is { } day ? Cell.Of(day) : Stepped.No($"it fits none of {reader}"));
    }

    private static Result<Step> Instants(MappingStep step)
    {
        if (!DateReader.For(step.Patterns).TryGet(out var reader, out var problem))
            return problem;
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(step.Zone ?? "UTC", out var zone))
            return RowMappingProblems.Malformed.Because($"There is no time zone {step.Zone}.", "Give a name such as Asia/Shanghai.");
        return (Step)((cell, _, _) => !cell.HasValue || cell.Type == ColumnType.Instant ? cell
            : reader.Instant(cell, step.Zone is null ? null : zone) is { } micros ? Cell.Of(ColumnType.Instant, micros) : Stepped.No($"it fits none of {reader}, or has no offset and the step no zone"));
    }

    private static Result<Step> Codes(MappingStep step, ICodeTables tables)
    {
        CodeTable? table = null;
        if (step.Table is { } name && (table = tables.Find(name)) is null)
            return RowMappingProblems.Malformed.Because($"There is no code table {name}.", "GET /standards/code-tables lists them.");
        if (step.By is not (null or "zh" or "en") || (step.By is not null && table is null) || (step.Codes is null && table is null))
            return RowMappingProblems.Malformed.Because("A step \"code\" has codes, a table, or both; by is zh or en and needs a table.", "{\"do\": \"code\", \"codes\": {\"男\": \"1\", \"女\": \"2\"}, \"table\": \"gb2261-1\"}");
        if (step.Codes?.FirstOrDefault(c => table is not null && !table.Holds(c.Value)) is { Key: not null } wrong)
            return RowMappingProblems.Malformed.Because($"{wrong.Key} becomes {wrong.Value}, and the table {step.Table} has no such code.");
        Dictionary<string, string> codes = new(step.Codes ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        if (step.By is not null && table is not null)
            foreach (var entry in table.Entries)
                codes.TryAdd(step.By == "zh" ? entry.Zh : entry.En, entry.Code);
        var plain = step.Codes is null && step.By is null;
        return Text(t => codes.TryGetValue(t, out var code) ? Cell.Text(code) : plain && table is not null && table.Holds(t) ? Cell.Text(t) : Stepped.No("nothing says what this code becomes"));
    }

    private static Result<Step> Shift(int longitude, int latitude, bool first)
    {
        if (longitude < 0 || latitude < 0)
            return RowMappingProblems.Malformed.Because("The columns of the step \"gcj02\" are not among those of the department.");
        return (Step)((_, row, index) =>
        {
            var (x, y) = (Cell.From(row.Columns[longitude], index), Cell.From(row.Columns[latitude], index));
            if (!x.HasValue || !y.HasValue)
                return Cell.Nothing;
            if (!TryNumber(x, out var east) || !TryNumber(y, out var north) || Math.Abs(east) > 180 || Math.Abs(north) > 90)
                return Stepped.No("its coordinates are no degrees");
            var at = Gcj02.ToWgs84(east, north);
            return Cell.Of(first ? at.Longitude : at.Latitude);
        });
    }
}
