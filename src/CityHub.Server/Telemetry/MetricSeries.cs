using System.Globalization;
using System.Text;

namespace CityHub.Server.Telemetry;

/// <summary>The value of one instrument for one set of tags. Written by many threads, read by the scrape.</summary>
internal sealed class MetricSeries(KeyValuePair<string, object?>[] tags, double[]? bounds)
{
    private readonly long[] _buckets = bounds is null ? [] : new long[bounds.Length + 1];
    private double _sum;
    private long _count;

    public KeyValuePair<string, object?>[] Tags { get; } = tags;

    public double Sum => Volatile.Read(ref _sum);

    public long Count => Interlocked.Read(ref _count);

    public void Add(double value)
    {
        var seen = Volatile.Read(ref _sum);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _sum, seen + value, seen);
            if (before.Equals(seen))
                return;
            seen = before;
        }
    }

    public void Set(double value) => Volatile.Write(ref _sum, value);

    public void Record(double value)
    {
        if (bounds is null)
            return;
        var i = 0;
        while (i < bounds.Length && value > bounds[i])
            i++;
        Interlocked.Increment(ref _buckets[i]);
        Interlocked.Increment(ref _count);
        Add(value);
    }

    public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length != Tags.Length)
            return false;
        for (var i = 0; i < tags.Length; i++)
            if (!ReferenceEquals(tags[i].Value, Tags[i].Value) && !Equals(tags[i].Value, Tags[i].Value) || tags[i].Key != Tags[i].Key)
                return false;
        return true;
    }

    public void Write(StringBuilder to, string name)
    {
        if (bounds is null)
        {
            Line(to, name, null, Sum);
            return;
        }

        var running = 0L;
        for (var i = 0; i <= bounds.Length; i++)
        {
            running += Interlocked.Read(ref _buckets[i]);
            Line(to, name + "_bucket", i == bounds.Length ? "+Inf" : bounds[i].ToString(CultureInfo.InvariantCulture), running);
        }

        Line(to, name + "_sum", null, Sum);
        // The last bucket and the count are read at different moments; Prometheus asks that they be equal.
        Line(to, name + "_count", null, running);
    }

    private void Line(StringBuilder to, string name, string? le, double value)
    {
        to.Append(name);
        if (Tags.Length > 0 || le is not null)
        {
            to.Append('{');
            var first = true;
            foreach (var (key, tag) in Tags)
            {
                if (!first)
                    to.Append(',');
                first = false;
                to.Append(PrometheusText.Label(key)).Append("=\"").Append(PrometheusText.Escape(tag)).Append('"');
            }

            if (le is not null)
                to.Append(first ? "le=\"" : ",le=\"").Append(le).Append('"');
            to.Append('}');
        }

        to.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
