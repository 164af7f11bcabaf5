using System.Globalization;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Series;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>The temporal representations of clauses 4.5.6 (normalized), 4.5.9 (simplified: temporalValues) and 4.5.19 (aggregated).</summary>
internal static class HistoryWriter
{
    public static void Write(Utf8JsonWriter json, Evolution evolution, History history, LdContext context, Representation how, HistoryQuery query, bool withContext)
    {
        var (pick, omit) = (how.Pick, how.Omit);
        json.WriteStartObject();
        if ((pick?.Id ?? true) && !(omit?.Id ?? false))
            json.WriteString("id"u8, evolution.Entity.Id);
        if ((pick?.Type ?? true) && !(omit?.Type ?? false))
            Types(json, evolution.Entity.Types, context);
        if (how.SysAttrs)
        {
            EntityWriter.WriteTime(json, "createdAt"u8, evolution.Entity.CreatedAt);
            EntityWriter.WriteTime(json, "modifiedAt"u8, evolution.Entity.ModifiedAt);
            EntityWriter.WriteTime(json, "deletedAt"u8, evolution.Entity.DeletedAt);
        }

        foreach (var attribute in evolution.Attributes)
            Attribute(json, attribute, history, context, how, query);
        if (withContext)
            EntityWriter.WriteContext(json, context);
        json.WriteEndObject();
    }

    private static void Types(Utf8JsonWriter json, int[] types, LdContext context)
    {
        if (types.Length == 1)
        {
            json.WriteString("type"u8, context.CompactName(types[0]));
            return;
        }

        json.WriteStartArray("type"u8);
        foreach (var type in types)
            json.WriteStringValue(context.CompactName(type));
        json.WriteEndArray();
    }

    private static void Attribute(Utf8JsonWriter json, AttributeEvolution attribute, History history, LdContext context, Representation how, HistoryQuery query)
    {
        if (query.Format == HistoryFormat.Aggregated)
        {
            Aggregates(json, attribute, history.Series, context, query);
            return;
        }

        json.WritePropertyName(context.CompactName(attribute.Name));
        if (query.Format == HistoryFormat.TemporalValues)
        {
            Simplified(json, attribute, context, how, query);
            return;
        }

        json.WriteStartArray();
        foreach (var (_, instance) in attribute.Instances)
            Instance(json, instance, context, how, query);
        json.WriteEndArray();
    }

    private static void Instance(Utf8JsonWriter json, Attribute instance, LdContext context, Representation how, HistoryQuery query)
    {
        if (!History.IsDeleted(instance))
        {
            EntityWriter.WriteInstance(json, instance, context, how with { Format = query.Format == HistoryFormat.Concise ? Format.Concise : Format.Normalized });
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, AttributeKinds.Name(instance.Kind));
        json.WritePropertyName(AttributeKinds.ValueMember(instance.Kind));
        if (Iris.Text(instance.Name) == History.ScopeIri)
        {
            json.WriteStartArray();
            json.WriteEndArray();
        }
        else
            Null(json, instance.Kind);
        if (instance.Dataset is { } dataset)
            json.WriteString("datasetId"u8, dataset);
        if (instance.InstanceId is { } id)
            json.WriteString("instanceId"u8, id);
        EntityWriter.WriteTime(json, "observedAt"u8, instance.ObservedAt, instance.ObservedDigits);
        if (instance.ObservedAt == 0)
            EntityWriter.WriteTime(json, "deletedAt"u8, instance.ModifiedAt);
        json.WriteEndObject();
    }

    /// <summary>NGSI-LD Null in the place of each kind's value (4.5.0).</summary>
    private static void Null(Utf8JsonWriter json, AttributeKind kind)
    {
        if (kind == AttributeKind.LanguageProperty)
        {
            json.WriteStartObject();
            json.WriteString("@none"u8, NgsiLdNull.Uri);
            json.WriteEndObject();
        }
        else
            json.WriteStringValue(NgsiLdNull.Uri);
    }

    private static void Simplified(Utf8JsonWriter json, AttributeEvolution attribute, LdContext context, Representation how, HistoryQuery query)
    {
        var byDataset = attribute.Instances.GroupBy(i => i.Instance.Dataset).ToList();
        if (byDataset.Count > 1)
            json.WriteStartArray();
        foreach (var group in byDataset)
        {
            var kind = group.First().Instance.Kind;
            json.WriteStartObject();
            json.WriteString("type"u8, AttributeKinds.Name(kind));
            if (group.Key is { } dataset)
                json.WriteString("datasetId"u8, dataset);
            json.WriteStartArray(Plural(kind));
            foreach (var (time, instance) in group)
            {
                json.WriteStartArray();
                Bare(json, instance, context, how);
                json.WriteStringValue(query.TimeProperty is null or "observedAt" && instance.ObservedAt != 0 ? Times.Text(instance.ObservedAt, instance.ObservedDigits) : Times.Text(time, 7));
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (byDataset.Count > 1)
            json.WriteEndArray();
        if (byDataset.Count > 0)
            return;
        json.WriteStartObject();
        json.WriteString("type"u8, "Property"u8);
        json.WriteStartArray("values"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ReadOnlySpan<byte> Plural(AttributeKind kind) => kind switch
    {
        AttributeKind.Property or AttributeKind.GeoProperty => "values"u8,
        AttributeKind.Relationship => "objects"u8,
        AttributeKind.LanguageProperty => "languageMaps"u8,
        AttributeKind.VocabProperty => "vocabs"u8,
        AttributeKind.JsonProperty => "jsons"u8,
        AttributeKind.ListProperty => "valueLists"u8,
        AttributeKind.ListRelationship => "objectLists"u8,
        _ => throw new InvalidOperationException($"No such kind: {kind}"),
    };

    private static void Bare(Utf8JsonWriter json, Attribute instance, LdContext context, Representation how)
    {
        var deleted = History.IsDeleted(instance);
        if (deleted && Iris.Text(instance.Name) == History.ScopeIri)
        {
            // 4.18: an entity that lost its scopes has none, which is told as an empty array.
            json.WriteStartArray();
            json.WriteEndArray();
        }
        else if (instance.Kind is AttributeKind.LanguageProperty or AttributeKind.VocabProperty or AttributeKind.JsonProperty && (how.Lang is null || instance.Kind != AttributeKind.LanguageProperty))
        {
            json.WriteStartObject();
            json.WritePropertyName(AttributeKinds.ValueMember(instance.Kind));
            if (deleted)
                Null(json, instance.Kind);
            else
                EntityWriter.WriteValue(json, instance, context, how);
            json.WriteEndObject();
        }
        else if (deleted)
            json.WriteStringValue(NgsiLdNull.Uri);
        else
            EntityWriter.WriteValue(json, instance, context, how);
    }

    private static void Aggregates(Utf8JsonWriter json, AttributeEvolution attribute, ISeries series, LdContext context, HistoryQuery query)
    {
        var key = attribute.Keys.FirstOrDefault(k => k.Dataset.Length == 0);
        if (key.Attribute is null)
            key = attribute.Keys[0];
        var buckets = Buckets(series, key, query);
        if (buckets.Count == 0)
            return;
        json.WriteStartObject(context.CompactName(attribute.Name));
        json.WriteString("type"u8, "Property"u8);
        foreach (var method in query.Methods)
        {
            json.WriteStartArray(method);
            foreach (var bucket in buckets)
            {
                if (Value(series, key, bucket, method) is not { } value)
                    continue;
                json.WriteStartArray();
                json.WriteNumberValue(value);
                json.WriteStringValue(Times.Text(bucket.Start, Times.Fewest(bucket.Start)));
                json.WriteStringValue(Times.Text(bucket.End, Times.Fewest(bucket.End)));
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Buckets begin at timeAt, or at the first sample; the last ends with the interval.</summary>
    private static List<Bucket> Buckets(ISeries series, SeriesKey key, HistoryQuery query)
    {
        var (count, first, last) = series.Extent(key);
        if (count == 0)
            return [];
        var from = query.From != 0 ? query.From : first;
        var to = query.To != long.MaxValue ? query.To : last + 1;
        if (from >= to)
            return [];
        if (query.Period is null)
            return [.. series.Aggregate(key, from, to, to - from).Select(b => b with { Start = query.From != 0 ? from : first, End = query.To != long.MaxValue ? to : last })];
        if (query.Width is { } width)
            return [.. series.Aggregate(key, from, to, width)];
        var buckets = new List<Bucket>();
        for (var start = from; start < to;)
        {
            var end = query.BucketEnd(start);
            buckets.AddRange(series.Aggregate(key, start, Math.Min(end, to), end - start).Select(b => b with { End = end }));
            start = end;
        }

        return buckets;
    }

    private static double? Value(ISeries series, SeriesKey key, Bucket bucket, string method) => method switch
    {
        "totalCount" => bucket.Count,
        "distinctCount" => series.Read(key, bucket.Start, bucket.End).Select(Distinct).Distinct(StringComparer.Ordinal).Count(),
        _ when bucket.Numbers == 0 => null,
        "sum" => bucket.Sum,
        "avg" => bucket.Mean,
        "min" => bucket.Min,
        "max" => bucket.Max,
        "sumsq" => bucket.SumOfSquares,
        "stddev" => Math.Sqrt(Math.Max(0, bucket.SumOfSquares / bucket.Numbers - bucket.Mean * bucket.Mean)),
        _ => null,
    };

    private static string Distinct(Sample sample) =>
        double.IsNaN(sample.Number) ? Convert.ToHexString(sample.Body.Span) : sample.Number.ToString("R", CultureInfo.InvariantCulture);
}
