using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
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
/// <param name="Terms">Digest of the mapping, the rules and the code tables by which they were judged; null in facts of before it was written down.</param>
/// <param name="Gone">Rows that were taken away by their key; null: none.</param>
internal sealed record DeliveryReceived(
    string Dataset, int Version, bool Published, string Table, string? Owner, IReadOnlyList<TableColumn> Columns, int Key, WriteMode Mode, string Manifest, string Hash, long Rows, long Refused, double? Score,
    IReadOnlyDictionary<string, double> Scores, IReadOnlyList<FaultCount> Faults, string Source, string? Mapping, DateTimeOffset? AsOf, string By, bool Correction, string? Terms = null, long? Gone = null)
{
    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdef");

    /// <summary>Rows came or went.</summary>
    public bool Changed => Rows > 0 || Gone > 0;

    /// <summary>What makes a delivery the same: its content, into these columns, in this way, under these terms, for this date.</summary>
    public UInt128 Identity() => IdentityOf(Mode, Mapping, AsOf, Correction, Table, Version, Terms, Source);

    public static UInt128 IdentityOf(WriteMode mode, string? mapping, DateTimeOffset? asOf, bool correction, string table, int version, string? terms, string source)
    {
        var said = string.Join('\n', mode, mapping, asOf?.UtcTicks.ToString(CultureInfo.InvariantCulture), correction, table, version.ToString(CultureInfo.InvariantCulture), terms, ContentOf(source));
        return BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(said)));
    }

    /// <summary>The hash that a source ends in, whatever the file is called; all of it where there is none.</summary>
    private static string ContentOf(string source)
    {
        var hash = source.AsSpan(source.LastIndexOfAny(['#', ':']) + 1);
        return hash.Length == 64 && !hash.ContainsAnyExcept(HexDigits) ? hash.ToString() : source;
    }
}

/// <summary>The same rows lie elsewhere now: under the key of the department since the dataset is protected, or in fewer segments.</summary>
internal sealed record RowsRewritten(string Dataset, int Version, string Table, string? Owner, IReadOnlyList<TableColumn> Columns, int Key, string Manifest, long Rows);

/// <summary>A table that others have taken the place of is gone from the disk.</summary>
internal sealed record TableRemoved(string Dataset, string Table, string? Owner);

/// <summary>An officer says that in the period at hand there is nothing to deliver: that is kept, as silence is not.</summary>
internal sealed record NothingToDeliver(string Dataset, string Why, string By);

/// <summary>Where the rows of a dataset lie.</summary>
/// <param name="Owner">The department under whose key; null: in clear.</param>
/// <param name="Manifests">What the table is opened with: from the last on that says everything.</param>
/// <param name="Named">How often a table was named for the dataset: no two tables have one name.</param>
/// <param name="Superseded">Tables of before that are not known to be removed.</param>
internal sealed record TableContent(
    string Table, string? Owner, TableSchema Schema, System.Collections.Immutable.ImmutableList<string> Manifests, int Named, System.Collections.Immutable.ImmutableList<(string Table, string? Owner)> Superseded)
{
    /// <summary>How often rows were delivered.</summary>
    public int Deliveries { get; init; }

    public bool Same(TableSchema schema) => Schema.Key == schema.Key && Schema.Columns.SequenceEqual(schema.Columns);
}

/// <summary>How facts of deliveries are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(EnumWord<WriteMode>), typeof(EnumWord<ColumnType>)])]
[JsonSerializable(typeof(DeliveryReceived))]
[JsonSerializable(typeof(RowsRewritten))]
[JsonSerializable(typeof(TableRemoved))]
[JsonSerializable(typeof(NothingToDeliver))]
internal sealed partial class DeliveryJson : JsonSerializerContext;

/// <summary>Every way of saying no to a delivery.</summary>
public static class DeliveryProblems
{
    public static readonly ProblemKind Unreadable = new("delivery-unreadable", "The delivery cannot be read", 422);
    public static readonly ProblemKind NotTaken = new("delivery-not-taken", "This dataset takes no such delivery", 409);
    public static readonly ProblemKind DigestWrong = new("delivery-digest-wrong", "What arrived is not what was announced", 400);
    public static readonly ProblemKind Unknown = new("delivery-unknown", "There is no such delivery for you", 404);
}
