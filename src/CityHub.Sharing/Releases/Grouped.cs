using System.Numerics;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Privacy;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>
/// Answers about groups instead of rows. Where a smallest group is set, a question is answered from cells made by every field that it names, in its groups and in its
/// condition alike, and from those alone that have enough persons in them: so that the difference of two questions tells of no smaller group. Cells that are left out come
/// at least two in a line with enough persons between them (complementary suppression). The same holds for each measure of a field by itself, of the persons who have a value there. Where an ε is set, each person counts once, and counts and sums have noise.
/// </summary>
internal sealed class Grouped
{
    private const int MostCells = 200_000, MostPersons = 20_000_000;

    private readonly Grouping _grouping;
    private readonly TableSchema _released;
    private readonly int[] _cellFields, _measured;
    private readonly int _groupFields, _smallest, _subject;
    private readonly double? _epsilon;
    private readonly Func<string, (long, long)?> _bounds;
    private readonly RowTestOf? _ofRows, _ofCells;
    private readonly Dictionary<byte[], int> _cells = new(ByteArrays.Comparer);
    private readonly List<Cell> _content = [];
    private readonly RowBuffer _values;
    private readonly HashSet<int>? _once;

    private Grouped(Grouping grouping, TableSchema released, int[] cellFields, int[] measured, ReleasePlan plan, RowTestOf? ofRows, RowTestOf? ofCells, TableSchema cells, Func<string, (long, long)?> bounds)
    {
        (_grouping, _released, _cellFields, _measured, _groupFields) = (grouping, released, cellFields, measured, grouping.Fields.Count);
        (_smallest, _epsilon, _bounds, _ofRows, _ofCells) = (plan.SmallestAnswer, plan.Permit.Obligations.Epsilon, bounds, ofRows, ofCells);
        _subject = plan.Subject < 0 ? -1 : plan.Released.Columns.Count;
        _values = new RowBuffer(cells);
        _once = _epsilon is not null && _subject >= 0 ? [] : null;
        Schema = new TableSchema([.. grouping.Fields.Select(field => released.Columns[released.IndexOf(field)] with { Nullable = true }), .. grouping.Measures.Select((one, i) => new TableColumn(one.Name, TypeOf(one.Measure, i)))]);
    }

    public TableSchema Schema { get; }

    public static Result<Grouped> Of(ReleaseQuery query, Grouping grouping, ReleasePlan plan, Func<string, (long, long)?> bounds)
    {
        var (released, dataset) = (plan.Released, plan.Permit.Dataset);
        if (grouping.Measures.Count is 0 or > 20 || grouping.Fields.Count > 10)
            return ReleaseProblems.QueryNotClear.Because("A question about groups has 1 to 20 measures, and at most 10 fields to group by.");
        if (grouping.Fields.Concat(grouping.Measures.Select(one => one.Name)).GroupBy(name => name, StringComparer.Ordinal).Any(name => name.Count() > 1))
            return ReleaseProblems.QueryNotClear.Because("Two columns of the answer have one name.");
        var epsilon = plan.Permit.Obligations.Epsilon;
        var byCells = plan.SmallestAnswer > 1 && epsilon is null;
        var fields = new List<int>();
        foreach (var name in grouping.Fields)
        {
            if (!Conditions.Field(name, released).TryGet(out var field, out var problem))
                return problem;
            fields.Add(field);
        }

        var measured = new int[grouping.Measures.Count];
        for (var i = 0; i < measured.Length; i++)
        {
            if (!Measured(grouping.Measures[i], plan, bounds).TryGet(out measured[i], out var problem))
                return problem;
        }

        RowTestOf? ofRows = null, ofCells = null;
        if (query.Where is { } where)
        {
            var named = new HashSet<string>(StringComparer.Ordinal);
            Conditions.FieldsOf(where, released, dataset, named);
            if (!Conditions.Bind(where, released, dataset).TryGet(out ofRows, out var problem))
                return problem;
            if (byCells)
                fields.AddRange(named.Select(released.IndexOf).Where(field => field >= 0 && !fields.Contains(field)).Order());
        }

        var cells = new TableSchema([.. fields.Select(field => released.Columns[field])]);
        if (byCells && query.Where is { } ofCell)
        {
            if (!Conditions.Bind(ofCell, cells, dataset).TryGet(out ofCells, out var problem))
                return problem;
            ofRows = null;
        }

        return new Grouped(grouping, released, [.. fields], measured, plan, ofRows, ofCells, cells, bounds);
    }

    public async ValueTask<Problem?> CollectAsync(RowSource rows, CancellationToken cancel)
    {
        var key = new RowKey();
        while (await rows.NextAsync(cancel) is { } batch)
        {
            for (var row = 0; row < batch.Rows; row++)
            {
                if ((_ofRows is not null && _ofRows.Of(batch, row) != Truth.True) || (_once is not null && !_once.Add(Person(batch, row))))
                    continue;
                var named = key.Of(batch, row, _cellFields);
                if (!_cells.TryGetValue(named, out var cell))
                {
                    _cells.Add(named, cell = _content.Count);
                    _content.Add(new Cell(_measured.Length));
                    _values.Add(Projected(batch), row);
                }

                Count(_content[cell], batch, row);
            }

            if (_content.Count > MostCells || _once?.Count > MostPersons)
                return ReleaseProblems.QueryTooLarge.Because($"The question makes more than {MostCells} groups.", "Group by fewer fields, or by coarser ones; where a smallest group is set, fields of the condition count, too.");
        }

        return null;
    }

    /// <summary>What may be told, groups in the order of their fields.</summary>
    public RowBuffer Answer(ExactRandom? random)
    {
        var (suppressed, ofMeasures) = Suppressed();
        var groups = new Dictionary<byte[], int>(ByteArrays.Comparer);
        var merged = new List<(int First, Cell Cell)>();
        var (batch, key) = (_values.Batch, new RowKey());
        if (_groupFields == 0 && (_epsilon is not null || _smallest <= 1))
        {
            groups.Add([], 0); // one group, also of no rows
            merged.Add((0, new Cell(_measured.Length)));
        }

        for (var cell = 0; cell < _content.Count; cell++)
        {
            if (suppressed[cell] || (_ofCells is not null && _ofCells.Of(batch, cell) != Truth.True))
                continue;
            var named = key.Of(batch, cell, _groupFields);
            if (!groups.TryGetValue(named, out var group))
            {
                groups.Add(named, group = merged.Count);
                merged.Add((cell, new Cell(_measured.Length)));
            }

            merged[group].Cell.Take(_content[cell], cell, ofMeasures);
        }

        var answer = new RowBuffer(Schema);
        var row = new RowBatch(Schema, Columns.Of(Schema)) { Rows = 1 };
        var noise = random is null ? null : new Noise(this, random);
        foreach (var (first, cell) in merged)
        {
            if (noise is not null && !noise.Reaches(cell))
                continue;
            for (var i = 0; i < _groupFields; i++)
                Columns.Gather(batch.Columns[i], new Selection([first], 1, false), row.Columns[i]);
            for (var i = 0; i < _measured.Length; i++)
                Write(cell, i, row.Columns[_groupFields + i], noise);
            answer.Add(row, 0);
        }

        return answer;
    }

    /// <summary>What the answer costs each person, at most; δ where the groups themselves come from the data.</summary>
    public PrivacyCost Cost(double epsilon) => PrivacyCost.Epsilon(Exact(epsilon), _groupFields == 0 ? ExactRational.Zero : Delta);

    private static ExactRational Delta { get; } = ExactRational.Parse("1e-9");

    private static ExactRational Exact(double number) => ExactRational.Parse(number.ToString("R", System.Globalization.CultureInfo.InvariantCulture));

    private static Result<int> Measured((Measure Measure, string? Field, string Name) one, ReleasePlan plan, Func<string, (long, long)?> bounds)
    {
        if (one.Field is null)
            return one.Measure == Measure.Count ? -1 : ReleaseProblems.QueryNotClear.Because($"{one.Name} measures no field.", "Only rows are counted without one.");
        if (!Conditions.Field(one.Field, plan.Released).TryGet(out var field, out var problem))
            return problem;
        var type = plan.Released.Columns[field].Type;
        if (one.Measure is Measure.Sum or Measure.Mean && type is not (ColumnType.Integer or ColumnType.Number or ColumnType.Boolean))
            return ReleaseProblems.QueryNotClear.Because($"{one.Field} is no number: it has no sum.");
        if (plan.GroupsOnly && one.Measure is Measure.Least or Measure.Greatest)
            return ReleaseProblems.MeasureNotReleased.Because($"The least or greatest {one.Field} of a group is the value of one person.", "Ask for counts, sums and means.", "smallest group of the grant");
        if (plan.Permit.Obligations.Epsilon is not null && one.Measure is Measure.Sum or Measure.Mean && type != ColumnType.Boolean && bounds(one.Field) is null)
            return ReleaseProblems.MeasureNotReleased.Because($"Nobody has said between which bounds {one.Field} lies, and without them no noise hides a person in its sum.", "Ask for counts, or have the provider state the bounds.", "ε of the grant");
        return field;
    }

    private ColumnType TypeOf(Measure measure, int index) => measure switch
    {
        Measure.Count or Measure.CountDistinct => ColumnType.Integer,
        Measure.Sum when _released.Columns[_measured[index]].Type is ColumnType.Integer or ColumnType.Boolean => ColumnType.Integer,
        Measure.Sum or Measure.Mean => ColumnType.Number,
        _ => _released.Columns[_measured[index]].Type,
    };

    private RowBatch Projected(RowBatch batch) => new(_values.Schema, [.. _cellFields.Select(field => batch.Columns[field])]) { Rows = batch.Rows };

    private int Person(RowBatch batch, int row)
    {
        // Two persons of one hash are taken for one: a group seems smaller then, never larger.
        var column = batch.Columns[_subject];
        Span<byte> scratch = stackalloc byte[CellText.Longest];
        var hash = default(HashCode);
        hash.AddBytes(column.IsNull(row) ? default : CellText.Of(column, row, scratch));
        return hash.ToHashCode();
    }

    private void Count(Cell cell, RowBatch batch, int row)
    {
        cell.Rows++;
        if (_smallest > 1 && _subject >= 0 && cell.People.Count < _smallest)
            cell.People.Add(Person(batch, row));
        for (var i = 0; i < _measured.Length; i++)
        {
            if (_measured[i] < 0)
                continue;
            var column = batch.Columns[_measured[i]];
            if (column.IsNull(row))
                continue;
            ref var tally = ref cell.Tallies[i];
            tally.Count++;
            if (_smallest > 1 && _subject >= 0 && (tally.People ??= []).Count < _smallest)
                tally.People.Add(Person(batch, row));
            switch (_grouping.Measures[i].Measure)
            {
                case Measure.Sum or Measure.Mean:
                    Sum(ref tally, column, row, _grouping.Measures[i].Field ?? "");
                    break;
                case Measure.Least or Measure.Greatest:
                    var greatest = _grouping.Measures[i].Measure == Measure.Greatest;
                    if (tally.Extreme is not { } kept || RowFilter.Compare(column, row, kept) is var order && (greatest ? order > 0 : order < 0))
                        tally.Extreme = column.Type == ColumnType.Text ? CellValue.None with { Text = column.Utf8(row).ToArray() }
                            : column.Type == ColumnType.Number ? CellValue.None with { Number = column.Numbers[row] } : CellValue.None with { Integer = column.Integers[row] };
                    break;
                case Measure.CountDistinct:
                    (tally.Distinct ??= new HashSet<byte[]>(ByteArrays.Comparer)).Add(new RowKey().Of(batch, row, [_measured[i]]));
                    break;
            }
        }
    }

    private void Sum(ref Tally tally, ColumnBatch column, int row, string field)
    {
        if (_epsilon is not null && Bounds(column.Type, field) is var (least, most))
            tally.Whole += Math.Clamp(column.Type == ColumnType.Number ? (long)Math.Round(Math.Clamp(column.Numbers[row], least, most)) : column.Integers[row], least, most);
        else if (column.Type == ColumnType.Number)
            tally.Sum += column.Numbers[row];
        else
            tally.Whole += column.Integers[row];
    }

    private (long Least, long Most) Bounds(ColumnType type, string field) => type == ColumnType.Boolean ? (0, 1) : _bounds(field) ?? (0, 1);

    private void Write(Cell cell, int index, ColumnBatch into, Noise? noise)
    {
        Columns.Room(into, 1);
        into.Nulls?.AsSpan().Clear();
        var (measure, field, _) = _grouping.Measures[index];
        var tally = cell.Tallies[index];
        var counted = field is null ? cell.Rows : tally.Count;
        // Of a group that is large enough, too, few or none may have a value: what is left out and what is not there look alike.
        if (counted == 0 && noise is null && ((_smallest > 1 && field is not null) || measure is not (Measure.Count or Measure.CountDistinct)))
        {
            Columns.AllNull(into, 1);
            return;
        }

        switch (measure)
        {
            case Measure.Count:
                into.Integers[0] = noise?.Noisy(counted, index) ?? counted;
                break;
            case Measure.CountDistinct:
                into.Integers[0] = noise?.Noisy(tally.Distinct?.Count ?? 0, index) ?? tally.Distinct?.Count ?? 0;
                break;
            case Measure.Sum when into.Type == ColumnType.Integer:
                into.Integers[0] = noise?.Noisy(tally.Whole, index) ?? (long)Int128.Clamp(tally.Whole, long.MinValue, long.MaxValue);
                break;
            case Measure.Sum:
                into.Numbers[0] = noise?.Noisy(tally.Whole, index) ?? tally.Sum;
                break;
            case Measure.Mean:
                into.Numbers[0] = noise is null ? ((double)tally.Whole + tally.Sum) / counted : noise.Mean(tally.Whole, counted, index);
                break;
            case Measure.Least or Measure.Greatest when tally.Extreme is { } extreme:
                if (into.Type == ColumnType.Text)
                {
                    Columns.RoomForBytes(into, 0, extreme.Text.Length);
                    extreme.Text.CopyTo(into.Bytes, 0);
                    into.Offsets[1] = extreme.Text.Length;
                }
                else if (into.Type == ColumnType.Number)
                {
                    into.Numbers[0] = extreme.Number;
                }
                else
                {
                    into.Integers[0] = extreme.Integer;
                }

                break;
            default:
                Columns.AllNull(into, 1);
                break;
        }
    }

    /// <summary>Of the cells as they are, and of each measure: those whose persons (with a value) are too few, and with them as many others of each line as it takes that no total less what is shown tells of them.</summary>
    private (bool[] Cells, bool[][] OfMeasures) Suppressed()
    {
        var none = new bool[_content.Count];
        if (_smallest <= 1 || _epsilon is not null)
            return (none, [.. _measured.Select(_ => none)]);
        var lines = Lines();
        var cells = Suppressed(lines, none, -1);
        return (cells, [.. Enumerable.Range(0, _measured.Length).Select(measure => _measured[measure] < 0 ? cells : Suppressed(lines, cells, measure))]);
    }

    /// <param name="measure">−1: the rows themselves.</param>
    private bool[] Suppressed(List<List<int>> lines, bool[] already, int measure)
    {
        var suppressed = (bool[])already.Clone();
        for (var cell = 0; cell < suppressed.Length; cell++)
            suppressed[cell] |= Size(_content[cell], measure) < _smallest;
        for (var again = true; again;)
        {
            again = false;
            foreach (var line in lines)
            {
                while (Gap(line, suppressed, measure) is var more and >= 0)
                    again = suppressed[more] = true;
            }
        }

        return suppressed;
    }

    private static HashSet<int>? People(Cell cell, int measure) => measure < 0 ? cell.People : cell.Tallies[measure].People;

    private static long Values(Cell cell, int measure) => measure < 0 ? cell.Rows : cell.Tallies[measure].Count;

    /// <summary>Persons where rows are about persons; else rows, or values.</summary>
    private long Size(Cell cell, int measure) => _subject >= 0 ? People(cell, measure)?.Count ?? 0 : Values(cell, measure);

    /// <summary>The next cell that has to be left out of a line; −1: none. Persons in several cells are one; where nobody left out has a value, there is nobody to tell of.</summary>
    private int Gap(List<int> line, bool[] suppressed, int measure)
    {
        var (count, values, smallest, people) = (0, 0L, -1, new HashSet<int>());
        foreach (var cell in line)
        {
            if (suppressed[cell])
            {
                (count, values) = (count + 1, values + Values(_content[cell], measure));
                people.UnionWith(People(_content[cell], measure) ?? []);
            }
            else if (smallest < 0 || Values(_content[cell], measure) < Values(_content[smallest], measure))
            {
                smallest = cell;
            }
        }

        return values > 0 && (count < 2 || (_subject >= 0 ? people.Count : values) < _smallest) ? smallest : -1;
    }

    private List<List<int>> Lines()
    {
        var lines = new List<List<int>>();
        var (batch, key) = (_values.Batch, new RowKey());
        for (var along = 0; along < _cellFields.Length; along++)
        {
            int[] others = [.. Enumerable.Range(0, _cellFields.Length).Where(field => field != along)];
            var found = new Dictionary<byte[], List<int>>(ByteArrays.Comparer);
            for (var cell = 0; cell < _content.Count; cell++)
            {
                var named = key.Of(batch, cell, others);
                if (!found.TryGetValue(named, out var line))
                    found.Add(named, line = []);
                line.Add(cell);
            }

            lines.AddRange(found.Values);
        }

        return lines;
    }

    private sealed class Cell(int measures)
    {
        public long Rows;

        public HashSet<int> People { get; } = [];

        public Tally[] Tallies { get; } = new Tally[measures];

        /// <param name="leftOut">For each measure, which cells do not count.</param>
        public void Take(Cell other, int cell, bool[][] leftOut)
        {
            Rows += other.Rows;
            People.UnionWith(other.People);
            for (var i = 0; i < Tallies.Length; i++)
                if (!leftOut[i][cell])
                    Tallies[i].Take(other.Tallies[i]);
        }
    }

    private struct Tally
    {
        public long Count;
        public Int128 Whole;
        public double Sum;
        public CellValue? Extreme;
        public HashSet<byte[]>? Distinct;
        public HashSet<int>? People;

        public void Take(in Tally other)
        {
            (Count, Whole, Sum) = (Count + other.Count, Whole + other.Whole, Sum + other.Sum);
            Extreme ??= other.Extreme; // only where each group is one cell
            if (other.Distinct is { } distinct)
                (Distinct ??= new HashSet<byte[]>(ByteArrays.Comparer)).UnionWith(distinct);
            if (other.People is { } people)
                (People ??= []).UnionWith(people);
        }
    }

    /// <summary>ε divided evenly between the measures, and one more part for whether a group is told of.</summary>
    private sealed class Noise
    {
        private readonly Grouped _of;
        private readonly ExactRandom _random;
        private readonly ExactRational _part;
        private readonly DiscreteLaplace _one;
        private readonly BigInteger _threshold;

        public Noise(Grouped of, ExactRandom random)
        {
            (_of, _random) = (of, random);
            _part = Exact(of._epsilon ?? 1) / (of._measured.Length + (of._groupFields > 0 ? 1 : 0));
            _one = new DiscreteLaplace(1 / _part);
            _threshold = of._groupFields > 0 ? BigInteger.Max(1 + _one.Tail(Delta), of._smallest) : 0;
        }

        /// <summary>A group that is there through one person alone is told of with probability δ at most.</summary>
        public bool Reaches(Cell cell) => _of._groupFields == 0 || cell.Rows + _one.Draw(_random) >= _threshold;

        public long Noisy(Int128 value, int index)
        {
            var scale = ScaleOf(index) / _part;
            return (long)BigInteger.Clamp((BigInteger)value + new DiscreteLaplace(scale).Draw(_random), long.MinValue, long.MaxValue);
        }

        public double Mean(Int128 sum, long count, int index)
        {
            var noisySum = (BigInteger)sum + new DiscreteLaplace(ScaleOf(index) * 2 / _part).Draw(_random);
            var noisyCount = BigInteger.Max(1, count + new DiscreteLaplace(2 / _part).Draw(_random));
            return (double)noisySum / (double)noisyCount;
        }

        private ExactRational ScaleOf(int index)
        {
            var (measure, field, _) = _of._grouping.Measures[index];
            if (measure is Measure.Count or Measure.CountDistinct)
                return 1;
            var (least, most) = _of.Bounds(_of._released.Columns[_of._measured[index]].Type, field ?? "");
            return Math.Max(1, Math.Max(Math.Abs(least), Math.Abs(most)));
        }
    }
}
