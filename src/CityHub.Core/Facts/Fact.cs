namespace CityHub.Core.Facts;

/// <summary>Something that happened: past tense, immutable, in the log.</summary>
/// <param name="Position">1-based place in the whole log; gapless.</param>
/// <param name="Stream">What it is about, e.g. <c>entities</c>, <c>subscriptions</c>, <c>devices</c>; <c>stream@tenant</c> for a tenant other than the default.</param>
/// <param name="Version">1-based place within its stream; gapless.</param>
/// <param name="Type">Name of the fact in the past tense, e.g. <c>EntityCreated</c>.</param>
/// <param name="At">When the hub recorded it; never decreases along the log.</param>
/// <param name="Payload">UTF-8 JSON that stands alone (no ids of a running process in it).</param>
public readonly record struct Fact(long Position, string Stream, long Version, string Type, DateTimeOffset At, ReadOnlyMemory<byte> Payload)
{
    public const int SaltBytes = 32;

    /// <summary>Random, known to nobody but the log: what is said about the payload elsewhere commits to it without telling it.</summary>
    public ReadOnlyMemory<byte> Salt { get; init; }
}

/// <summary>A fact on its way into the log.</summary>
public readonly record struct NewFact(string Type, ReadOnlyMemory<byte> Payload);

/// <summary>
/// What is handed to <see cref="IFactLog.AppendAsync"/>: one or more facts of one stream, all of them or none.
/// </summary>
/// <param name="At">When it happened by the appender's clock; the log raises it to the time of its last fact if it lies before that.</param>
public sealed record Append(string Stream, IReadOnlyList<NewFact> Facts, DateTimeOffset At)
{
    public const long AnyVersion = -1;

    /// <summary>The version that the stream must have (0: it must be new); <see cref="AnyVersion"/> asks for nothing.</summary>
    public long ExpectedVersion { get; init; } = AnyVersion;

    /// <summary>
    /// The <see cref="IFactLog.Epoch"/> in which the decision behind this append was made; an append of an older epoch is refused.
    /// <see cref="AnyVersion"/> asks for nothing.
    /// </summary>
    public long Epoch { get; init; } = AnyVersion;

    /// <summary>Handed back to the log's own <see cref="IFactObserver"/>s beside the facts, so that who appended need not parse what he wrote.</summary>
    public object? State { get; init; }
}

/// <param name="Position">Of the last fact of the append.</param>
/// <param name="Version">Of the stream after the append.</param>
public readonly record struct Appended(long Position, long Version, DateTimeOffset At);
