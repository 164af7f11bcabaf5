using System.Diagnostics.Metrics;
using System.Text;

namespace CityHub.Server.Telemetry;

/// <summary>
/// Collects what the meters of the platform and of our rooms measure and writes it for Prometheus. Our rooms make a static
/// <c>Meter("CityHub.Room")</c> and know nothing of this.
/// </summary>
internal sealed class Metrics : IDisposable
{
    /// <summary>A tag with endless values must not eat the memory of the hub; what is beyond goes uncounted and is reported as such.</summary>
    private const int MostSeries = 2000;

    private static readonly double[] Seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly double[] Sizes = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

    private readonly MeterListener _listener = new();
    private readonly List<Collected> _instruments = [];
    private readonly Lock _gate = new();
    private long _dropped;

    /// <param name="service">The service provider's meters only: hubs of one process (tests) do not see each other's requests.</param>
    public Metrics(IMeterFactory? service = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            var name = instrument.Meter.Name;
            var ours = name.StartsWith("CityHub.", StringComparison.Ordinal);
            var platform = name is "Microsoft.AspNetCore.Hosting" or "Microsoft.AspNetCore.Server.Kestrel" or "System.Runtime";
            if (!ours && !platform)
                return;
            if (instrument.Meter.Scope is not null && service is not null && !ReferenceEquals(instrument.Meter.Scope, service))
                return;
            var collected = new Collected(instrument, this);
            lock (_gate)
                _instruments.Add(collected);
            listener.EnableMeasurementEvents(instrument, collected);
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => (state as Collected)?.Take(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => (state as Collected)?.Take(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => (state as Collected)?.Take(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => (state as Collected)?.Take(value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, state) => (state as Collected)?.Take((double)value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, state) => (state as Collected)?.Take(value, tags));
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, state) => (state as Collected)?.Take(value, tags));
        _listener.Start();
    }

    public string Scrape()
    {
        _listener.RecordObservableInstruments();
        Collected[] all;
        lock (_gate)
            all = [.. _instruments.OrderBy(i => i.Name, StringComparer.Ordinal)];
        var text = new StringBuilder(8192);
        string? before = null;
        foreach (var instrument in all)
        {
            if (instrument.Name != before)
                instrument.WriteHead(text);
            before = instrument.Name;
            instrument.Write(text);
        }

        text.Append("# HELP cityhub_metrics_dropped_total Measurements of series beyond the first ").Append(MostSeries).Append(" of an instrument\n# TYPE cityhub_metrics_dropped_total counter\ncityhub_metrics_dropped_total ")
            .Append(Interlocked.Read(ref _dropped)).Append('\n');
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>One instrument: its series in an open hash table that readers walk without a lock.</summary>
    private sealed class Collected(Instrument instrument, Metrics owner)
    {
        private readonly InstrumentKind _kind = PrometheusText.Kind(instrument);
        private readonly bool _sets = instrument.IsObservable || instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal);
        private readonly Lock _growing = new();
        private readonly double[]? _bounds = PrometheusText.Kind(instrument) == InstrumentKind.Histogram ? instrument.Unit == "s" ? Seconds : Sizes : null;
        private volatile MetricSeries?[] _table = new MetricSeries?[16];
        private int _count;

        public string Name { get; } = PrometheusText.Name(instrument.Name, instrument.Unit, PrometheusText.Kind(instrument) == InstrumentKind.Counter);

        public void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (Find(tags) is not { } series)
            {
                Interlocked.Increment(ref owner._dropped);
                return;
            }

            if (_kind == InstrumentKind.Histogram)
                series.Record(value);
            else if (_sets)
                series.Set(value);
            else
                series.Add(value);
        }

        public void WriteHead(StringBuilder to)
        {
            if (instrument.Description is { Length: > 0 } help)
                to.Append("# HELP ").Append(Name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
            to.Append("# TYPE ").Append(Name).Append(' ').Append(PrometheusText.TypeOf(instrument)).Append('\n');
        }

        public void Write(StringBuilder to)
        {
            foreach (var series in _table)
                series?.Write(to, Name);
        }

        private MetricSeries? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var hash = HashOf(tags);
            var table = _table;
            for (var i = hash & (table.Length - 1); table[i] is { } series; i = (i + 1) & (table.Length - 1))
                if (series.Has(tags))
                    return series;
            return Add(tags, hash);
        }

        private MetricSeries? Add(ReadOnlySpan<KeyValuePair<string, object?>> tags, int hash)
        {
            lock (_growing)
            {
                var table = _table;
                var i = hash & (table.Length - 1);
                for (; table[i] is { } there; i = (i + 1) & (table.Length - 1))
                    if (there.Has(tags))
                        return there;
                if (_count >= MostSeries)
                    return null;
                var series = new MetricSeries(tags.ToArray(), _bounds);
                _count++;
                if (_count * 2 > table.Length)
                    _table = Grown(table, series);
                else
                    Volatile.Write(ref table[i], series);
                return series;
            }
        }

        private static MetricSeries?[] Grown(MetricSeries?[] table, MetricSeries more)
        {
            var larger = new MetricSeries?[table.Length * 2];
            foreach (var series in table.Append(more).OfType<MetricSeries>())
            {
                var i = HashOf(series.Tags) & (larger.Length - 1);
                while (larger[i] is not null)
                    i = (i + 1) & (larger.Length - 1);
                larger[i] = series;
            }

            return larger;
        }

        private static int HashOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var hash = 17;
            foreach (var (_, value) in tags)
                hash = (hash * 31) + (value?.GetHashCode() ?? 0);
            return (hash ^ (hash >> 15)) & int.MaxValue;
        }
    }
}
