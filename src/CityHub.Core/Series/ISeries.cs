namespace CityHub.Core.Series;

/// <summary>Names one series: the history of one attribute instance of one entity.</summary>
/// <param name="Dataset">datasetId IRI, or empty for the default instance.</param>
public readonly record struct SeriesKey(string Tenant, string Entity, string Attribute, string Dataset = "");

/// <summary>
/// One value at one time. Plain numbers travel in <see cref="Number"/> and compress in columns; whatever else an attribute
/// carries travels whole in <see cref="Body"/>.
/// </summary>
/// <param name="Time">UTC ticks of when it was so (observedAt; else when it was recorded).</param>
/// <param name="Recorded">UTC ticks of when the hub recorded it.</param>
/// <param name="Number">The value where it is a number, else NaN.</param>
/// <param name="Body">The rest of the instance in the writer's own encoding; empty for a plain number.</param>
/// <param name="Sequence">Identity within the series: given by the store on append (0 on the way in), stable for ever.</param>
public readonly record struct Sample(long Time, long Recorded, double Number, ReadOnlyMemory<byte> Body, long Sequence = 0);

/// <summary>Statistics of the plain numbers of one bucket; <see cref="Count"/> counts every sample, <see cref="Numbers"/> those with a number.</summary>
public readonly record struct Bucket(long Start, long End, long Count, long Numbers, double Sum, double SumOfSquares, double Min, double Max)
{
    public double Mean => Numbers == 0 ? double.NaN : Sum / Numbers;
}

/// <summary>
/// The history: per series, samples ordered by (Time, Sequence). It is a view over the log: readers see what was appended in this
/// process at once; durability comes from the log, and <see cref="Position"/> says from where to replay after a start.
/// </summary>
public interface ISeries
{
    /// <summary>The log position up to which every sample is stored durably.</summary>
    long Position { get; }

    /// <summary>Adds samples (any order, duplicates of time allowed). Visible to readers on return. Returns the sequence of the first; the rest follow by one.</summary>
    long Append(SeriesKey key, ReadOnlySpan<Sample> samples);

    /// <summary>Everything appended so far belongs to log positions up to this one; the store makes it durable soon, in its own time.</summary>
    void Advance(long position);

    /// <summary>Makes everything up to the last <see cref="Advance"/> durable now (shutdown, tests).</summary>
    void Flush();

    /// <summary>Replaces the sample with that sequence. False when there is none.</summary>
    bool Replace(SeriesKey key, long sequence, Sample sample);

    /// <summary>Removes one sample, or the whole series when sequence is null. False when there is nothing.</summary>
    bool Remove(SeriesKey key, long? sequence = null);

    /// <summary>
    /// Samples with from ≤ Time &lt; to, ascending, or descending when <paramref name="newestFirst"/>; <paramref name="limit"/> at most.
    /// <paramref name="byRecorded"/> filters and orders by Recorded instead (timeproperty createdAt/modifiedAt).
    /// </summary>
    IEnumerable<Sample> Read(SeriesKey key, long from, long to, bool newestFirst = false, int limit = int.MaxValue, bool byRecorded = false);

    /// <summary>The sample with that sequence.</summary>
    Sample? Find(SeriesKey key, long sequence);

    /// <summary>
    /// Statistics per bucket of <paramref name="width"/> ticks, the first bucket beginning at <paramref name="from"/>; buckets without samples are left out.
    /// Reads block summaries where a block lies inside one bucket.
    /// </summary>
    IReadOnlyList<Bucket> Aggregate(SeriesKey key, long from, long to, long width);

    /// <summary>Number, first and last Time of a series; count 0 when it does not exist.</summary>
    (long Count, long First, long Last) Extent(SeriesKey key);

    /// <summary>All series of an entity.</summary>
    IReadOnlyList<SeriesKey> Of(string tenant, string entity);

    /// <summary>Forgets samples older than this time in series whose key the predicate accepts (retention per type). Returns how many.</summary>
    long Expire(Func<SeriesKey, bool> which, long olderThan);
}
