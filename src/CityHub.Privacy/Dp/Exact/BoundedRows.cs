namespace CityHub.Privacy;

/// <summary>
/// The rows that count: of each resident at most so many groups, and in each at most so many rows. Which of a resident's rows stay depends on that resident's rows
/// and on chance alone, so that one resident more or less changes nothing of the others.
/// </summary>
internal sealed class BoundedRows
{
    private readonly List<int> rows = [];
    private readonly List<int> groups = [];
    private readonly List<long> values = [];

    private BoundedRows(IReadOnlyList<IReadOnlyList<string>> keys) => Keys = keys;

    /// <summary>The groups: as they were given, or those that occur.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Keys { get; }

    public int Count => rows.Count;

    /// <summary>The number of the row in the table.</summary>
    public int Row(int i) => rows[i];

    public int Group(int i) => groups[i];

    /// <summary>In steps of the grid; 0 where the question is about no value.</summary>
    public long Value(int i) => values[i];

    /// <summary>Rows without a resident, outside of the given keys, or without a number where one is asked for, count as absent.</summary>
    public static BoundedRows Of(Table table, DpQuery query, ValueGrid? grid, ExactRandom random)
    {
        var unit = table[query.Unit];
        var (groupOf, keys) = KeyIndex.Groups(table, query.GroupBy, query.Keys);
        var (placed, steps) = Place(table, query, grid);
        var value = grid is null || query.Value is null ? null : table[query.Value];
        var bounded = new BoundedRows(keys);

        var starts = new int[unit.Distinct + 1]; // the rows of each resident, in the order of the table
        for (var row = 0; row < table.Rows; row++)
        {
            if (Counts(row))
                starts[unit.Code(row) + 1]++;
        }

        for (var one = 0; one < unit.Distinct; one++)
            starts[one + 1] += starts[one];
        var order = new int[starts[^1]];
        var at = starts[..^1];
        for (var row = 0; row < table.Rows; row++)
        {
            if (Counts(row))
                order[at[unit.Code(row)]++] = row;
        }

        var taken = new Dictionary<int, int>();
        for (var one = 0; one < unit.Distinct; one++)
        {
            var own = order.AsSpan(starts[one]..starts[one + 1]);
            taken.Clear();
            if (own.Length > query.RowsPerUnit || own.Length > query.GroupsPerUnit)
                Shuffle(own, random);
            foreach (var row in own)
            {
                var group = groupOf[row];
                if (!taken.TryGetValue(group, out var sofar) && taken.Count == query.GroupsPerUnit)
                    continue;
                if (sofar == query.RowsPerUnit)
                    continue;
                taken[group] = sofar + 1;
                bounded.rows.Add(row);
                bounded.groups.Add(group);
                bounded.values.Add(value is null ? 0 : steps[value.Code(row)]);
            }
        }

        return bounded;

        bool Counts(int row) => groupOf[row] >= 0 && unit[row].Length > 0 && (value is null || placed[value.Code(row)]);
    }

    private static void Shuffle(Span<int> items, ExactRandom random)
    {
        for (var left = items.Length; left > 1; left--)
        {
            var other = (int)random.Below((ulong)left);
            (items[left - 1], items[other]) = (items[other], items[left - 1]);
        }
    }

    private static (bool[] Placed, long[] Steps) Place(Table table, DpQuery query, ValueGrid? grid)
    {
        if (query.Value is null || grid is null)
            return ([], []);
        var column = table[query.Value];
        var placed = new bool[column.Distinct];
        var steps = new long[column.Distinct];
        for (var code = 0; code < placed.Length; code++)
            placed[code] = grid.TryPlace(column.Values[code], out steps[code]);
        return (placed, steps);
    }
}
