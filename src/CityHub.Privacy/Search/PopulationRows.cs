using System.Globalization;

namespace CityHub.Privacy;

/// <summary>The records of a table and of the population that they were drawn from, distinct by the exact values of their quasi-identifiers.</summary>
internal sealed class PopulationRows
{
    private readonly int[][] leaves; // [attribute][distinct row] → leaf of the hierarchy

    /// <exception cref="PrivacyException">A column or a value is missing, or the population does not hold the records of the table.</exception>
    public PopulationRows(IReadOnlyList<SearchAttribute> attributes, Table table, Table population, IReadOnlyList<ClassModel> models, CancellationToken cancel)
    {
        var both = table.Rows + population.Rows;
        var of = new int[both];
        var count = 1;
        var values = new int[attributes.Count][];
        for (var i = 0; i < values.Length; i++)
        {
            cancel.ThrowIfCancellationRequested();
            var (column, hierarchy) = (attributes[i].Column, attributes[i].Source.Hierarchy);
            var other = population.Find(column.Name) ?? throw new PrivacyRefusal(
                PrivacyCodes.ColumnUnknown, $"The population has no column {column.Name}.", $"It has: {string.Join(", ", population.Columns.Select(one => one.Name))}. All quasi-identifiers are needed.")
            { Column = column.Name }.ToException();
            var (mine, theirs) = (SearchAttribute.Leaves(column, hierarchy, column.Counts()), SearchAttribute.Leaves(other, hierarchy, other.Counts(), " of the population"));
            values[i] = new int[both];
            for (var row = 0; row < table.Rows; row++)
                values[i][row] = mine[column.Code(row)];
            for (var row = 0; row < population.Rows; row++)
                values[i][table.Rows + row] = theirs[other.Code(row)];
            count = ClassNumbers.Split(of, count, values[i], hierarchy.Leaves, of);
        }

        (OfTable, InTable, InPopulation) = (of[..table.Rows], new int[count], new int[count]);
        leaves = Array.ConvertAll(values, _ => new int[count]);
        for (var row = 0; row < both; row++)
        {
            (row < table.Rows ? InTable : InPopulation)[of[row]]++;
            for (var i = 0; i < values.Length; i++)
                leaves[i][of[row]] = values[i][row];
        }

        for (var row = 0; row < table.Rows; row++)
        {
            if (InPopulation[of[row]] < InTable[of[row]])
            {
                var shown = string.Join(", ", attributes.Select(one => $"{one.Column.Name} {one.Column[row]}"));
                throw ModelRefusals.Parameter(
                    models[0].Text, string.Create(CultureInfo.InvariantCulture, $"the table has {InTable[of[row]]} records of {shown}, the first in row {row + 2}, the population {InPopulation[of[row]]}"),
                    "The population has to hold the records of the table, too, with the same values.");
            }
        }
    }

    /// <summary>Of the table and the population together.</summary>
    public int Count => InTable.Length;

    /// <summary>The distinct row of each row of the table.</summary>
    public int[] OfTable { get; }

    /// <summary>How often each distinct row occurs.</summary>
    public int[] InTable { get; }

    public int[] InPopulation { get; }

    /// <summary>The leaf of each distinct row in the hierarchy of an attribute.</summary>
    public int[] Leaves(int attribute) => leaves[attribute];
}

/// <summary>Numbers the classes of rows, an attribute at a time, so that no key outgrows 64 bits however many attributes there are.</summary>
internal static class ClassNumbers
{
    /// <summary>Splits the classes there are by one more attribute.</summary>
    /// <param name="of">The class of each row.</param>
    /// <param name="groups">All that an entry of <paramref name="group"/> may be.</param>
    /// <param name="into">The new classes, in the order in which they first come; may be <paramref name="of"/>.</param>
    /// <returns>How many there are.</returns>
    public static int Split(ReadOnlySpan<int> of, int classes, ReadOnlySpan<int> group, int groups, Span<int> into)
    {
        var count = 0;
        if ((long)classes * groups <= 4L * of.Length + 1024)
        {
            var known = new int[classes * groups];
            for (var row = 0; row < of.Length; row++)
            {
                ref var one = ref known[of[row] * groups + group[row]];
                if (one == 0)
                    one = ++count;
                into[row] = one - 1;
            }

            return count;
        }

        var numbers = new Dictionary<long, int>();
        for (var row = 0; row < of.Length; row++)
        {
            var key = (long)of[row] * groups + group[row];
            if (!numbers.TryGetValue(key, out var one))
                numbers.Add(key, one = count++);
            into[row] = one;
        }

        return count;
    }
}
