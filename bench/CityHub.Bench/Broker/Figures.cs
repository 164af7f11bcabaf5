using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CityHub.Bench.Broker;

/// <summary>Median, least and most of each figure.</summary>
internal sealed class Figures(TextWriter output)
{
    private readonly List<(string Key, double Median, double Min, double Max)> _figures = [];
    private readonly List<(string Key, double Value)> _said = [];

    /// <summary>How it was measured: sizes, rounds.</summary>
    public void Say(string key, double value) => _said.Add((key, value));

    public void Add(string key, List<double> values)
    {
        values.Sort();
        var figure = (key, values[values.Count / 2], values[0], values[^1]);
        _figures.Add(figure);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{key,-24} {figure.Item2,14:0.##}  ({figure.Item3:0.##} … {figure.Item4:0.##})"));
        output.Flush();
    }

    public string ToJson()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (var (key, value) in _said)
                json.WriteNumber(key, value);
            foreach (var (key, median, min, max) in _figures)
            {
                json.WriteNumber(key, Math.Round(median, 3));
                json.WriteNumber(key + "_min", Math.Round(min, 3));
                json.WriteNumber(key + "_max", Math.Round(max, 3));
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
