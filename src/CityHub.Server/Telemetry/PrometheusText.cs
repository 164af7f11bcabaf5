using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace CityHub.Server.Telemetry;

/// <summary>Names and values in the Prometheus text format 0.0.4; names follow the OpenTelemetry to Prometheus rules (dots to underscores, unit and <c>_total</c> at the end).</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Name(string instrument, string? unit, bool counter)
    {
        var name = new StringBuilder(Label(instrument));
        var suffix = unit switch
        {
            null or "" or "1" => counter ? "" : unit == "1" ? "_ratio" : "",
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "%" => "_percent",
            // {requests}: an annotation, no unit.
            _ when unit[0] == '{' => "",
            _ => "_" + Label(unit),
        };
        if (!name.ToString().EndsWith(suffix, StringComparison.Ordinal))
            name.Append(suffix);
        if (counter && !name.ToString().EndsWith("_total", StringComparison.Ordinal))
            name.Append("_total");
        return name.ToString();
    }

    public static string Label(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var c in name)
            text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        if (text.Length > 0 && char.IsAsciiDigit(text[0]))
            text.Insert(0, '_');
        return text.ToString();
    }

    public static string Escape(object? value) => value switch
    {
        null => "",
        bool b => b ? "true" : "false",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => (value.ToString() ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal),
    };

    public static string TypeOf(Instrument instrument) => Kind(instrument) switch
    {
        InstrumentKind.Counter => "counter",
        InstrumentKind.Histogram => "histogram",
        _ => "gauge",
    };

    public static InstrumentKind Kind(Instrument instrument)
    {
        // Without reflection over open generics: the name of the type says which it is.
        var name = instrument.GetType().Name;
        return name.StartsWith("Histogram", StringComparison.Ordinal) ? InstrumentKind.Histogram
            : name.StartsWith("Counter", StringComparison.Ordinal) || name.StartsWith("ObservableCounter", StringComparison.Ordinal) ? InstrumentKind.Counter
            : InstrumentKind.Gauge;
    }
}

internal enum InstrumentKind
{
    Counter,
    Gauge,
    Histogram,
}
