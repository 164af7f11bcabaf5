using System.Text.Json.Serialization;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Deliveries;

/// <summary>How often a rule was broken, without saying by which value.</summary>
internal sealed record FaultCount(string Field, string Rule, string Dimension, bool Refused, int Count);

/// <summary>Rows of a dataset came in and are kept. What it says of them is numbers and commitments.</summary>
/// <param name="Published">False: its catalogue entry was not published yet (decree 809, art. 39(1)).</param>
/// <param name="Table">Name of the table that holds them.</param>
/// <param name="Owner">The department under whose key they lie; null: in clear.</param>
/// <param name="Manifest">What the table has to be opened with.</param>
/// <param name="Hash">Commitment to the rows, hex.</param>
internal sealed record DeliveryReceived(
    string Dataset, int Version, bool Published, string Table, string? Owner, IReadOnlyList<TableColumn> Columns, int Key, WriteMode Mode, string Manifest, string Hash, long Rows, long Refused, double? Score,
    IReadOnlyDictionary<string, double> Scores, IReadOnlyList<FaultCount> Faults, string Source, string? Mapping, DateTimeOffset? AsOf, string By, bool Correction)
{
    public bool Same(TableSchema schema) => Key == schema.Key && Columns.SequenceEqual(schema.Columns);
}

/// <summary>How facts of deliveries are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(EnumWord<WriteMode>), typeof(EnumWord<ColumnType>)])]
[JsonSerializable(typeof(DeliveryReceived))]
internal sealed partial class DeliveryJson : JsonSerializerContext;

/// <summary>Every way of saying no to a delivery.</summary>
public static class DeliveryProblems
{
    public static readonly ProblemKind Unreadable = new("delivery-unreadable", "The delivery cannot be read", 422);
    public static readonly ProblemKind NotTaken = new("delivery-not-taken", "This dataset takes no such delivery", 409);
    public static readonly ProblemKind DigestWrong = new("delivery-digest-wrong", "What arrived is not what was announced", 400);
    public static readonly ProblemKind Unknown = new("delivery-unknown", "There is no such delivery for you", 404);
}
