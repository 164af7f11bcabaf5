using CityHub.Context.JsonLd;

namespace CityHub.Context.Entities;

public enum Format
{
    Normalized,
    Concise,
    Simplified,
}

/// <summary>How an answer is to look (clauses 4.5.0–4.5.9, 4.15, 4.21). Names are IRI ids.</summary>
public sealed record Representation
{
    public static readonly Representation Default = new();

    public Format Format { get; init; }

    public bool SysAttrs { get; init; }

    /// <summary>The minor version of NGSI-LD 1.x that the reader prefers (4.3.6.8): kinds of attribute that it does not know become Properties.</summary>
    public int Version { get; init; } = 9;

    /// <summary>Preferred languages, best first, as the <c>lang</c> parameter gives them; null: the whole map.</summary>
    public IReadOnlyList<string>? Lang { get; init; }

    /// <summary>Only these members; null: all. <c>id</c>, <c>type</c> and <c>scope</c> stand under their own names.</summary>
    public Projection? Pick { get; init; }

    public Projection? Omit { get; init; }

    /// <summary>pick and omit leave a member of the entity itself, whatever becomes of its attributes.</summary>
    internal bool KeepsMembers => (Pick is not null || Omit is not null) && ((Pick?.Id ?? true) && Omit?.Id != true || (Pick?.Type ?? true) && Omit?.Type != true);

    /// <summary>The <c>attrs</c> parameter: only these attributes (id, type and scope always stay).</summary>
    public IReadOnlySet<int>? Attributes { get; init; }

    /// <summary>Only instances with one of these datasetIds; <c>@none</c> is the default instance. Null: all.</summary>
    public IReadOnlySet<string>? Datasets { get; init; }

    /// <summary>Only some members or instances are asked for.</summary>
    internal bool AsksForSome => Pick is not null || Omit is not null || Attributes is not null || Datasets is not null;

    /// <summary>IRI id of the GeoProperty that becomes the geometry of a GeoJSON Feature.</summary>
    public int? GeometryProperty { get; init; }

    /// <summary>Linked entities (4.5.23): looks an entity up; null when no join was asked.</summary>
    public Func<string, Entity?>? Linked { get; init; }

    /// <summary>Inline rather than flat.</summary>
    public bool JoinInline { get; init; }

    public int JoinLevel { get; init; } = 1;

    /// <summary>What a notification tells beside the state; null elsewhere.</summary>
    public ShownChanges? Changes { get; init; }

    /// <summary>Entities that the asker already has (containedBy): not joined again.</summary>
    public IReadOnlySet<string> ContainedBy { get; init; } = new HashSet<string>();
}

/// <summary>A pick or omit list (4.21): attributes by name, each with what of its linked entity or sub-attributes is meant; the three other members by flag.</summary>
public sealed record Projection(IReadOnlyDictionary<int, Projection?> Attributes, bool Id, bool Type, bool Scope)
{
    /// <summary>The other names a member whole that this one names whole too.</summary>
    public bool Overlaps(Projection other) => (Id && other.Id) || (Type && other.Type) || (Scope && other.Scope) ||
        Attributes.Any(a => other.Attributes.TryGetValue(a.Key, out var inner) && (inner is null || a.Value is not null && a.Value.Overlaps(inner)));

    public bool Contains(int name) => Attributes.ContainsKey(name);

    /// <summary>How many links deep it reaches.</summary>
    public int Depth => Attributes.Values.Select(p => p is null ? 0 : 1 + p.Depth).DefaultIfEmpty().Max();

    public Projection? Inside(int name) => Attributes.GetValueOrDefault(name);
}
