using System.Collections.Immutable;
using CityHub.Core.Grains;

namespace CityHub.Sharing.Access;

/// <summary>How a field leaves, from raw to not at all; a greater one is stronger, and the meet of two is the greater.</summary>
public enum MaskKind
{
    Raw,

    /// <summary>All but the ends: 500***********1234.</summary>
    Partial,

    /// <summary>Rolled up: a date to its year, a code to its district, a number to a band. The grain says how far.</summary>
    Coarse,

    /// <summary>A pseudonym under a key of the grant: the same person is the same word within one grant and another in the next.</summary>
    Pseudonym,

    /// <summary>Present or absent.</summary>
    Presence,

    /// <summary>Always empty.</summary>
    Hidden,
}

/// <summary>What a row must have to be released.</summary>
public enum RowTest
{
    /// <summary>One of the values.</summary>
    In,

    /// <summary>Begins with one of the values: administrative codes.</summary>
    Under,

    /// <summary>From the first value (inclusive) to the second (exclusive); an empty one is open.</summary>
    Between,
}

/// <param name="Field">Of the dataset; it need not be among the fields released.</param>
/// <param name="Values">As the field's text form: numbers in invariant notation, dates and instants ISO 8601.</param>
public sealed record RowRule(string Field, RowTest Test, ImmutableArray<string> Values)
{
    public bool Equals(RowRule? other) => other is not null && Field == other.Field && Test == other.Test && Values.SequenceEqual(other.Values);

    public override int GetHashCode() => HashCode.Combine(Field, Test, Values.Length);
}

/// <summary>At most so much in each period (of the jurisdiction's clock).</summary>
public readonly record struct Quota(long? RowsPerDay, long? RequestsPerDay, long? BytesPerDay)
{
    public static readonly Quota None;

    public Quota Meet(Quota other) => new(Least(RowsPerDay, other.RowsPerDay), Least(RequestsPerDay, other.RequestsPerDay), Least(BytesPerDay, other.BytesPerDay));

    private static long? Least(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}

/// <summary>
/// What binds a release. A closed set; each has a meet that is commutative, associative and idempotent, so that no order matters. <see cref="Nothing"/> of an obligation
/// is its neutral element.
/// </summary>
public sealed record Obligations
{
    // Names are compared byte by byte: two that a culture takes for one are two fields. Stands before Nothing, which is made of it.
    private static readonly ImmutableSortedDictionary<string, MaskKind> NoMasks = ImmutableSortedDictionary.Create<string, MaskKind>(StringComparer.Ordinal);

    /// <summary>The fields that may leave; null: all of the dataset. Meet: those of both.</summary>
    public ImmutableSortedSet<string>? Fields { get; init => field = value?.WithComparer(StringComparer.Ordinal); }

    /// <summary>All must hold. Meet: all of both.</summary>
    public ImmutableHashSet<RowRule> Rows { get; init; } = [];

    /// <summary>Meet: the coarsest.</summary>
    public Grain Grain { get; init; }

    /// <summary>Fields that are not named are raw. Meet: the strongest of each.</summary>
    public ImmutableSortedDictionary<string, MaskKind> Masks { get; init => field = value.WithComparers(StringComparer.Ordinal); } = NoMasks;

    /// <summary>Groups of fewer are not released; 0 or 1: rows themselves may be. Meet: the greater.</summary>
    public int SmallestGroup { get; init; }

    /// <summary>Counts and sums leave with noise of this ε, from the budget; null: exact. Meet: the least (an ε beats none).</summary>
    public double? Epsilon { get; init; }

    public Quota Quota { get; init; }

    /// <summary>Meet: the earlier.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>The receiver proves destruction by then, after the end of the grant. Meet: the shorter.</summary>
    public TimeSpan? DestroyWithin { get; init; }

    /// <summary>May be handed on. Meet: only if all agree; art. 25: never without a request of its own.</summary>
    public bool Onward { get; init; } = true;

    /// <summary>The person whom a row is about is told at once, not only when he asks. Meet: or.</summary>
    public bool TellSubject { get; init; }

    /// <summary>So many rows of nobody, the receiver's own, lie among the rows in every form in which they leave; a leaked sample leads to him. Meet: the greater.</summary>
    public int Canaries { get; init; }

    /// <summary>Measurements leave with the receiver's mark, within the tolerance that the dataset declares of each field. Meet: or.</summary>
    public bool Watermark { get; init; }

    /// <summary>Neutral: the meet with it changes nothing.</summary>
    public static readonly Obligations Nothing = new();

    public Obligations Meet(Obligations other) => ReferenceEquals(this, other) || ReferenceEquals(other, Nothing) ? this : ReferenceEquals(this, Nothing) ? other : new()
    {
        Fields = Fields is null ? other.Fields : other.Fields is null ? Fields : Fields.Intersect(other.Fields),
        Rows = Rows.Union(other.Rows),
        Grain = Grain.Coarsest(other.Grain),
        Masks = other.Masks.Aggregate(Masks, (masks, mask) => masks.TryGetValue(mask.Key, out var mine) && mine >= mask.Value ? masks : masks.SetItem(mask.Key, mask.Value)),
        SmallestGroup = Math.Max(SmallestGroup, other.SmallestGroup),
        Epsilon = Epsilon is null ? other.Epsilon : other.Epsilon is null ? Epsilon : Math.Min(Epsilon.Value, other.Epsilon.Value),
        Quota = Quota.Meet(other.Quota),
        Expires = Expires is null ? other.Expires : other.Expires is null || Expires < other.Expires ? Expires : other.Expires,
        DestroyWithin = DestroyWithin is null ? other.DestroyWithin : other.DestroyWithin is null || DestroyWithin < other.DestroyWithin ? DestroyWithin : other.DestroyWithin,
        Onward = Onward && other.Onward,
        TellSubject = TellSubject || other.TellSubject,
        Canaries = Math.Max(Canaries, other.Canaries),
        Watermark = Watermark || other.Watermark,
    };

    /// <summary>The strongest that applies to the field.</summary>
    public MaskKind MaskOf(string name) => Masks.Count == 0 ? MaskKind.Raw : Masks.GetValueOrDefault(name);

    /// <summary>By what they say, not by which objects say it.</summary>
    public bool Equals(Obligations? other) =>
        other is not null && (Fields is null ? other.Fields is null : other.Fields is not null && Fields.SetEquals(other.Fields)) && Rows.SetEquals(other.Rows) && Grain == other.Grain
        && Masks.Count == other.Masks.Count && Masks.All(mask => other.Masks.TryGetValue(mask.Key, out var kind) && kind == mask.Value) && SmallestGroup == other.SmallestGroup
        && Nullable.Equals(Epsilon, other.Epsilon) && Quota == other.Quota && Expires == other.Expires && DestroyWithin == other.DestroyWithin && Onward == other.Onward
        && TellSubject == other.TellSubject && Canaries == other.Canaries && Watermark == other.Watermark;

    public override int GetHashCode() => HashCode.Combine(Fields?.Count ?? -1, Rows.Count, Grain, Masks.Count, SmallestGroup, Epsilon, Expires, HashCode.Combine(DestroyWithin, Onward, TellSubject, Canaries, Watermark));
}
