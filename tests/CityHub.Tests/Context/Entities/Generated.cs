using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CsCheck;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Tests.Context.Entities;

/// <summary>Arbitrary entities and edits for property tests.</summary>
internal static class Generated
{
    private static readonly Gen<string> Word = Gen.String[Gen.Char['a', 'z'], 1, 8];

    private static readonly Gen<long> Time = Gen.Long[new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks, new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks];

    private static readonly Gen<(AttributeKind Kind, string Value)> Value = Gen.OneOf(
        Gen.Double[-1e9, 1e9].Select(d => (AttributeKind.Property, FormattableString.Invariant($"{d:R}"))),
        Gen.String.Select(s => (AttributeKind.Property, System.Text.Json.JsonSerializer.Serialize(s))),
        Word.Select(w => (AttributeKind.Relationship, $"\"urn:thing:{w}\"")),
        Word.Select(w => (AttributeKind.LanguageProperty, $"{{\"zh\":\"{w}\",\"en\":[\"{w}\",\"x\"]}}")),
        Gen.Select(Gen.Double[-180, 180], Gen.Double[-90, 90]).Select((x, y) => (AttributeKind.GeoProperty, FormattableString.Invariant($"{{\"type\":\"Point\",\"coordinates\":[{x:R},{y:R}]}}"))),
        Word.Select(w => (AttributeKind.JsonProperty, $"{{\"{w}\":[1,null,true]}}")),
        Word.Select(w => (AttributeKind.VocabProperty, $"\"https://example.org/{w}\"")));

    public static readonly Gen<Attribute> Attribute = Gen.Select(Word, Value, Gen.Bool, Time, Gen.Int[0, 7], Word.Null(), Gen.Int[0, 2]).Select((name, value, observed, time, digits, dataset, subs) => new Attribute
    {
        Name = Iris.Intern("https://example.org/" + name),
        Kind = value.Kind,
        Value = Encoding.UTF8.GetBytes(value.Value),
        ObservedAt = observed ? time / Power(digits) * Power(digits) : 0,
        ObservedDigits = observed ? (byte)digits : (byte)0,
        Dataset = dataset is null ? null : "urn:dataset:" + dataset,
        UnitCode = value.Kind == AttributeKind.Property && observed ? "CEL" : null,
        CreatedAt = time,
        ModifiedAt = time + 1,
        Sub = [.. Enumerable.Range(0, subs).Select(i => new Attribute
        {
            Name = Iris.Intern($"https://example.org/sub{i}"), Kind = AttributeKind.Property, Value = "\"x\""u8.ToArray(), CreatedAt = time, ModifiedAt = time,
        })],
    });

    public static readonly Gen<EntityEdit> Edit = Gen.Select(Word, Gen.Enum<EditKind>(), Time, Attribute.List[0, 6], Attribute.List[0, 2], Gen.Bool).Select((id, kind, at, set, past, typed) => new EntityEdit
    {
        Id = "urn:e:" + id,
        Kind = kind,
        At = at,
        CreatedAt = at,
        Types = typed ? [Iris.Intern("https://example.org/T"), Iris.Intern("https://example.org/U")] : null,
        Scopes = typed ? ["/a/b"] : null,
        ExpiresAt = typed ? at + 5 : null,
        Set = set,
        Past = past,
        Removed = [new RemovedAttribute(Iris.Intern("https://example.org/gone"), null, true), new RemovedAttribute(Iris.Intern("https://example.org/one"), "urn:d:1", false)],
    });

    public static bool Same(EntityEdit a, EntityEdit b) =>
        a.Id == b.Id && a.Kind == b.Kind && a.At == b.At && a.CreatedAt == b.CreatedAt && a.ExpiresAt == b.ExpiresAt &&
        (a.Types ?? []).SequenceEqual(b.Types ?? []) && (a.Scopes ?? []).SequenceEqual(b.Scopes ?? []) && a.Removed.SequenceEqual(b.Removed) &&
        Same(a.Set, b.Set) && Same(a.Past, b.Past);

    public static bool Same(IReadOnlyList<Attribute> a, IReadOnlyList<Attribute> b) => a.Count == b.Count && a.Zip(b).All(p => Same(p.First, p.Second));

    private static bool Same(Attribute a, Attribute b) =>
        a.Name == b.Name && a.Kind == b.Kind && a.Dataset == b.Dataset && a.Value.Span.SequenceEqual(b.Value.Span) && a.ObservedAt == b.ObservedAt && a.ObservedDigits == b.ObservedDigits &&
        a.UnitCode == b.UnitCode && a.CreatedAt == b.CreatedAt && a.ModifiedAt == b.ModifiedAt && Same(a.Sub, b.Sub);

    /// <summary>Ticks in the last of so many decimals of a second.</summary>
    private static long Power(int digits)
    {
        var power = TimeSpan.TicksPerSecond;
        for (var i = 0; i < digits; i++)
            power /= 10;
        return power;
    }
}
