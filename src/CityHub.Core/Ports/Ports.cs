using CityHub.Core.Problems;

namespace CityHub.Core.Ports;

/// <summary>What is this word? Terms of a context to IRIs and back (JSON-LD 1.1 expansion).</summary>
public interface IVocabulary
{
    /// <summary>The IRI of a term in a context (a URL that the hub knows or was given; null: the core context alone).</summary>
    ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel);
}

/// <summary>
/// What a device or a file said about one thing at one time: named, with unit and time. The words are IRIs already.
/// </summary>
/// <param name="Entity">URI of the thing.</param>
/// <param name="Type">IRI of its type, used when the thing is new.</param>
/// <param name="ObservedAt">When it was so, by whoever saw it.</param>
/// <param name="Values">The readings.</param>
public sealed record Observation(string Entity, string Type, DateTimeOffset ObservedAt, IReadOnlyList<ObservedValue> Values)
{
    /// <summary>Where it is, WGS 84; sets the GeoProperty <c>location</c>.</summary>
    public GeoPoint? Location { get; init; }
}

/// <param name="Attribute">IRI of the property.</param>
/// <param name="Value">A JSON value as UTF-8 (a number, a string in quotes, true, an object …).</param>
/// <param name="Unit">UN/CEFACT common code, e.g. CEL, GQ; null when the value has none.</param>
public readonly record struct ObservedValue(string Attribute, ReadOnlyMemory<byte> Value, string? Unit = null);

/// <summary>WGS 84 degrees.</summary>
public readonly record struct GeoPoint(double Longitude, double Latitude);

/// <summary>
/// The door for what was sensed: durable on return. Readings that arrive while a group is on its way become one fact together.
/// </summary>
public interface IObservations
{
    /// <param name="tenant">Empty for the default tenant.</param>
    ValueTask<Result<long>> RecordAsync(string tenant, IReadOnlyList<Observation> observations, CancellationToken cancel = default);
}

/// <summary>
/// The door for what was sensed long ago: files, loggers read out by hand, other platforms' histories. Idempotent by content: the same thing, attribute,
/// time and value is one instance of the history, however often it comes.
/// </summary>
public interface IBackfill
{
    /// <summary>
    /// Durable on return. One change per thing: its newest value becomes what is known now if nothing newer is known; everything else is history.
    /// </summary>
    /// <param name="tenant">Empty for the default tenant.</param>
    ValueTask<Result<Filled>> FillAsync(string tenant, IReadOnlyList<Observation> observations, CancellationToken cancel = default);
}

/// <param name="Recorded">Values (and places) that are new.</param>
/// <param name="Known">Values that the history held already.</param>
public readonly record struct Filled(int Recorded, int Known);

/// <summary>What is known? Read access to entities for the stages that may not know the broker.</summary>
public interface IEntities
{
    int Count(string tenant);

    /// <summary>The entity as NGSI-LD normalized JSON with expanded names; null when unknown.</summary>
    ReadOnlyMemory<byte>? Find(string tenant, string id);
}

/// <summary>Fresh identities: UUIDs of version 7 in production, a counter in tests.</summary>
public interface IIdSource
{
    Guid Next();
}
