using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CityHub.Context.Entities;
using CityHub.Core.Series;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>
/// Attribute instances ↔ samples. A plain number travels as a number and compresses in columns; what else an instance carries is its body:
/// nothing, or <c>1 + unitCode</c> (what devices send), or <c>0 + the instance in the form of facts</c>.
/// </summary>
internal static class Samples
{
    private const byte Whole = 0;
    private const byte WithUnit = 1;

    public static Sample Of(Attribute attribute)
    {
        var time = attribute.ObservedAt != 0 ? attribute.ObservedAt : attribute.ModifiedAt;
        var number = Number(attribute.Value.Span);
        if (!IsPlain(attribute, number))
            return new Sample(time, attribute.ModifiedAt, number, (byte[])[Whole, .. EntityFacts.Encode(attribute)]);
        return new Sample(time, attribute.ModifiedAt, number, attribute.UnitCode is { } unit ? (byte[])[WithUnit, .. Encoding.UTF8.GetBytes(unit)] : default);
    }

    public static Attribute ToAttribute(SeriesKey key, int name, Sample sample)
    {
        var instance = InstanceId(key, sample.Sequence);
        if (sample.Body.Span is [Whole, ..])
            return EntityFacts.DecodeAttribute(sample.Body[1..]) with { Name = name, Dataset = key.Dataset.Length == 0 ? null : key.Dataset, InstanceId = instance };
        return new Attribute
        {
            Name = name,
            Kind = AttributeKind.Property,
            Dataset = key.Dataset.Length == 0 ? null : key.Dataset,
            Value = Encoding.ASCII.GetBytes(sample.Number.ToString("R", CultureInfo.InvariantCulture)),
            UnitCode = sample.Body.Span is [WithUnit, ..] ? Encoding.UTF8.GetString(sample.Body.Span[1..]) : null,
            ObservedAt = sample.Time,
            ObservedDigits = (byte)Times.Fewest(sample.Time),
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

    private static bool IsPlain(Attribute attribute, double number) =>
        attribute.Kind == AttributeKind.Property && !double.IsNaN(number) && attribute.Sub.Count == 0 && attribute.ExpiresAt == 0 && attribute.ObservedAt != 0 &&
        attribute.ObservedDigits == Times.Fewest(attribute.ObservedAt) && IsShortest(attribute.Value.Span, number);

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
