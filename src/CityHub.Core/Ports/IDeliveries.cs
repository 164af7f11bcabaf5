using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Core.Ports;

/// <summary>The door for rows of a dataset: files that were handed in, systems that are pulled.</summary>
public interface IDeliveries
{
    /// <summary>The columns that a delivery to this dataset has; refused when the dataset is not known or takes none.</summary>
    Result<TableSchema> SchemaOf(string dataset);

    /// <summary>Checks, keeps and records; durable on return. Rows that break the standard are refused and come back in the outcome; the rest is taken.</summary>
    ValueTask<Result<DeliveryOutcome>> DeliverAsync(Delivery delivery, IRows rows, CancellationToken cancel = default);
}

/// <param name="Dataset">Identifier in the catalogue.</param>
/// <param name="By">Who delivers: a person or a source.</param>
/// <param name="Source">Where the rows came from: name of the file, table or address, and its hash or watermark; for the lineage.</param>
public sealed record Delivery(string Dataset, WriteMode Mode, string By, string Source)
{
    /// <summary>The mapping from the department's format to the standard; null: the columns are the dataset's own.</summary>
    public string? Mapping { get; init; }

    /// <summary>For when the data stand, by whoever made them; null: now.</summary>
    public DateTimeOffset? AsOf { get; init; }

    /// <summary>Rows that stand already as they are given, and rows that go and are not there, are passed over (by key); where there are no others nothing is recorded. For sources that give their last rows again.</summary>
    public bool OnlyChanges { get; init; }
}

/// <param name="Position">Of the fact that recorded it.</param>
/// <param name="Score">0 to 1 over the six dimensions of GB/T 36344; null where the dataset has no rules.</param>
public sealed record DeliveryOutcome(long Position, long Taken, long Refused, double? Score)
{
    /// <summary>Rows that were there and are taken away.</summary>
    public long Gone { get; init; }

    /// <summary>By what the rows were mapped and judged (<see cref="ICheckedRows.Terms"/>); null: it is not known.</summary>
    public string? Terms { get; init; }

    /// <summary>The first of the rows that were refused or found wanting, each with its reason.</summary>
    public IReadOnlyList<RowFault> Faults { get; init; } = [];

    /// <summary>Nothing of it was new and nothing was recorded: <see cref="Position"/> is of the delivery that brought it, 0 where its rows came with several.</summary>
    public bool Known { get; init; }
}

/// <param name="Row">From 1.</param>
/// <param name="Dimension">Of GB/T 36344: normative 规范性, complete 完整性, accurate 准确性, consistent 一致性, timely 时效性, accessible 可访问性.</param>
/// <param name="Refused">False: the row was taken, and counts against the score.</param>
public sealed record RowFault(long Row, string Field, string Rule, string Dimension, string Why, bool Refused);

/// <summary>What a delivery is checked under.</summary>
/// <param name="Department">The provider of the dataset.</param>
/// <param name="Rules">Name of the quality rules; null: only the schema's own (types, missing values, doubled keys).</param>
public sealed record DeliveryTerms(string Dataset, string Department, string? Mapping, string? Rules, DateTimeOffset AsOf);

/// <summary>The door of the standards room for deliveries: turns rows into what the standard says and judges them.</summary>
public interface IDeliveryCheck
{
    /// <summary>The rows as the dataset's schema has them; refused when this dataset has no such mapping or rules, or the mapping does not lead to the schema.</summary>
    Result<ICheckedRows> Check(IRows rows, TableSchema schema, DeliveryTerms terms);
}

/// <summary>Gives only rows that may be taken; what is wrong is counted on the way.</summary>
public interface ICheckedRows : IRows
{
    /// <summary>Final when the last batch has been read.</summary>
    QualityResult Result { get; }

    /// <summary>By what the rows are mapped and judged: a digest of the mapping, the rules and the code tables that they name, each in its version. The same file under other terms is another delivery.</summary>
    string Terms { get; }
}

/// <param name="Scores">By dimension, 0 to 1: rows without a fault in it over rows.</param>
/// <param name="Faults">At most a thousand.</param>
public sealed record QualityResult(long Rows, long Refused, IReadOnlyDictionary<string, double> Scores, double? Score, IReadOnlyList<RowFault> Faults);
