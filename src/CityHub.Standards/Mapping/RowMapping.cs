using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards.Mapping;

/// <param name="Row">Within the batch, from 0.</param>
/// <param name="Step">What refused it: a step, or <c>type</c>, <c>required</c>.</param>
internal readonly record struct MappingFault(int Row, string Field, string Step, string Why);

/// <summary>A mapping, compiled for the columns of the department and those of the dataset; its examples hold.</summary>
internal sealed class RowMapping
{
    private readonly Column[] _columns;
    private readonly HashSet<string> _missing;

    private RowMapping(TableSchema source, TableSchema target, Column[] columns, HashSet<string> missing) => (Source, Target, _columns, _missing) = (source, target, columns, missing);

    public TableSchema Source { get; }

    public TableSchema Target { get; }

    public static Result<RowMapping> Compile(RowMappingDeclaration declaration, TableSchema source, TableSchema target, ICodeTables tables)
    {
        if (!Bind(declaration, source, target, tables).TryGet(out var mapping, out var problem))
            return problem;
        var failed = mapping.Try(declaration.Examples ?? []).Where(e => e.Why is not null).Take(5).ToList();
        if (failed.Count > 0)
            return RowMappingProblems.ExamplesFail.Because(string.Join(" ", failed.Select(e => $"Example {e.Example}: {e.Why}.")), "Change the mapping, or the example if it is wrong; POST /standards/mappings/{id}/test tries them.", "examples");
        return mapping;
    }

    /// <summary>Without looking at the examples.</summary>
    public static Result<RowMapping> Bind(RowMappingDeclaration declaration, TableSchema source, TableSchema target, ICodeTables tables)
    {
        if (declaration.Columns.Any(c => c is null) || (declaration.Examples?.Any(e => e is null) ?? false) || declaration.Columns.Any(c => c.Steps?.Any(s => s is null) ?? false))
            return RowMappingProblems.Malformed.Because("A column, a step or an example is null.");
        if (declaration.Columns.GroupBy(c => c.To, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return RowMappingProblems.Malformed.Because($"{twice.Key} is filled twice.");
        var columns = new Column[target.Columns.Count];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = Column.Empty(target.Columns[i]);
        foreach (var declared in declaration.Columns)
        {
            var to = target.IndexOf(declared.To);
            if (to < 0)
                return RowMappingProblems.OtherSchema.Because($"The dataset has no column {declared.To}.", $"It has {string.Join(", ", target.Columns.Select(c => c.Name))}.");
            if (!Column.Of(declared, source, target.Columns[to], tables).TryGet(out var column, out var problem))
                return problem;
            columns[to] = column;
        }

        if (columns.FirstOrDefault(c => c is { IsEmpty: true, Target.Nullable: false }) is { } lacking)
            return RowMappingProblems.OtherSchema.Because($"Nothing fills the column {lacking.Target.Name}, and no row may be without it.", "Give it a column of the department, or a constant.");
        return new RowMapping(source, target, columns, [.. declaration.Missing ?? []]);
    }

    /// <summary>Columns of one name, texts read as the dataset's types; for deliveries without a mapping.</summary>
    public static Result<RowMapping> Same(TableSchema source, TableSchema target, ICodeTables tables) =>
        Bind(new RowMappingDeclaration { Columns = [.. target.Columns.Where(c => source.IndexOf(c.Name) >= 0).Select(c => new MappedColumn { To = c.Name, From = c.Name })] }, source, target, tables);

    /// <summary>Each row becomes one row; where a value could not be made there is none, and a fault says why.</summary>
    public RowBatch Map(RowBatch batch, CellBatch builder, List<MappingFault> faults)
    {
        builder.Clear();
        for (var i = 0; i < _columns.Length; i++)
        {
            var column = _columns[i];
            for (var row = 0; row < batch.Rows; row++)
                builder.Add(i, column.Map(batch, row, _missing, faults));
        }

        builder.Batch.Rows = batch.Rows;
        return builder.Batch;
    }

    /// <summary>Each example with what is wrong with it; null: it holds. Counted from 1.</summary>
    public IEnumerable<(int Example, string? Why)> Try(IReadOnlyList<MappingExample> examples)
    {
        for (var i = 0; i < examples.Count; i++)
            yield return (i + 1, Try(examples[i]));
    }

    private string? Try(MappingExample example)
    {
        if ((example.Out is null) == (example.Refused is null))
            return "it says neither out nor refused, or both";
        var input = new CellBatch(Source);
        if (example.In.Keys.FirstOrDefault(k => Source.IndexOf(k) < 0) is { } unknown)
            return $"the department has no column {unknown}";
        for (var i = 0; i < Source.Columns.Count; i++)
        {
            var text = example.In.GetValueOrDefault(Source.Columns[i].Name);
            var cell = StepCompiler.Conform(string.IsNullOrEmpty(text) ? Cell.Nothing : Cell.Text(text), Source.Columns[i].Type);
            if (cell.Why is not null)
                return $"{Source.Columns[i].Name} of in: {cell.Why}";
            input.Add(i, cell.Cell);
        }

        input.Batch.Rows = 1;
        var faults = new List<MappingFault>();
        var made = Map(input.Batch, new CellBatch(Target), faults);
        if (example.Refused is { } refused)
            return faults.Exists(f => f.Field == refused) ? null : $"{refused} is not refused";
        if (faults.Count > 0)
            return $"{faults[0].Field} is refused by {faults[0].Step}: {faults[0].Why}";
        foreach (var (name, expected) in example.Out ?? new Dictionary<string, string?>())
        {
            var at = Target.IndexOf(name);
            if (at < 0)
                return $"the dataset has no column {name}";
            var actual = Cell.From(made.Columns[at], 0);
            if (actual.HasValue != expected is not null || (expected is not null && !Equal(actual, expected)))
                return $"{name} is {(actual.HasValue ? $"\"{actual}\"" : "missing")}, not {(expected is null ? "missing" : $"\"{expected}\"")}";
        }

        return null;
    }

    private static bool Equal(Cell actual, string expected)
    {
        if (actual.Type != ColumnType.Number)
            return actual.ToString() == expected || (StepCompiler.Conform(Cell.Text(expected), actual.Type) is { Why: null } read && read.Cell == actual);
        return StepCompiler.TryNumber(Cell.Text(expected), out var number) && Math.Abs(number - actual.Number) <= 1e-9 * Math.Max(1, Math.Abs(number));
    }

    private sealed class Column
    {
        private int[] _inputs = [];
        private string? _with;
        private Cell _constant;
        private (string Name, Step Step)[] _steps = [];

        private Column(TableColumn target) => Target = target;

        public TableColumn Target { get; }

        public bool IsEmpty { get; private init; }

        public static Column Empty(TableColumn target) => new(target) { IsEmpty = true };

        public static Result<Column> Of(MappedColumn declared, TableSchema source, TableColumn target, ICodeTables tables)
        {
            var own = (declared.Steps ?? []).Any(s => s.Do == "gcj02");
            if ((declared.From is null ? 0 : 1) + (declared.Join is null ? 0 : 1) + (declared.Constant is null ? 0 : 1) + (own ? 1 : 0) != 1)
                return RowMappingProblems.Malformed.Because($"{declared.To} has to have one of from, join, constant, or a step gcj02.");
            if (declared.Inputs.FirstOrDefault(n => source.IndexOf(n) < 0) is { } unknown)
                return RowMappingProblems.OtherSchema.Because($"The department has no column {unknown}.", $"It has {string.Join(", ", source.Columns.Take(50).Select(c => c.Name))}.");
            var steps = new List<(string, Step)>();
            foreach (var step in declared.Steps ?? [])
            {
                if (!StepCompiler.Compile(step, source, tables).TryGet(out var compiled, out var problem))
                    return new Problem(problem.Kind, $"{declared.To}: {problem.Detail}", problem.Hint, problem.Rule);
                steps.Add((step.Do, compiled));
            }

            return new Column(target)
            {
                _inputs = [.. (declared.From is { } from ? new[] { from } : declared.Join ?? []).Select(source.IndexOf)],
                _with = declared.With,
                _constant = declared.Constant is { } constant ? Cell.Text(constant) : Cell.Nothing,
                _steps = [.. steps],
            };
        }

        public Cell Map(RowBatch batch, int row, HashSet<string> missing, List<MappingFault> faults)
        {
            var cell = _inputs.Length switch
            {
                0 => _constant,
                1 => Known(batch.Columns[_inputs[0]], row, missing),
                _ => Joined(batch, row, missing),
            };
            foreach (var (name, step) in _steps)
            {
                var next = step(cell, batch, row);
                if (next.Why is { } why)
                {
                    faults.Add(new MappingFault(row, Target.Name, name, why));
                    return Cell.Nothing;
                }

                cell = next.Cell;
            }

            var last = StepCompiler.Conform(cell, Target.Type);
            if (last.Why is { } wrong)
                faults.Add(new MappingFault(row, Target.Name, "type", wrong));
            return last.Cell;
        }

        private static Cell Known(ColumnBatch column, int row, HashSet<string> missing)
        {
            var cell = Cell.From(column, row);
            return cell is { HasValue: true, Type: ColumnType.Text } && (column.Utf8(row).IsEmpty || (missing.Count > 0 && missing.Contains(cell.ToString()))) ? Cell.Nothing : cell;
        }

        private Cell Joined(RowBatch batch, int row, HashSet<string> missing)
        {
            var parts = _inputs.Select(i => Known(batch.Columns[i], row, missing)).Where(c => c.HasValue).Select(c => c.ToString()).ToList();
            return parts.Count == 0 ? Cell.Nothing : Cell.Text(string.Join(_with ?? "", parts));
        }
    }
}

/// <summary>The rows of a department as those of the dataset, a batch at a time. A row of which a value could not be made is left out and counted.</summary>
internal sealed class MappedRows(IRows rows, RowMapping mapping) : IRows
{
    private const int MostFaults = 1000;
    private readonly CellBatch _mapped = new(mapping.Target);
    private readonly CellBatch _kept = new(mapping.Target);
    private readonly List<MappingFault> _faults = [];
    private readonly List<(long Row, MappingFault Fault)> _all = [];
    private long _read;

    public TableSchema Schema => mapping.Target;

    public long Refused { get; private set; }

    /// <summary>The first thousand, with the number of the row from 1.</summary>
    public IReadOnlyList<(long Row, MappingFault Fault)> Faults => _all;

    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        while (await rows.NextAsync(cancel) is { } batch)
        {
            _faults.Clear();
            var made = mapping.Map(batch, _mapped, _faults);
            var passed = made;
            if (_faults.Count > 0)
            {
                var refused = new ulong[(batch.Rows >> 6) + 1];
                foreach (var fault in _faults)
                {
                    refused[fault.Row >> 6] |= 1UL << (fault.Row & 63);
                    if (_all.Count < MostFaults)
                        _all.Add((_read + fault.Row + 1, fault));
                }

                foreach (var word in refused)
                    Refused += System.Numerics.BitOperations.PopCount(word);
                passed = RowSieve.Keep(made, refused, _kept);
            }

            _read += batch.Rows;
            if (passed.Rows > 0)
                return passed;
        }

        return null;
    }

    public ValueTask DisposeAsync() => rows.DisposeAsync();
}

/// <summary>Leaves rows out of a batch.</summary>
internal static class RowSieve
{
    public static RowBatch Keep(RowBatch batch, ReadOnlySpan<ulong> refused, CellBatch into)
    {
        into.Clear();
        for (var row = 0; row < batch.Rows; row++)
            if ((refused[row >> 6] >> (row & 63) & 1) == 0)
                for (var i = 0; i < batch.Columns.Length; i++)
                    into.Copy(i, batch.Columns[i], row);
        return into.Batch;
    }
}
