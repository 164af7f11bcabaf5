using System.Numerics;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Privacy;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>
/// Answers about groups instead of rows. Where rows are about persons, or a smallest group is set, a question is answered from cells made by every field that it names, in its groups and in its condition alike.
/// Whoever may have rows gets all cells, and the persons of those that are too small are recorded; who may not gets those cells, and those measures, that the <see cref="Partition"/> of all that he was shown lets
/// pass. Where an ε is set, each person counts once, and counts and sums have noise.
/// </summary>
internal sealed class Grouped
{
    private const int MostCells = 200_000, MostPersons = 20_000_000;

    private readonly Grouping _grouping;
    private readonly TableSchema _released;
    private readonly ReleasePlan _plan;
    private readonly int[] _cellFields, _measured, _valued;
    private readonly int _groupFields, _subject;
    private readonly double? _epsilon;
    private readonly Func<string, (long, long)?> _bounds;
    private readonly RowTestOf? _ofRows, _ofCells;
    private readonly Dictionary<byte[], int> _cells = new(ByteArrays.Comparer);
    private readonly List<byte[]> _keys = [];
    private readonly List<Cell> _content = [];
    private readonly RowBuffer _values;
    private readonly HashSet<int>? _once;
    private readonly HashSet<string> _few = new(StringComparer.Ordinal);

    private Grouped(Grouping grouping, TableSchema released, int[] cellFields, int[] measured, ReleasePlan plan, RowTestOf? ofRows, RowTestOf? ofCells, TableSchema cells, Func<string, (long, long)?> bounds)
    {
        (_grouping, _released, _plan, _cellFields, _measured, _groupFields) = (grouping, released, plan, cellFields, measured, grouping.Fields.Count);
        (_epsilon, _bounds, _ofRows, _ofCells) = (plan.Permit.Obligations.Epsilon, bounds, ofRows, ofCells);
        _valued = [.. measured.Where(field => field >= 0).Distinct()];
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
        var byCells = plan.SmallestAnswer > 1;
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

    /// <param name="partition">Null: neither is anything left out nor anybody recorded.</param>
    public async ValueTask<Problem?> CollectAsync(PipelineSource rows, Partition? partition, CancellationToken cancel)
    {
        var (key, first) = (new RowKey(), 0L);
        while (await rows.NextAsync(cancel) is { } batch)
        {
            var raw = 0;
            for (var row = 0; row < batch.Rows; row++)
            {
                if ((_ofRows is not null && _ofRows.Of(batch, row) != Truth.True) || (_once is not null && !_once.Add(Person(batch, row))))
                    continue;
                var named = key.Of(batch, row, _cellFields);
                if (!_cells.TryGetValue(named, out var cell))
                {
                    _cells.Add(named, cell = _content.Count);
                    _keys.Add(named);
                    _content.Add(new Cell(_measured.Length));
                    _values.Add(Projected(batch), row);
                }

                Count(_content[cell], batch, row);
                if (partition is null)
                    continue;
                Unseen(partition, rows, first, raw, rows.RawRow(row));
                raw = rows.RawRow(row) + 1;
                Place(partition, first + raw - 1, cell, Values(batch, row), _subject < 0 ? null : batch.Columns[_subject], row);
            }

            if (partition is not null)
                Unseen(partition, rows, first, raw, rows.Raw.Rows);
            first += rows.Raw.Rows;
            if (_content.Count > MostCells || _once?.Count > MostPersons || partition is { TooMany: true })
                return ReleaseProblems.QueryTooLarge.Because($"The question makes more than {MostCells} groups.", "Group by fewer fields, or by coarser ones; where a smallest group is set, fields of the condition count, too.");
        }

        return null;
    }

    /// <summary>What may be told, groups in the order of their fields.</summary>
    /// <param name="random">Where noise is added.</param>
    public RowBuffer Answer(Partition? partition, ExactRandom? random)
    {
        var shown = Shown(partition);
        var groups = new Dictionary<byte[], int>(ByteArrays.Comparer);
        var merged = new List<(int First, Cell Cell)>();
        var (batch, key) = (_values.Batch, new RowKey());
        if (_groupFields == 0 && !_plan.HidesGroups)
        {
            groups.Add([], 0); // one group, also of no rows
            merged.Add((0, new Cell(_measured.Length)));
        }

        for (var cell = 0; cell < _content.Count; cell++)
        {
            if (!shown[^1][cell])
                continue;
            var named = key.Of(batch, cell, _groupFields);
            if (!groups.TryGetValue(named, out var group))
            {
                groups.Add(named, group = merged.Count);
                merged.Add((cell, new Cell(_measured.Length)));
            }

            merged[group].Cell.Rows += _content[cell].Rows;
            for (var i = 0; i < _measured.Length; i++)
                if (shown[_measured[i] < 0 ? ^1 : Array.IndexOf(_valued, _measured[i])][cell])
                    merged[group].Cell.Tallies[i].Take(_content[cell].Tallies[i], _grouping.Measures[i].Measure, _plan.SmallestAnswer);
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
            foreach (var tally in cell.Tallies)
                if (tally.Has?.Count < _plan.SmallestAnswer)
                    _few.UnionWith(tally.Has); // the least or greatest value is theirs
        }

        return answer;
    }

    /// <summary>Whom the answer is about and who are too few to be a group, each once: to be recorded before it leaves.</summary>
    public IReadOnlyCollection<string> Few => _few;

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
        for (var i = 0; i < _measured.Length; i++)
        {
            if (_measured[i] < 0)
                continue;
            var column = batch.Columns[_measured[i]];
            if (column.IsNull(row))
                continue;
            ref var tally = ref cell.Tallies[i];
            tally.Count++;
            switch (_grouping.Measures[i].Measure)
            {
                case Measure.Sum or Measure.Mean:
                    Sum(ref tally, column, row, _grouping.Measures[i].Field ?? "");
                    break;
                case Measure.Least or Measure.Greatest:
                    var order = tally.Extreme is { } kept ? RowFilter.Compare(column, row, kept) * (_grouping.Measures[i].Measure == Measure.Greatest ? 1 : -1) : 1;
                    if (order > 0)
                        (tally.Extreme, tally.Has) = (ValueOf(column, row), null);
                    if (order >= 0 && _subject >= 0 && (tally.Has ??= new(StringComparer.Ordinal)).Count < _plan.SmallestAnswer && PersonOf(batch.Columns[_subject], row) is { Length: > 0 } person)
                        tally.Has.Add(person);
                    break;
                case Measure.CountDistinct:
                    (tally.Distinct ??= new HashSet<byte[]>(ByteArrays.Comparer)).Add(new RowKey().Of(batch, row, [_measured[i]]));
                    break;
            }
        }
    }

    private static CellValue ValueOf(ColumnBatch column, int row) => column.Type switch
    {
        ColumnType.Text => CellValue.None with { Text = column.Utf8(row).ToArray() },
        ColumnType.Number => CellValue.None with { Number = column.Numbers[row] },
        _ => CellValue.None with { Integer = column.Integers[row] },
    };

    private static string PersonOf(ColumnBatch column, int row) => column.IsNull(row) ? "" : CellText.TextOf(column, row);

    /// <summary>A bit for each measured field that has a value.</summary>
    private uint Values(RowBatch batch, int row)
    {
        var values = 0u;
        for (var i = 0; i < _valued.Length; i++)
            values |= batch.Columns[_valued[i]].IsNull(row) ? 0 : 1u << i;
        return values;
    }

    /// <summary>Rows that the grant leaves out: who is not seen is told of by what all others add up to.</summary>
    private void Unseen(Partition partition, PipelineSource rows, long first, int from, int to)
    {
        if (_plan.HidesGroups)
            for (var row = from; row < to; row++)
                Place(partition, first + row, Partition.Unseen, 0, _subject < 0 ? null : rows.Raw.Columns[_plan.Subject], row);
    }

    private static void Place(Partition partition, long number, int cell, uint values, ColumnBatch? persons, int row)
    {
        var block = partition.Add(number, cell, values);
        if (persons is not null && partition.Wants(block) && PersonOf(persons, row) is { Length: > 0 } person)
            partition.Person(block, person);
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
        if (counted == 0 && noise is null && ((_plan.HidesGroups && field is not null) || measure is not (Measure.Count or Measure.CountDistinct)))
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

    /// <summary>
    /// By measured field and cell, and last by cell: what is shown of that which is asked for. The order is always the same, so that a question that is asked again has the same answer: largest first.
    /// </summary>
    private bool[][] Shown(Partition? partition)
    {
        var (shown, batch) = (Enumerable.Range(0, _valued.Length + 1).Select(_ => new bool[_content.Count]).ToArray(), _values.Batch);
        var asked = Enumerable.Range(0, _content.Count).ToLookup(cell => _ofCells is null || _ofCells.Of(batch, cell) == Truth.True);
        int[] cells = [.. asked[true].OrderByDescending(cell => _content[cell].Rows).ThenBy(cell => _keys[cell], ByteOrder)];
        foreach (var cell in cells)
            shown[^1][cell] = Told(partition, partition?.Of(cell) ?? []);
        for (var i = 0; i < _valued.Length; i++)
            foreach (var cell in cells)
                shown[i][cell] = shown[^1][cell] && Told(partition, partition?.Of(cell, 1u << i) ?? []);
        if (partition is null || _plan.HidesGroups)
            return shown;
        // A total less what has a value tells of those who have none, and of nearly all the few who are not in it.
        foreach (var cell in cells)
            for (var i = 0; i < _valued.Length; i++)
                _few.UnionWith(partition.Few(partition.Without(cell, 1u << i)));
        _few.UnionWith(partition.Few([.. asked[false].SelectMany(cell => partition.Of(cell))]));
        return shown;
    }

    private bool Told(Partition? partition, IReadOnlyList<int> rows)
    {
        if (partition is null)
            return true;
        if (_plan.HidesGroups)
            return partition.Show(rows);
        _few.UnionWith(partition.Few(rows));
        return true;
    }

    private static readonly Comparer<byte[]> ByteOrder = Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    private sealed class Cell(int measures)
    {
        public long Rows;

        public Tally[] Tallies { get; } = new Tally[measures];
    }

    private struct Tally
    {
        public long Count;
        public Int128 Whole;
        public double Sum;
        public CellValue? Extreme;
        public HashSet<byte[]>? Distinct;

        /// <summary>Persons who have the extreme value, up to the smallest group.</summary>
        public HashSet<string>? Has;

        public void Take(in Tally other, Measure measure, int most)
        {
            (Count, Whole, Sum) = (Count + other.Count, Whole + other.Whole, Sum + other.Sum);
            if (other.Extreme is { } extreme)
            {
                var order = Extreme is { } kept ? Compare(extreme, kept) * (measure == Measure.Greatest ? 1 : -1) : 1;
                if (order > 0)
                    (Extreme, Has) = (extreme, null);
                if (order >= 0 && other.Has is { } persons)
                    (Has ??= new(StringComparer.Ordinal)).UnionWith(persons.Take(most));
            }

            if (other.Distinct is { } distinct)
                (Distinct ??= new HashSet<byte[]>(ByteArrays.Comparer)).UnionWith(distinct);
        }

        /// <summary>Of two values of one type: of the two parts that they do not have, each is the same.</summary>
        private static int Compare(CellValue one, CellValue other) => one.Text.AsSpan().SequenceCompareTo(other.Text) is var texts and not 0 ? texts
            : one.Number.CompareTo(other.Number) is var numbers and not 0 ? numbers
            : one.Integer.CompareTo(other.Integer);
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
            _threshold = of._groupFields > 0 ? BigInteger.Max(1 + _one.Tail(Delta), of._plan.SmallestGroup) : 0;
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
