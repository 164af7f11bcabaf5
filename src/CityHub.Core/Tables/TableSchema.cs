namespace CityHub.Core.Tables;

/// <summary>What the values of a column are, and how they lie in a <see cref="ColumnBatch"/>.</summary>
public enum ColumnType
{
    /// <summary>UTF-8.</summary>
    Text,

    Integer,

    /// <summary>IEEE 754 double.</summary>
    Number,

    /// <summary>0 or 1.</summary>
    Boolean,

    /// <summary>Days since 1970-01-01.</summary>
    Date,

    /// <summary>Microseconds since 1970-01-01T00:00:00Z.</summary>
    Instant,
}

/// <param name="Name">As it stands in files and addresses.</param>
/// <param name="Nullable">False: a row without a value is refused when it is delivered.</param>
public sealed record TableColumn(string Name, ColumnType Type, bool Nullable = true);

/// <summary>The columns of a table in their order. A change makes a new version.</summary>
/// <param name="Key">Index of the column that names a row once in the table; -1: rows have no name, and are only ever appended or replaced as a whole.</param>
public sealed record TableSchema(IReadOnlyList<TableColumn> Columns, int Key = -1, int Version = 1)
{
    public int IndexOf(string name)
    {
        for (var i = 0; i < Columns.Count; i++)
            if (Columns[i].Name == name)
                return i;
        return -1;
    }
}
