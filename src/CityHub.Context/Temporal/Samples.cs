using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CityHub.Context.Entities;
using CityHub.Core.Series;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>
/// Attribute instances ↔ samples. A plain observed number travels as a number and compresses in columns; what else an instance carries is its body:
/// nothing; or <c>1, kind, observed and digits, length of unit, unit, value</c> where that says it all; or <c>0, the instance in the form of facts</c>.
/// </summary>
internal static class Samples
{
    private const byte Whole = 0;
    private const byte Compact = 1;
    private const byte Observed = 0x10;
    private const int Header = 4;

    public static Sample Of(Attribute attribute)
    {
        var observed = attribute.ObservedAt != 0;
        var time = observed ? attribute.ObservedAt : attribute.ModifiedAt;
        var number = Number(attribute.Value.Span);
        var spelled = double.IsNaN(number) || !IsShortest(attribute.Value.Span, number);
        if (attribute.Sub.Count > 0 || attribute.ExpiresAt != 0 || attribute.ObjectType.Count > 0 || attribute.UnitCode is { Length: > 60 })
            return new Sample(time, attribute.ModifiedAt, number, (byte[])[Whole, .. EntityFacts.Encode(attribute)]);
        if (attribute.Kind == AttributeKind.Property && !spelled && observed && attribute.UnitCode is null && attribute.ObservedDigits == Times.Fewest(time))
            return new Sample(time, attribute.ModifiedAt, number, default);
        var unit = attribute.UnitCode is { } code ? Encoding.UTF8.GetByteCount(code) : 0;
        var body = new byte[Header + unit + (spelled ? attribute.Value.Length : 0)];
        body[0] = Compact;
        body[1] = (byte)attribute.Kind;
        body[2] = (byte)((observed ? Observed : 0) | attribute.ObservedDigits);
        body[3] = (byte)unit;
        if (unit > 0)
            Encoding.UTF8.GetBytes(attribute.UnitCode, body.AsSpan(Header));
        if (spelled)
            attribute.Value.Span.CopyTo(body.AsSpan(Header + unit));
        return new Sample(time, attribute.ModifiedAt, number, body);
    }

    public static Attribute ToAttribute(SeriesKey key, int name, Sample sample)
    {
        var instance = InstanceId(key, sample.Sequence);
        var dataset = key.Dataset.Length == 0 ? null : key.Dataset;
        if (sample.Body.Span is [Whole, ..])
            return EntityFacts.DecodeAttribute(sample.Body[1..]) with { Name = name, Dataset = dataset, InstanceId = instance };
        var body = sample.Body;
        var plain = body.IsEmpty;
        var unit = plain ? 0 : body.Span[3];
        return new Attribute
        {
            Name = name,
            Kind = plain ? AttributeKind.Property : (AttributeKind)body.Span[1],
            Dataset = dataset,
            Value = plain || body.Length == Header + unit ? Encoding.ASCII.GetBytes(sample.Number.ToString("R", CultureInfo.InvariantCulture)) : body[(Header + unit)..],
            UnitCode = unit == 0 ? null : Encoding.UTF8.GetString(body.Span.Slice(Header, unit)),
            ObservedAt = plain || (body.Span[2] & Observed) != 0 ? sample.Time : 0,
            ObservedDigits = plain ? (byte)Times.Fewest(sample.Time) : (byte)(body.Span[2] & 0x0F),
            CreatedAt = sample.Recorded,
            ModifiedAt = sample.Recorded,
            InstanceId = instance,
        };
    }

    /// <summary>Derived from the series and the sequence, so that nothing is stored for it (clause 4.5.7).</summary>
    public static string InstanceId(SeriesKey key, long sequence) =>
        string.Create(CultureInfo.InvariantCulture, $"urn:ngsi-ld:Instance:{Hash(key):x16}-{sequence}");

    public static bool TryParse(SeriesKey key, string instanceId, out long sequence)
    {
        sequence = 0;
        var start = string.Create(CultureInfo.InvariantCulture, $"urn:ngsi-ld:Instance:{Hash(key):x16}-");
        return instanceId.StartsWith(start, StringComparison.Ordinal) && long.TryParse(instanceId.AsSpan(start.Length), NumberStyles.None, CultureInfo.InvariantCulture, out sequence);
    }

    /// <summary>67 and 67.0 are one number but two spellings, and a client gets his own back.</summary>
    private static bool IsShortest(ReadOnlySpan<byte> json, double number)
    {
        Span<byte> text = stackalloc byte[32];
        return number.TryFormat(text, out var written, "R", CultureInfo.InvariantCulture) && text[..written].SequenceEqual(json);
    }

    private static double Number(ReadOnlySpan<byte> json) =>
        json is [(byte)'-' or (>= (byte)'0' and <= (byte)'9'), ..] && Utf8Parser.TryParse(json, out double number, out var used) && used == json.Length ? number : double.NaN;

    /// <summary>FNV-1a, 64 bits.</summary>
    private static ulong Hash(SeriesKey key)
    {
        var hash = 14695981039346656037UL;
        foreach (var text in (ReadOnlySpan<string>)[key.Tenant, key.Entity, key.Attribute, key.Dataset])
        {
            foreach (var c in text)
                hash = (hash ^ c) * 1099511628211UL;
            hash = (hash ^ 0xFFFF) * 1099511628211UL;
        }

        return hash;
    }
}
