using System.Collections.Concurrent;
using CityHub.Core.Series;

namespace CityHub.Tests.Storage.Series;

/// <summary>The history as plainly as it can be said: sorted lists in memory. What the store answers is compared with what this one does.</summary>
public sealed class PlainSeries : ISeries
{
    private readonly ConcurrentDictionary<SeriesKey, Line> _lines = new();
    private long _sequence;
    private readonly ConcurrentDictionary<(string Tenant, string Entity), List<SeriesKey>> _of = new();

    public long Position => 0;

    public long Append(SeriesKey key, ReadOnlySpan<Sample> samples)
    {
        var line = _lines.GetOrAdd(key, static (k, self) =>
        {
            var keys = self._of.GetOrAdd((k.Tenant, k.Entity), static _ => []);
            lock (keys)
                if (!keys.Contains(k))
                    keys.Add(k);
            return new Line();
        }, this);
        lock (line)
        {
            var first = _sequence + 1;
            foreach (var sample in samples)
                line.Insert(sample with { Sequence = ++_sequence });
            return first;
        }
    }

    public void Advance(long position)
    {
        // Nothing is stored: the log is all there is.
    }

    public void Flush()
    {
        // Nothing is stored: the log is all there is.
    }

    public bool Replace(SeriesKey key, long sequence, Sample sample)
    {
        if (!_lines.TryGetValue(key, out var line))
            return false;
        lock (line)
        {
            var at = line.Samples.FindIndex(s => s.Sequence == sequence);
            if (at < 0)
                return false;
            line.Samples.RemoveAt(at);
            line.Insert(sample with { Sequence = sequence });
            return true;
        }
    }

    public bool Remove(SeriesKey key, long? sequence = null)
    {
        if (!_lines.TryGetValue(key, out var line))
            return false;
        if (sequence is { } one)
        {
            lock (line)
                return line.Samples.RemoveAll(s => s.Sequence == one) > 0;
        }

        if (_of.TryGetValue((key.Tenant, key.Entity), out var keys))
            lock (keys)
                keys.Remove(key);
        return _lines.TryRemove(key, out _);
    }

    public IEnumerable<Sample> Read(SeriesKey key, long from, long to, bool newestFirst = false, int limit = int.MaxValue, bool byRecorded = false)
    {
        if (!_lines.TryGetValue(key, out var line))
            return [];
        Sample[] found;
        lock (line)
        {
            if (byRecorded)
            {
                var recorded = line.Samples.Where(s => s.Recorded >= from && s.Recorded < to);
                found = [.. (newestFirst ? recorded.OrderByDescending(s => s.Recorded).ThenByDescending(s => s.Sequence) : recorded.OrderBy(s => s.Recorded).ThenBy(s => s.Sequence)).Take(limit)];
            }
            else
            {
                var (start, end) = (line.LowerBound(from), line.LowerBound(to));
                var count = Math.Min(limit, Math.Max(0, end - start));
                found = line.Samples.GetRange(newestFirst ? end - count : start, count).ToArray();
                if (newestFirst)
                    Array.Reverse(found);
            }
        }

        return found;
    }

    public Sample? Find(SeriesKey key, long sequence)
    {
        if (!_lines.TryGetValue(key, out var line))
            return null;
        lock (line)
        {
            var at = line.Samples.FindIndex(s => s.Sequence == sequence);
            return at < 0 ? null : line.Samples[at];
        }
    }

    public IReadOnlyList<Bucket> Aggregate(SeriesKey key, long from, long to, long width)
    {
        var buckets = new List<Bucket>();
        if (width <= 0 || !_lines.TryGetValue(key, out var line))
            return buckets;
        lock (line)
        {
            var end = line.LowerBound(to);
            for (var i = line.LowerBound(from); i < end;)
            {
                var start = from + (line.Samples[i].Time - from) / width * width;
                var (count, numbers, sum, squares, min, max) = (0L, 0L, 0.0, 0.0, double.PositiveInfinity, double.NegativeInfinity);
                for (; i < end && line.Samples[i].Time - start < width; i++)
                {
                    count++;
                    var number = line.Samples[i].Number;
                    if (double.IsNaN(number))
                        continue;
                    numbers++;
                    sum += number;
                    squares += number * number;
                    min = Math.Min(min, number);
                    max = Math.Max(max, number);
                }

                buckets.Add(new Bucket(start, start + width, count, numbers, sum, squares, min, max));
            }
        }

        return buckets;
    }

    public (long Count, long First, long Last) Extent(SeriesKey key)
    {
        if (!_lines.TryGetValue(key, out var line))
            return default;
        lock (line)
            return line.Samples.Count == 0 ? default : (line.Samples.Count, line.Samples[0].Time, line.Samples[^1].Time);
    }

    public IReadOnlyList<SeriesKey> Of(string tenant, string entity)
    {
        if (!_of.TryGetValue((tenant, entity), out var keys))
            return [];
        lock (keys)
            return [.. keys];
    }

    public long Expire(Func<SeriesKey, bool> which, long olderThan)
    {
        var gone = 0L;
        foreach (var (key, line) in _lines)
        {
            if (!which(key))
                continue;
            lock (line)
            {
                var count = line.LowerBound(olderThan);
                line.Samples.RemoveRange(0, count);
                gone += count;
            }
        }

        return gone;
    }

    private sealed class Line
    {
        public List<Sample> Samples { get; } = [];

        public void Insert(Sample sample)
        {
            var at = Samples.Count;
            while (at > 0 && (Samples[at - 1].Time > sample.Time || (Samples[at - 1].Time == sample.Time && Samples[at - 1].Sequence > sample.Sequence)))
                at--;
            Samples.Insert(at, sample);
        }

        /// <summary>Index of the first sample that is not before the time.</summary>
        public int LowerBound(long time)
        {
            var (low, high) = (0, Samples.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (Samples[middle].Time < time)
                    low = middle + 1;
                else
                    high = middle;
            }

            return low;
        }
    }
}
