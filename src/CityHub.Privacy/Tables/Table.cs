namespace CityHub.Privacy;

/// <summary>A table in memory, column by column.</summary>
public sealed class Table
{
    private readonly Column[] columns;

    /// <exception cref="PrivacyException">Two columns have one name, or not all have the same number of rows.</exception>
    public Table(params IEnumerable<Column> columns)
    {
        this.columns = [.. columns];
        Rows = this.columns.Length == 0 ? 0 : this.columns[0].Rows;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in this.columns)
        {
            if (!names.Add(column.Name))
                throw new PrivacyRefusal(PrivacyCodes.TableUnreadable, $"Two columns are called {column.Name}.", "Give each column a name of its own.") { Column = column.Name }.ToException();
            if (column.Rows != Rows)
                throw new PrivacyRefusal(PrivacyCodes.TableUnreadable, FormattableString.Invariant($"Column {column.Name} has {column.Rows} rows, the first column {Rows}.")) { Column = column.Name }.ToException();
        }
    }

    public int Rows { get; }

    public IReadOnlyList<Column> Columns => columns;

    /// <exception cref="PrivacyException">There is no such column.</exception>
    public Column this[string name] => Find(name) ?? throw new PrivacyRefusal(
        PrivacyCodes.ColumnUnknown, $"There is no column {name}.", $"The table has: {string.Join(", ", columns.Select(c => c.Name))}.") { Column = name }.ToException();

    public Column? Find(string name)
    {
        foreach (var column in columns)
        {
            if (string.Equals(column.Name, name, StringComparison.Ordinal))
                return column;
        }

        return null;
    }

    /// <summary>For small tables: rows of texts.</summary>
    public static Table Of(IReadOnlyList<string> names, params IEnumerable<string[]> rows)
    {
        var builders = names.Select(name => new ColumnBuilder(name)).ToArray();
        foreach (var row in rows)
        {
            for (var i = 0; i < builders.Length; i++)
                builders[i].Append(row[i]);
        }

        return new Table(builders.Select(one => one.Build()));
    }
}
