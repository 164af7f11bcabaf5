using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Entities;

/// <param name="Attribute">IRI of the attribute.</param>
public readonly record struct NotUpdated(string Attribute, string Reason);

/// <summary>The edit that an operation makes (null: it changes nothing) and what could not be done (clause 5.2.18, UpdateResult).</summary>
public sealed record Changed(EntityEdit? Edit, IReadOnlyList<NotUpdated> NotUpdated)
{
    /// <summary>IRIs of the attributes that were set or removed, each once.</summary>
    public IEnumerable<string> Updated => Edit is null ? [] : Edit.Set.Select(a => a.Name).Concat(Edit.Removed.Select(r => r.Name)).Distinct().Select(Iris.Text);
}

/// <summary>
/// What each provision operation of clause 5.6 does to an entity. Pure: entity and fragment in, edit out. <c>now</c> is UTC ticks.
/// </summary>
internal static class EntityChanges
{
    /// <summary>5.6.1 Create Entity.</summary>
    public static EntityEdit Create(EntityFragment fragment, string id, long now) => new()
    {
        Kind = EditKind.Created,
        Id = id,
        At = now,
        CreatedAt = now,
        Types = fragment.Types,
        Scopes = fragment.Scopes ?? [],
        ExpiresAt = fragment.ExpiresAt ?? 0,
        Set = Stamp(fragment.Attributes, [], now),
    };

    /// <summary>5.6.18 Replace Entity; also upsert without <c>options=update</c>. createdAt of the entity stays, whatever else it had goes.</summary>
    public static EntityEdit Replace(Entity entity, EntityFragment fragment, long now) => Create(fragment, entity.Id, now) with
    {
        Kind = EditKind.Replaced,
        CreatedAt = entity.CreatedAt,
        Types = fragment.Types.Length > 0 ? fragment.Types : entity.Types,
    };

    public static EntityEdit Delete(string id, long now) => new() { Kind = EditKind.Deleted, Id = id, At = now };

    /// <summary>5.6.3 Append Entity Attributes (5.5.9): new instances are added, existing ones overwritten unless <paramref name="noOverwrite"/>; types are added.</summary>
    public static Changed Append(Entity entity, EntityFragment fragment, bool noOverwrite, long now)
    {
        var change = new Changing(entity, fragment.Attributes.Count, now);
        change.AddTypes(fragment.Types);
        if (fragment.Scopes is { } scopes)
        {
            // 4.18: scopes are a set; without overwriting the given ones join it.
            change.Scopes(noOverwrite ? [.. entity.Scopes.Union(scopes, StringComparer.Ordinal)] : scopes);
        }

        if (fragment.ExpiresAt is { } expires)
            change.ExpiresAt(expires);
        foreach (var attribute in fragment.Attributes)
        {
            var existing = entity.Find(attribute.Name, attribute.Dataset);
            if (existing is not null && noOverwrite)
                change.Refuse(attribute.Name, "The attribute instance exists already and noOverwrite was asked for.");
            else if (NgsiLdNull.Is(attribute.Value))
                change.Remove(attribute, existing);
            else
                change.Set(Stamp(attribute, existing, now));
        }

        return change.Done();
    }

    /// <summary>5.6.2 Update Entity Attributes (5.5.8): instances that exist are replaced whole, others are added.</summary>
    public static Changed Update(Entity entity, EntityFragment fragment, long now)
    {
        var change = new Changing(entity, fragment.Attributes.Count, now);
        change.AddTypes(fragment.Types);
        if (fragment.Scopes is { } scopes)
        {
            if (entity.Scopes.Length == 0)
                change.Refuse("scope", "The entity has no scope.");
            else
                change.Scopes(scopes);
        }

        if (fragment.ExpiresAt is { } expires)
            change.ExpiresAt(expires);
        foreach (var attribute in fragment.Attributes)
        {
            var existing = entity.Find(attribute.Name, attribute.Dataset);
            if (NgsiLdNull.Is(attribute.Value))
                change.Remove(attribute, existing);
            else
                change.Set(Stamp(attribute, existing, now));
        }

        return change.Done();
    }

    /// <summary>
    /// 5.6.17 Merge Entity (5.5.12): RFC 7396 into attributes, sub-attributes and object values.
    /// </summary>
    /// <param name="observedAt">The <c>observedAt</c> parameter: for instances that have one and are given none. 0: not asked.</param>
    /// <param name="lang">The <c>lang</c> parameter: the language of a bare string merged into a LanguageProperty.</param>
    public static Changed Merge(Entity entity, EntityFragment fragment, long observedAt, string? lang, long now)
    {
        var change = new Changing(entity, fragment.Attributes.Count, now);
        change.AddTypes(fragment.Types);
        if (fragment.Scopes is { } scopes)
            change.Scopes(scopes);
        if (fragment.ExpiresAt is { } expires)
            change.ExpiresAt(expires);
        foreach (var attribute in fragment.Attributes)
        {
            var existing = entity.Find(attribute.Name, attribute.Dataset);
            if (NgsiLdNull.Is(attribute.Value))
            {
                if (existing is not null)
                    change.Remove(attribute, existing);
                continue;
            }

            if (existing is null && attribute.Value.IsEmpty)
            {
                change.Refuse(attribute.Name, "The entity has no such attribute, and the fragment gives it no value.");
                continue;
            }

            var merged = existing is null ? Stamp(WithoutNulls(attribute), null, now) : MergeInstance(existing, attribute, fragment.Simplified, lang, now);
            if (observedAt != 0 && attribute.ObservedAt == 0 && merged.ObservedAt != 0)
                merged = merged with { ObservedAt = observedAt };
            change.Set(merged);
        }

        return change.Done();
    }

    /// <summary>5.6.4 Partial Attribute Update (5.5.8): the members given overwrite, the others stay; an instance set to null goes.</summary>
    public static Result<EntityEdit> PartialUpdate(Entity entity, int name, Attribute given, long now)
    {
        if (entity.Find(name, given.Dataset) is not { } existing)
            return NoSuchAttribute(entity, name, given.Dataset);
        if (NgsiLdNull.Is(given.Value))
            return Edit(entity, now) with { Removed = [new RemovedAttribute(name, given.Dataset, false)] };
        if (!given.Value.IsEmpty && given.Kind != existing.Kind)
            return ContextProblems.BadRequestData.Because(
                $"{Iris.Text(name)} is a {existing.Kind}; a partial update cannot make it a {given.Kind}.", "Replace the attribute with PUT.", "5.6.4");
        var updated = existing with
        {
            Value = given.Value.IsEmpty ? existing.Value : given.Value,
            ObservedAt = Time(given.ObservedAt, existing.ObservedAt),
            ObservedDigits = given.ObservedAt != 0 ? given.ObservedDigits : existing.ObservedDigits,
            UnitCode = given.UnitCode is null ? existing.UnitCode : given.UnitCode == NgsiLdNull.Uri ? null : given.UnitCode,
            ObjectType = given.ObjectType.Count > 0 ? given.ObjectType : existing.ObjectType,
            ExpiresAt = Time(given.ExpiresAt, existing.ExpiresAt),
            ModifiedAt = now,
            Sub = OverwriteSub(existing.Sub, given.Sub, now),
        };
        return Edit(entity, now) with { Set = [updated] };
    }

    /// <summary>5.6.19 Attribute Replace.</summary>
    public static Result<EntityEdit> ReplaceAttribute(Entity entity, int name, IReadOnlyList<Attribute> instances, long now)
    {
        if (!Has(entity, name))
            return NoSuchAttribute(entity, name, null);
        foreach (var instance in instances)
            if (instance.Dataset is not null && entity.Find(name, instance.Dataset) is null)
                return NoSuchAttribute(entity, name, instance.Dataset);
        return Edit(entity, now) with { Set = [.. instances.Select(i => Stamp(i with { Name = name }, entity.Find(name, i.Dataset), now))] };
    }

    /// <summary>5.6.5 Delete Attribute: the default instance, the one with that datasetId, or all.</summary>
    public static Result<EntityEdit> DeleteAttribute(Entity entity, int name, string? dataset, bool all, long now)
    {
        if (all ? !Has(entity, name) : entity.Find(name, dataset) is null)
            return NoSuchAttribute(entity, name, dataset);
        return Edit(entity, now) with { Removed = [new RemovedAttribute(name, all ? null : dataset, all)] };
    }

    public static bool Has(Entity entity, int name) => entity.Instances(name).Count > 0;

    /// <summary>Gives an instance its times: createdAt of the one it replaces, modifiedAt now; sub-attributes likewise.</summary>
    public static Attribute Stamp(Attribute attribute, Attribute? existing, long now) => attribute with
    {
        CreatedAt = existing?.CreatedAt ?? now,
        ModifiedAt = now,
        Sub = attribute.Sub.Count == 0 ? [] : Stamp(attribute.Sub, existing?.Sub ?? [], now),
    };

    public static EntityEdit Edit(Entity entity, long now) => new() { Kind = EditKind.Changed, Id = entity.Id, At = now };

    private static List<Attribute> Stamp(IReadOnlyList<Attribute> attributes, IReadOnlyList<Attribute> existing, long now)
    {
        var stamped = new List<Attribute>(attributes.Count);
        foreach (var attribute in attributes)
            if (!NgsiLdNull.Is(attribute.Value))
                stamped.Add(Stamp(attribute, Find(existing, attribute), now));
        return stamped;
    }

    private static Attribute? Find(IReadOnlyList<Attribute> attributes, Attribute like)
    {
        foreach (var attribute in attributes)
            if (attribute.Name == like.Name && string.Equals(attribute.Dataset, like.Dataset, StringComparison.Ordinal))
                return attribute;
        return null;
    }

    private static Attribute MergeInstance(Attribute existing, Attribute given, bool simplified, string? lang, long now)
    {
        if (simplified && given.Kind != existing.Kind)
            given = AsKindOf(existing, given, lang);
        if (!given.Value.IsEmpty && given.Kind != existing.Kind)
            return Stamp(WithoutNulls(given), existing, now);
        return existing with
        {
            Value = given.Value.IsEmpty ? existing.Value : MergeValue(existing, given),
            ObservedAt = Time(given.ObservedAt, existing.ObservedAt),
            ObservedDigits = given.ObservedAt != 0 ? given.ObservedDigits : existing.ObservedDigits,
            UnitCode = given.UnitCode is null ? existing.UnitCode : given.UnitCode == NgsiLdNull.Uri ? null : given.UnitCode,
            ObjectType = given.ObjectType.Count > 0 ? given.ObjectType : existing.ObjectType,
            ExpiresAt = Time(given.ExpiresAt, existing.ExpiresAt),
            ModifiedAt = now,
            Sub = MergeSub(existing.Sub, given.Sub, now),
        };
    }

    /// <summary>
    /// A bare value means what the attribute already is: a URI for a Relationship, a text in the language asked for a LanguageProperty. One that cannot be
    /// that makes it a Property.
    /// </summary>
    private static Attribute AsKindOf(Attribute existing, Attribute given, string? lang)
    {
        if (existing.Kind == AttributeKind.LanguageProperty && given.Value.Span is [(byte)'"', ..])
            return given with { Kind = existing.Kind, Value = MergePatch.Single(lang ?? "@none", given.Value) };
        var fits = existing.Kind switch
        {
            AttributeKind.Relationship or AttributeKind.ListRelationship => Links.AreTargets(given.Value, existing.Kind == AttributeKind.ListRelationship),
            AttributeKind.VocabProperty => given.Value.Span is [(byte)'"', ..],
            AttributeKind.ListProperty => given.Value.Span is [(byte)'[', ..],
            AttributeKind.JsonProperty => given.Value.Span is [(byte)'[' or (byte)'{', ..],
            _ => false,
        };
        return fits ? given with { Kind = existing.Kind } : given;
    }

    private static ReadOnlyMemory<byte> MergeValue(Attribute existing, Attribute given) =>
        existing.Kind is AttributeKind.Property or AttributeKind.LanguageProperty or AttributeKind.JsonProperty
            ? MergePatch.Apply(existing.Value, given.Value)
            : given.Value;

    private static List<Attribute> MergeSub(IReadOnlyList<Attribute> existing, IReadOnlyList<Attribute> given, long now)
    {
        var merged = existing.Where(e => Find(given, e) is null).ToList();
        foreach (var attribute in given)
        {
            var old = Find(existing, attribute);
            if (NgsiLdNull.Is(attribute.Value) || old is null && attribute.Value.IsEmpty)
                continue;
            merged.Add(old is not null ? MergeInstance(old, attribute, false, null, now) : Stamp(WithoutNulls(attribute), null, now));
        }

        merged.Sort(AttributeOrder.Comparison);
        return merged;
    }

    private static List<Attribute> OverwriteSub(IReadOnlyList<Attribute> existing, IReadOnlyList<Attribute> given, long now)
    {
        var merged = existing.Where(e => Find(given, e) is null).ToList();
        foreach (var attribute in given)
            if (!NgsiLdNull.Is(attribute.Value))
                merged.Add(Stamp(attribute, Find(existing, attribute), now));
        merged.Sort(AttributeOrder.Comparison);
        return merged;
    }

    /// <summary>A time that was given, that was set to null (-1), or that stays because nothing was said.</summary>
    private static long Time(long given, long existing) => given == 0 ? existing : Math.Max(given, 0);

    /// <summary>A fresh attribute that came in a merge fragment: its nulls ask for the removal of what is not there.</summary>
    private static Attribute WithoutNulls(Attribute attribute) => attribute with
    {
        Value = MergePatch.WithoutNulls(attribute.Value),
        UnitCode = attribute.UnitCode == NgsiLdNull.Uri ? null : attribute.UnitCode,
        ObservedAt = Math.Max(attribute.ObservedAt, 0),
        ExpiresAt = Math.Max(attribute.ExpiresAt, 0),
        Sub = [.. attribute.Sub.Where(s => !NgsiLdNull.Is(s.Value)).Select(WithoutNulls)],
    };

    private static Problem NoSuchAttribute(Entity entity, int name, string? dataset) => ContextProblems.ResourceNotFound.Because(
        dataset is null ? $"{entity.Id} has no {Iris.Text(name)}." : $"{entity.Id} has no {Iris.Text(name)} with datasetId {dataset}.");

    /// <summary>Collects one operation's edit and its UpdateResult.</summary>
    private sealed class Changing(Entity entity, int most, long now)
    {
        private readonly List<Attribute> _set = new(most);
        private List<RemovedAttribute>? _removed;
        private List<NotUpdated>? _notUpdated;
        private int[]? _types;
        private string[]? _scopes;
        private long? _expiresAt;

        public void AddTypes(int[] types)
        {
            foreach (var type in types)
                if (!entity.Types.Contains(type))
                {
                    _types = [.. entity.Types.Union(types).Order()];
                    return;
                }
        }

        public void Scopes(string[] scopes) => _scopes = scopes;

        public void ExpiresAt(long ticks) => _expiresAt = ticks;

        public void Set(Attribute attribute) => _set.Add(attribute);

        public void Remove(Attribute attribute, Attribute? existing)
        {
            if (existing is null)
            {
                Refuse(attribute.Name, "The entity has no such attribute instance.");
                return;
            }

            (_removed ??= []).Add(new RemovedAttribute(attribute.Name, attribute.Dataset, false));
        }

        public void Refuse(int name, string reason) => Refuse(Iris.Text(name), reason);

        public void Refuse(string name, string reason) => (_notUpdated ??= []).Add(new NotUpdated(name, reason));

        public Changed Done()
        {
            var nothing = _set.Count == 0 && _removed is null && _types is null && _scopes is null && _expiresAt is null;
            var edit = nothing ? null : new EntityEdit
            {
                Kind = EditKind.Changed, Id = entity.Id, At = now, Set = _set, Removed = _removed ?? [], Types = _types, Scopes = _scopes, ExpiresAt = _expiresAt,
            };
            return new Changed(edit, _notUpdated ?? []);
        }
    }
}
