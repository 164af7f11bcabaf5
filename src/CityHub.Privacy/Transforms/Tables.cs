namespace CityHub.Privacy;

/// <summary>Tables made from tables.</summary>
internal static class Tables
{
    /// <summary>The table with this column in the place of the one of its name, or after all others.</summary>
    public static Table With(this Table table, params ReadOnlySpan<Column> columns)
    {
        var all = table.Columns.ToList();
        foreach (var column in columns)
        {
            var at = all.FindIndex(one => string.Equals(one.Name, column.Name, StringComparison.Ordinal));
            if (at < 0)
                all.Add(column);
            else
                all[at] = column;
        }

        return new Table(all);
    }

    public static Table Without(this Table table, params IReadOnlyCollection<string> names) =>
        new(table.Columns.Where(one => !names.Contains(one.Name, StringComparer.Ordinal)));

    /// <summary>The column with a new text for each distinct value.</summary>
    public static Column Recode(Column column, IReadOnlyList<string> mapped)
    {
        var codes = new int[column.Rows];
        column.CopyCodes(0, codes);
        return Coded(column.Name, mapped, codes);
    }

    /// <summary>A column of these texts by number; equal ones become one value, and those that no row has none.</summary>
    public static Column Coded(string name, IReadOnlyList<string> texts, ReadOnlySpan<int> codes)
    {
        var values = new List<string>();
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var numbers = new int[texts.Count];
        numbers.AsSpan().Fill(-1);
        var built = new CodeArray();
        foreach (var code in codes)
        {
            if (numbers[code] < 0 && !known.TryGetValue(texts[code], out numbers[code]))
            {
                known.Add(texts[code], numbers[code] = values.Count);
                values.Add(texts[code]);
            }

            built.Add(numbers[code]);
        }

        return built.Build(name, [.. values]);
    }

    /// <summary>These rows of the table, in this order.</summary>
    public static Table Rows(this Table table, ReadOnlySpan<int> rows)
    {
        var columns = new Column[table.Columns.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var from = table.Columns[i];
            var builder = new ColumnBuilder(from.Name);
            foreach (var row in rows)
                builder.Append(from[row]);
            columns[i] = builder.Build();
        }

        return new Table(columns);
    }

    /// <summary>The first row that has a value, counted from 0.</summary>
    public static int RowOf(Column column, int code)
    {
        var row = 0;
        while (column.Code(row) != code)
            row++;
        return row;
    }

    /// <summary>For each row the number of its combination of values, in the order in which they first came.</summary>
    public static int[] Groups(this Table table, IReadOnlyList<string> names, out int groups)
    {
        var numbers = new int[table.Rows];
        groups = table.Rows == 0 ? 0 : 1;
        var known = new Dictionary<(int, int), int>();
        foreach (var name in names)
        {
            var column = table[name];
            known.Clear();
            for (var row = 0; row < numbers.Length; row++)
            {
                var key = (numbers[row], column.Code(row));
                if (!known.TryGetValue(key, out var number))
                    known.Add(key, number = known.Count);
                numbers[row] = number;
            }

            groups = known.Count;
        }

        return numbers;
    }

    /// <summary>For each group its rows.</summary>
    public static int[][] Members(ReadOnlySpan<int> numbers, int groups)
    {
        var sizes = new int[groups];
        foreach (var number in numbers)
            sizes[number]++;
        var members = sizes.Select(size => new int[size]).ToArray();
        sizes.AsSpan().Clear();
        for (var row = 0; row < numbers.Length; row++)
            members[numbers[row]][sizes[numbers[row]]++] = row;
        return members;
    }
}
