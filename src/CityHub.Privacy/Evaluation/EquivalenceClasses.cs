namespace CityHub.Privacy;

/// <summary>Which records of a table cannot be told apart by some columns, found by grouping alone: knows nothing of how the table came about, so that it can check every release.</summary>
public sealed class EquivalenceClasses
{
    private readonly int[] classOf;
    private readonly int[] sizes;

    private EquivalenceClasses(int[] classOf, int[] sizes, int suppressed)
    {
        (this.classOf, this.sizes, Suppressed) = (classOf, sizes, suppressed);
        Sizes = ClassSizes.Of(sizes);
    }

    /// <summary>What stands in a cell that says nothing any more.</summary>
    public const string Nothing = "*";

    /// <summary>For each record its class, counted from 0; -1 where it is suppressed.</summary>
    public ReadOnlySpan<int> ClassOf => classOf;

    /// <summary>For each class its records.</summary>
    public ReadOnlySpan<int> SizeOf => sizes;

    /// <summary>Records of which every column is <see cref="Nothing"/>. They are in no class.</summary>
    public int Suppressed { get; }

    public ClassSizes Sizes { get; }

    /// <exception cref="PrivacyException">A column is not in the table.</exception>
    public static EquivalenceClasses Of(Table table, params IReadOnlyList<string> columns)
    {
        var classOf = new int[table.Rows];
        var classes = Math.Min(1, table.Rows);
        foreach (var name in columns)
            classes = Split(classOf, classes, table[name]);
        var sizes = new int[classes];
        foreach (var one in classOf)
            sizes[one]++;
        var suppressed = columns.Count == 0 ? -1 : Suppress(table, columns, classOf);
        if (suppressed < 0)
            return new EquivalenceClasses(classOf, sizes, 0);
        var gone = sizes[suppressed];
        for (var row = 0; row < classOf.Length; row++)
        {
            var one = classOf[row];
            classOf[row] = one == suppressed ? -1 : one > suppressed ? one - 1 : one;
        }

        return new EquivalenceClasses(classOf, [.. sizes[..suppressed], .. sizes[(suppressed + 1)..]], gone);
    }

    /// <summary>The class that is <see cref="Nothing"/> in all columns; -1 where there is none.</summary>
    private static int Suppress(Table table, IReadOnlyList<string> columns, int[] classOf)
    {
        var all = columns.Select(name => table[name]).ToArray();
        var codes = new int[all.Length];
        for (var i = 0; i < all.Length; i++)
        {
            codes[i] = -1;
            for (var code = 0; code < all[i].Distinct; code++)
            {
                if (all[i].Values[code] == Nothing)
                    codes[i] = code;
            }

            if (codes[i] < 0)
                return -1;
        }

        for (var row = 0; row < classOf.Length; row++)
        {
            var i = 0;
            while (i < all.Length && all[i].Code(row) == codes[i])
                i++;
            if (i == all.Length)
                return classOf[row];
        }

        return -1;
    }

    /// <summary>Splits the classes there are by one more column. Small products go through a table, large ones through a dictionary.</summary>
    private static int Split(int[] classOf, int classes, Column column)
    {
        var count = 0;
        if ((long)classes * column.Distinct <= 1 << 22)
        {
            var known = new int[classes * column.Distinct];
            for (var row = 0; row < classOf.Length; row++)
            {
                ref var one = ref known[(classOf[row] * column.Distinct) + column.Code(row)];
                if (one == 0)
                    one = ++count;
                classOf[row] = one - 1;
            }

            return count;
        }

        var numbers = new Dictionary<long, int>();
        for (var row = 0; row < classOf.Length; row++)
        {
            var key = ((long)classOf[row] * column.Distinct) + column.Code(row);
            if (!numbers.TryGetValue(key, out var one))
                numbers.Add(key, one = count++);
            classOf[row] = one;
        }

        return count;
    }
}
