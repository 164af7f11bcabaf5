using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>Releases over arrays of rows: gives the fields that a dataset is granted with, evaluates questions on what is given, and remembers what it was asked.</summary>
internal sealed class FakeReleases(ICatalogue catalogue) : IReleases
{
    private readonly Dictionary<string, object?[][]> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]?> _granted = new(StringComparer.Ordinal);

    public List<(Ask Ask, ReleaseQuery Query)> Asked { get; } = [];

    public List<FakeStream> Given { get; } = [];

    /// <summary>After so many blocks the grant is suspended.</summary>
    public int? EndsAfter { get; set; }

    /// <param name="granted">Null: all fields.</param>
    public void Fill(string dataset, object?[][] rows, params string[]? granted)
    {
        _rows[dataset] = rows;
        _granted[dataset] = granted is { Length: 0 } ? null : granted;
    }

    public Decision Explain(Ask ask) => new Refuse("access-refused", "test", "not asked for in tests", "");

    public ValueTask<Result<TableSchema>> SchemaOfAsync(Ask ask, CancellationToken cancel = default) => ValueTask.FromResult(SchemaOf(ask));

    public ValueTask<Problem> RefusedAsync(Ask ask, Problem problem, CancellationToken cancel = default) => ValueTask.FromResult(problem);

    private Result<TableSchema> SchemaOf(Ask ask)
    {
        if (!_rows.ContainsKey(ask.Dataset) || catalogue.Find(ask.Dataset) is not { } dataset)
            return SharingProblems.AccessRefused.Because("No grant permits this.", "Send a request.", "decree 809, art. 20");
        var schema = dataset.Schema();
        var names = schema.Columns.Select(column => column.Name).Where(name => _granted[ask.Dataset]?.Contains(name) is not false).Where(name => ask.Fields is not { } asked || asked.Contains(name)).ToList();
        if (ask.Fields is { } fields && fields.Any(field => !names.Contains(field)))
            return SharingProblems.AccessRefused.Because("A field lies outside the grant.", "Leave it out.", "decree 809, art. 25");
        return new TableSchema([.. names.Select(name => schema.Columns[schema.IndexOf(name)])], dataset.Key is { } key ? names.IndexOf(key) : -1, schema.Version);
    }

    public ValueTask<Result<ReleaseStream>> OpenAsync(Ask ask, ReleaseQuery query, CancellationToken cancel = default)
    {
        Asked.Add((ask, query));
        if (!SchemaOf(ask).TryGet(out var schema, out var problem))
            return ValueTask.FromResult<Result<ReleaseStream>>(problem);
        var dataset = catalogue.Find(ask.Dataset) ?? throw new InvalidOperationException();
        var whole = dataset.Schema();
        var columns = schema.Columns.Select(column => whole.IndexOf(column.Name)).ToArray();
        IEnumerable<object?[]> rows = _rows[ask.Dataset].Select(row => columns.Select(i => row[i]).ToArray());
        if (query.Key is { } named)
            rows = rows.Where(row => schema.Key >= 0 && Text(row[schema.Key]) == named);
        if (query.Where is { } where)
            rows = rows.Where(row => Holds(where, schema, dataset, row) is true);
        if (query.GroupBy is { } grouping)
            (schema, rows) = Grouped(schema, grouping, rows);
        if (query.Distinct)
            rows = rows.DistinctBy(row => string.Join('\u0001', (query.DistinctBy?.Select(field => row[schema.IndexOf(field)]) ?? row).Select(Text)));
        var found = rows.ToList();
        IOrderedEnumerable<object?[]>? ordered = null;
        foreach (var (field, descending) in query.OrderBy)
        {
            var at = schema.IndexOf(field);
            var comparer = Comparer<object?>.Create((one, other) => one is null ? other is null ? 0 : 1 : other is null ? -1 : Comparer<object>.Default.Compare(one, other));
            ordered = ordered is null
                ? descending ? found.OrderByDescending(row => row[at], comparer) : found.OrderBy(row => row[at], comparer)
                : descending ? ordered.ThenByDescending(row => row[at], comparer) : ordered.ThenBy(row => row[at], comparer);
        }

        var page = (ordered ?? found.AsEnumerable()).Skip((int)query.Offset).Take((int)(query.Limit ?? int.MaxValue)).ToList();
        var stream = new FakeStream(schema, page, query.Count ? found.Count : null, EndsAfter);
        Given.Add(stream);
        return ValueTask.FromResult<Result<ReleaseStream>>(stream);
    }

    internal static string Text(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTimeOffset at => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static (TableSchema, IEnumerable<object?[]>) Grouped(TableSchema schema, Grouping grouping, IEnumerable<object?[]> rows)
    {
        var keys = grouping.Fields.Select(schema.IndexOf).ToArray();
        var groups = rows.GroupBy(row => string.Join('\u0001', keys.Select(i => Text(row[i])))).Select(group => group.ToList()).ToList();
        if (keys.Length == 0 && groups.Count == 0)
            groups.Add([]);
        var made = new TableSchema([.. keys.Select(i => schema.Columns[i]), .. grouping.Measures.Select(m => new TableColumn(m.Name, m.Measure is Measure.Count or Measure.CountDistinct ? ColumnType.Integer : ColumnType.Number))]);
        return (made, groups.Select(group => keys.Select(i => group[0][i]).Concat(grouping.Measures.Select(m => Measured(m.Measure, m.Field is null ? -1 : schema.IndexOf(m.Field), group))).ToArray()));
    }

    private static object? Measured(Measure measure, int at, List<object?[]> group)
    {
        var values = at < 0 ? [] : group.Select(row => row[at]).Where(value => value is not null).ToList();
        double Number(object? value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return measure switch
        {
            Measure.Count => at < 0 ? group.Count : (long)values.Count,
            Measure.CountDistinct => (long)values.Select(Text).Distinct().Count(),
            _ when values.Count == 0 => null,
            Measure.Sum => values.Sum(Number),
            Measure.Mean => values.Average(Number),
            Measure.Least => values.Min(Number),
            _ => values.Max(Number),
        };
    }

    private static bool? Holds(Condition condition, TableSchema schema, Dataset dataset, object?[] row)
    {
        object? Value(string field) => row[schema.IndexOf(field)];
        switch (condition)
        {
            case Condition.And both:
                var (left, right) = (Holds(both.Left, schema, dataset, row), Holds(both.Right, schema, dataset, row));
                return left is false || right is false ? false : left is null || right is null ? null : true;
            case Condition.Or either:
                (left, right) = (Holds(either.Left, schema, dataset, row), Holds(either.Right, schema, dataset, row));
                return left is true || right is true ? true : left is null || right is null ? null : false;
            case Condition.Not not:
                return !Holds(not.Of, schema, dataset, row);
            case Condition.IsNull empty:
                return Value(empty.Field) is null;
            case Condition.In list:
                return Value(list.Field) is not { } listed ? null : list.Values.Any(value => Compare(listed, value) == 0);
            case Condition.Like like:
                if (Value(like.Field) is not { } liked)
                    return null;
                var pattern = Regex.Replace(like.Pattern, @"\\(.)|(%)|(_)|([^\\%_]+)", m => m.Groups[2].Success ? ".*" : m.Groups[3].Success ? "." : Regex.Escape(m.Groups[1].Success ? m.Groups[1].Value : m.Value));
                return Regex.IsMatch(Text(liked), $"^{pattern}$", RegexOptions.Singleline | (like.IgnoreCase ? RegexOptions.IgnoreCase : RegexOptions.None));
            case Condition.Words words:
                return words.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(word => row.Any(value => value is string text && text.Contains(word, StringComparison.OrdinalIgnoreCase)));
            case Condition.Box box:
                return Value(dataset.Longitude ?? "") is double x && Value(dataset.Latitude ?? "") is double y ? x >= box.West && x <= box.East && y >= box.South && y <= box.North : null;
            case Condition.Compare compare:
                if (Value(compare.Field) is not { } compared)
                    return null;
                var order = Compare(compared, compare.Value);
                return compare.Operator switch { "=" => order == 0, "<>" => order != 0, "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
            default:
                throw new InvalidOperationException(condition.ToString());
        }
    }

    private static int Compare(object value, string text) => value switch
    {
        long whole => ((double)whole).CompareTo(double.Parse(text, CultureInfo.InvariantCulture)),
        double number => number.CompareTo(double.Parse(text, CultureInfo.InvariantCulture)),
        DateTimeOffset at => at.CompareTo(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)),
        DateOnly date => date.CompareTo(DateOnly.Parse(text[..10], CultureInfo.InvariantCulture)),
        bool flag => flag.CompareTo(text == "true"),
        _ => string.CompareOrdinal(Text(value), text),
    };
}

/// <summary>Rows that were chosen already, in batches of three.</summary>
internal sealed class FakeStream(TableSchema schema, List<object?[]> rows, long? total, int? endsAfter) : ReleaseStream
{
    private const int Few = 3;
    private int _at;
    private int _blocks;

    public long Sent { get; private set; }

    public long Largest { get; private set; }

    public bool Completed { get; private set; }

    public bool Closed { get; private set; }

    public override TableSchema Schema { get; } = schema;

    public override long Receipt => 4711;

    public override Permit Permit => throw new InvalidOperationException("No door looks at the permit.");

    public override long? Total { get; } = total;

    public override ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        if (_at >= rows.Count)
            return ValueTask.FromResult<RowBatch?>(null);
        var page = rows.Skip(_at).Take(Few).ToList();
        _at += page.Count;
        var columns = Schema.Columns.Select((column, i) => Column(column.Type, [.. page.Select(row => row[i])])).ToArray();
        return ValueTask.FromResult<RowBatch?>(new RowBatch(Schema, columns) { Rows = page.Count });
    }

    public override void Sending(ReadOnlySpan<byte> block)
    {
        if (_blocks++ >= endsAfter)
            throw new ReleaseEndedException(SharingProblems.AccessRefused.Because("The grant was suspended.", null, "decree 809, art. 27"));
        Sent += block.Length;
        Largest = Math.Max(Largest, block.Length);
    }

    public override void Complete() => Completed = true;

    public override ValueTask DisposeAsync()
    {
        Closed = true;
        return ValueTask.CompletedTask;
    }

    private static ColumnBatch Column(ColumnType type, object?[] values)
    {
        var column = new ColumnBatch(type) { Nulls = new ulong[1], Offsets = new int[values.Length + 1], Integers = new long[values.Length], Numbers = new double[values.Length] };
        var bytes = new List<byte>();
        for (var i = 0; i < values.Length; i++)
        {
            switch (values[i])
            {
                case null:
                    column.Nulls[0] |= 1UL << i;
                    break;
                case string text:
                    bytes.AddRange(Encoding.UTF8.GetBytes(text));
                    break;
                case double number:
                    column.Numbers[i] = number;
                    break;
                case bool flag:
                    column.Integers[i] = flag ? 1 : 0;
                    break;
                case DateOnly date:
                    column.Integers[i] = date.DayNumber - new DateOnly(1970, 1, 1).DayNumber;
                    break;
                case DateTimeOffset at:
                    column.Integers[i] = (at.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
                    break;
                default:
                    column.Integers[i] = Convert.ToInt64(values[i], CultureInfo.InvariantCulture);
                    break;
            }

            column.Offsets[i + 1] = bytes.Count;
        }

        column.Bytes = [.. bytes];
        return column;
    }
}
