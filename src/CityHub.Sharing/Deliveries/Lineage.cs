using System.Globalization;
using System.Text.Json;
using CityHub.Http;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Deliveries;

/// <summary>Where a dataset comes from, after PROV-O: entities, the deliveries as activities, and what was derived from what. Names are stable URNs.</summary>
internal static class Lineage
{
    public static string Of(string dataset, int version) => string.Create(CultureInfo.InvariantCulture, $"urn:cityhub:dataset:{dataset}:{version}");

    /// <param name="before">Deliveries that stand before these.</param>
    public static void Write(Utf8JsonWriter json, Dataset dataset, IReadOnlyList<Received> deliveries, int before = 0)
    {
        json.WriteStartObject();
        json.WriteString("@context"u8, "http://www.w3.org/ns/prov.jsonld");
        json.WriteStartArray("@graph"u8);
        json.WriteStartObject();
        json.WriteString("@id"u8, $"urn:cityhub:dataset:{dataset.Id}");
        json.WriteString("@type"u8, "prov:Entity");
        json.WriteStartArray("prov:wasDerivedFrom"u8);
        foreach (var from in dataset.DerivedFrom)
            json.WriteStringValue($"urn:cityhub:dataset:{from}");
        json.WriteEndArray();
        json.WriteEndObject();
        for (var i = 0; i < deliveries.Count; i++)
        {
            var received = deliveries[i];
            json.WriteStartObject();
            json.WriteString("@id"u8, received.Urn);
            json.WriteString("@type"u8, "prov:Activity");
            json.WriteString("prov:used"u8, received.What.Source);
            json.WriteString("prov:endedAtTime"u8, RoomHttp.Time(received.At));
            json.WriteString("prov:wasAssociatedWith"u8, received.What.By);
            json.WriteEndObject();
            // Version n of the content is what n deliveries left; a replacement owes nothing to what was before.
            json.WriteStartObject();
            json.WriteString("@id"u8, Of(dataset.Id, before + i + 1));
            json.WriteString("@type"u8, "prov:Entity");
            json.WriteString("prov:specializationOf"u8, $"urn:cityhub:dataset:{dataset.Id}");
            json.WriteString("prov:wasGeneratedBy"u8, received.Urn);
            if (before + i > 0 && received.What.Mode != Core.Tables.WriteMode.Replace)
                json.WriteString("prov:wasRevisionOf"u8, Of(dataset.Id, before + i));
            json.WriteString("cityhub:hash"u8, received.What.Hash);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
