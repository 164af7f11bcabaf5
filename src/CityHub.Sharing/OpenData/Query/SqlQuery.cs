using CityHub.Sharing.Releases;

namespace CityHub.Sharing.OpenData.Query;

/// <summary>A question in the SQL subset, read and not yet asked.</summary>
/// <param name="Columns">Empty: all (<c>*</c>).</param>
/// <param name="From">Identifier of the dataset.</param>
internal sealed record SqlQuery(IReadOnlyList<SqlColumn> Columns, string From)
{
    public bool Distinct { get; init; }

    public Condition? Where { get; init; }

    public IReadOnlyList<string> GroupBy { get; init; } = [];

    public IReadOnlyList<(string Field, bool Descending)> OrderBy { get; init; } = [];

    public long? Limit { get; init; }

    public long Offset { get; init; }

    public bool Grouped => GroupBy.Count > 0 || Columns.Any(column => column.Measure is not null);
}

/// <param name="Field">Null: <c>count(*)</c>.</param>
/// <param name="Measure">Null: the field itself.</param>
/// <param name="Name">What the column is called in the answer.</param>
internal sealed record SqlColumn(string? Field, Measure? Measure, string Name);
