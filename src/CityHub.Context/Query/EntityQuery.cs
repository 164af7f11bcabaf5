using System.Text.Json;
using System.Text.RegularExpressions;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using NetTopologySuite.Geometries;

namespace CityHub.Context.Query;

/// <summary>What clause 5.7.2 can ask, parsed. Everything that is null asks for nothing.</summary>
public sealed record EntityQuery
{
    public IReadOnlyList<string>? Ids { get; init; }

    public Regex? IdPattern { get; init; }

    public TypeSelection? Types { get; init; }

    /// <summary>IRI ids of which an entity must have at least one; -1 stands for a word that nothing uses.</summary>
    public IReadOnlyList<int>? Attributes { get; init; }

    public QExpression? Q { get; init; }

    public GeoQuery? Geo { get; init; }

    public ScopeQuery? Scope { get; init; }

    /// <summary>Selectors of which an entity must match one (5.2.33), beside everything else; empty: no such condition.</summary>
    public IReadOnlyList<EntityQuery> Any { get; init; } = [];

    public IReadOnlyList<Order> OrderBy { get; init; } = [];

    public int Limit { get; init; } = 20;

    public int Offset { get; init; }

    public bool Count { get; init; }

    /// <summary>The types that it names, wherever it does; null: it names none.</summary>
    public IReadOnlyCollection<int>? Named
    {
        get
        {
            var named = Any.Select(s => s.Types?.Named).Append(Types?.Named).OfType<IReadOnlyCollection<int>>().SelectMany(t => t).ToHashSet();
            return named.Count == 0 ? null : named;
        }
    }

    /// <summary>The entities that it names, by their ids or by a pattern that is one.</summary>
    internal IReadOnlyCollection<string> NamedIds => [.. Any.SelectMany(s => s.NamedIds), .. Ids ?? (IdPattern is null ? [] : Literal.Of(IdPattern))];

    /// <summary>What its conditions compare attributes with: IRI id, and the value as a text.</summary>
    /// <param name="linked">Attributes of linked entities, which may have other types; false: its own.</param>
    internal IReadOnlyCollection<(int Attribute, string Value)> NamedValues(bool linked = false) => [.. (Q?.Terms ?? []).Where(t => linked == t.Path.Linked is not null).SelectMany(t => t.Named), .. Any.SelectMany(s => s.NamedValues(linked))];

    /// <summary>What its conditions and orders look at in an entity: two that are alike in all of it are found, passed over and counted together. Empty: nothing tells entities of one type apart.</summary>
    internal IReadOnlyList<Func<Entity, string?>> LooksAt
    {
        get
        {
            var looks = Any.SelectMany(s => s.LooksAt).ToList();
            if (Ids is not null || IdPattern is not null)
                looks.Add(e => e.Id);
            if (Types is { Named.Count: > 1 })
                looks.Add(e => string.Join(' ', e.Types));
            if (Scope is not null)
                looks.Add(e => string.Join(' ', e.Scopes));
            foreach (var name in Attributes ?? [])
                looks.Add(e => e.Instances(name).Count > 0 ? "" : null);
            foreach (var term in Q?.Terms ?? [])
                looks.Add(term.Path.System is not null ? Times : e => Whole(e, term.Path.Name));
            if (Geo is not null)
                looks.Add(e => Whole(e, Geo.Property));
            foreach (var order in OrderBy)
                looks.Add(order.Member switch { "id" => e => e.Id, "type" => e => string.Join(' ', e.Types), null => e => Whole(e, order.Attribute), _ => Times });
            return looks;

            static string Times(Entity entity) => $"{entity.CreatedAt} {entity.ModifiedAt} {entity.ExpiresAt}";

            static string? Whole(Entity entity, int? name) => name is not { } known || entity.Instances(known) is not { Count: > 0 } instances ? null
                : string.Join(' ', instances.Select(i => Convert.ToBase64String(EntityFacts.Encode(i with { CreatedAt = 0, ModifiedAt = 0 }))));
        }
    }

    public bool Matches(Entity entity, Func<string, Entity?>? linked, long now) =>
        MatchesHeader(entity, now) && (Attributes is null && Q is null && Geo is null || MatchesAttributes(entity.Unpacked(), linked));

    private bool MatchesHeader(Entity entity, long now) =>
        (entity.ExpiresAt == 0 || entity.ExpiresAt > now) &&
        (Types is null || Types.Matches(entity.Types)) &&
        (Ids is null || Ids.Contains(entity.Id)) &&
        (Any.Count == 0 || Any.Any(s => s.Matches(entity, null, now))) &&
        (IdPattern is null || Ids is not null || IdPattern.IsMatch(entity.Id)) &&
        (Scope is null || Scope.Matches(entity.Scopes));

    private bool MatchesAttributes(Entity entity, Func<string, Entity?>? linked) =>
        (Attributes is null || HasAny(entity, Attributes)) &&
        (Q is null || Q.Matches(entity, linked)) &&
        (Geo is null || Geo.Matches(entity));

    /// <summary>One page in stable order (creation, unless ordering was asked), and the total where it was asked.</summary>
    /// <param name="cancel">Looked at once in 1,024 candidates: a query of a million entities ends when its time is up.</param>
    public QueryPage Run(EntityTable table, long now, CancellationToken cancel = default) => Run(table, now, null, cancel);

    /// <param name="reading">Null: everything may be seen. Otherwise each condition, each order and the total are of what is seen.</param>
    public QueryPage Run(EntityTable table, long now, EntityReading? reading, CancellationToken cancel)
    {
        var matching = reading is null ? Matching(table, now, cancel) : MatchingOf(new SeenTable(table, reading), now, cancel);
        if (OrderBy.Count > 0)
        {
            var all = matching.ToList();
            all.Sort(Compare);
            return new QueryPage([.. all.Skip(Offset).Take(Limit)], all.Count, all.Count > Offset + Limit) { Found = reading is null ? [] : all };
        }

        var page = new List<Entity>(Math.Min(Limit, 1_000));
        var found = new List<Entity>();
        var (seen, more) = (0, false);
        foreach (var entity in matching)
        {
            if (reading is not null)
                found.Add(entity);
            if (seen >= Offset && page.Count < Limit)
                page.Add(entity);
            else if (seen >= Offset)
                more = true;
            seen++;
            if (more && !Count)
                break;
        }

        return new QueryPage(page, Count ? seen : null, more) { Found = found };
    }

    /// <summary>
    /// The narrowest way in: ids, then the place, then a number, then the types. Every way keeps the order of creation, and what it lets through is checked here.
    /// </summary>
    private IEnumerable<Entity> Matching(EntityTable table, long now, CancellationToken cancel)
    {
        var looked = 0;
        if (Ids is null && Geo is { } geo && table.At(geo) is { } places)
        {
            var rest = this with { Geo = null };
            return places.Where(p => InTime() && (p.Sure ? rest : this).Matches(p.Entity, table.Find, now)).Select(p => p.Entity);
        }

        return Candidates(table).Where(e => InTime() && Matches(e, table.Find, now));

        bool InTime()
        {
            if ((++looked & 1023) == 0)
                cancel.ThrowIfCancellationRequested();
            return true;
        }
    }

    /// <summary>As <see cref="Matching"/>. The ways in know whole entities; what they find is seen first, and then asked everything.</summary>
    private IEnumerable<Entity> MatchingOf(SeenTable table, long now, CancellationToken cancel)
    {
        var looked = 0;
        foreach (var entity in Ids is null && Geo is { } geo && table.Whole.At(geo) is { } places ? places.Select(p => p.Entity) : Candidates(table.Whole))
        {
            if ((++looked & 1023) == 0)
                cancel.ThrowIfCancellationRequested();
            if (table.Reading?.See(entity) is { } seen && Matches(seen, table.Find, now))
                yield return seen;
        }
    }

    private IEnumerable<Entity> Candidates(EntityTable table)
    {
        if (Ids is { } ids)
            return ids.Distinct(StringComparer.Ordinal).Select(table.Find).OfType<Entity>();
        if (NumberRange.Of(Q) is { } range && Types is null or { All: true } or { Candidates.Count: 1 })
            return table.InRange(range, Types is { All: false } one ? one.Candidates : null);
        return Types is { All: false } types ? table.OfTypes(types.Candidates) : table.All();
    }

    private int Compare(Entity a, Entity b)
    {
        foreach (var order in OrderBy)
            if (order.Compare(a, b) is var sign and not 0)
                return sign;
        return string.CompareOrdinal(a.Id, b.Id);
    }

    private static bool HasAny(Entity entity, IReadOnlyList<int> names)
    {
        foreach (var attribute in entity.Attributes)
            if (names.Contains(attribute.Name))
                return true;
        return false;
    }
}

/// <param name="Total">Null when it was not asked.</param>
/// <param name="More">There is another page.</param>
public sealed record QueryPage(IReadOnlyList<Entity> Entities, int? Total, bool More)
{
    /// <summary>Where types are guarded, all that it tells of: those that it shows, counts, passes over or orders, and the one that says that there is another page.</summary>
    public IReadOnlyList<Entity> Found { get; init; } = [];
}

/// <summary>A pattern that is nothing but a text.</summary>
internal static class Literal
{
    /// <summary>The text; none where the pattern is more.</summary>
    public static IEnumerable<string> Of(Regex pattern) => pattern.ToString().TrimStart('^').TrimEnd('$') is { Length: > 0 } text && Regex.Unescape(text) is var plain && (plain == text || Regex.Escape(plain) == text) ? [plain] : [];
}

/// <summary>Clause 4.23: one criterion. Entities without the value come last, whichever the direction.</summary>
/// <param name="Member">id, type, createdAt, modifiedAt; null when it is an attribute.</param>
/// <param name="Attribute">IRI id; -1 for a word that nothing uses.</param>
/// <param name="Inside">Keys inside the value.</param>
/// <param name="From">Distance ordering: from here.</param>
/// <param name="Sub">A sub-attribute's IRI id, or a member such as createdAt, behind a dot.</param>
public sealed record Order(string? Member, int Attribute, (int? Name, string? Member)? Sub, IReadOnlyList<string> Inside, bool Descending, Geometry? From, StringComparer Collation)
{
    public int Compare(Entity a, Entity b)
    {
        if (From is not null)
            return Signed(GeoQuery.Distance(From, a, Attribute).CompareTo(GeoQuery.Distance(From, b, Attribute)));
        if (Member is not null)
            return Signed(Member switch
            {
                "id" => Collation.Compare(a.Id, b.Id),
                "type" => Collation.Compare(JsonLd.Iris.Text(a.Types[0]), JsonLd.Iris.Text(b.Types[0])),
                "createdAt" => a.CreatedAt.CompareTo(b.CreatedAt),
                "modifiedAt" => a.ModifiedAt.CompareTo(b.ModifiedAt),
                _ => 0,
            });
        var (left, right) = (Key(a), Key(b));
        if (left is null || right is null)
            return (left is null).CompareTo(right is null);
        return Signed(left.Value.Number is { } x && right.Value.Number is { } y ? x.CompareTo(y) : Collation.Compare(left.Value.Text, right.Value.Text));
    }

    private int Signed(int sign) => Descending ? -sign : sign;

    private (double? Number, string Text)? Key(Entity entity)
    {
        if (entity.Find(Attribute) is not { } attribute)
            return null;
        if (Sub is { Member: { } member })
            return (member switch { "createdAt" => attribute.CreatedAt, "modifiedAt" => attribute.ModifiedAt, "observedAt" => attribute.ObservedAt, _ => attribute.ExpiresAt }, "");
        if (Sub is { } sub)
        {
            if (attribute.Sub.FirstOrDefault(s => s.Name == sub.Name) is not { } inner)
                return null;
            attribute = inner;
        }

        using var document = JsonDocument.Parse(attribute.Value);
        var value = document.RootElement;
        foreach (var key in Inside)
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(key, out value))
                return null;
        return value.ValueKind switch
        {
            JsonValueKind.Number => (value.GetDouble(), value.GetRawText()),
            JsonValueKind.String => (null, value.GetString() ?? ""),
            _ => (null, value.GetRawText()),
        };
    }
}
