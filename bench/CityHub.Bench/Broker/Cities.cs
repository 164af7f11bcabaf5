using System.Globalization;
using System.Text;

namespace CityHub.Bench.Broker;

/// <summary>The entities of the bench: about 700 bytes, six properties, a relationship, a place.</summary>
internal static class Cities
{
    public static string Id(int i) => string.Create(CultureInfo.InvariantCulture, $"urn:ngsi-ld:Sensor:{i:D7}");

    public static string Batch(int from, int count)
    {
        var text = new StringBuilder("[");
        for (var i = from; i < from + count; i++)
        {
            if (i > from)
                text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $$$$"""
                {"id":"{{{{Id(i)}}}}","type":"Sensor","speed":{"type":"Property","value":{{{{i % 200}}}}.5,"unitCode":"KMH"},"temperature":{"type":"Property","value":{{{{i % 40}}}}.25,"unitCode":"CEL","observedAt":"2026-11-01T08:00:00Z"},"status":{"type":"Property","value":"working"},"battery":{"type":"Property","value":{{{{i % 100}}}}},"firmware":{"type":"Property","value":"2.4.{{{{i % 10}}}}"},"serial":{"type":"Property","value":"SN-{{{{i:D9}}}}"},"installedIn":{"type":"Relationship","object":"urn:ngsi-ld:Street:{{{{i % 500}}}}"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[{{{{106 + i % 1000 * 0.001:F3}}}},{{{{29 + i / 1000 % 1000 * 0.001:F3}}}}]}}}
                """);
        }

        return text.Append(']').ToString();
    }

    /// <summary>What stations send: five observed numbers and their place, about 700 bytes each.</summary>
    public static string Readings(int from, int count, int round)
    {
        var text = new StringBuilder("[");
        for (var i = from; i < from + count; i++)
        {
            if (i > from)
                text.Append(',');
            var time = $"2026-11-01T{8 + round % 12:D2}:{i % 60:D2}:00Z";
            text.Append(CultureInfo.InvariantCulture, $$$$"""
                {"id":"{{{{Id(i)}}}}","type":"Sensor","speed":{"type":"Property","value":{{{{(i + round) % 200}}}}.5,"unitCode":"KMH","observedAt":"{{{{time}}}}"},"temperature":{"type":"Property","value":{{{{(i + round) % 40}}}}.25,"unitCode":"CEL","observedAt":"{{{{time}}}}"},"humidity":{"type":"Property","value":{{{{(i * 7 + round) % 100}}}},"unitCode":"P1","observedAt":"{{{{time}}}}"},"noise":{"type":"Property","value":{{{{40 + (i * 3 + round) % 50}}}}.1,"observedAt":"{{{{time}}}}"},"battery":{"type":"Property","value":{{{{(i + round) % 100}}}},"unitCode":"P1","observedAt":"{{{{time}}}}"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[{{{{106 + i % 1000 * 0.001:F3}}}},{{{{29 + i / 1000 % 1000 * 0.001:F3}}}}]},"observedAt":"{{{{time}}}}"}}
                """);
        }

        return text.Append(']').ToString();
    }
}
