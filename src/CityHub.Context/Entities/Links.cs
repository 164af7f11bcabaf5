using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>The targets of relationships.</summary>
internal static class Links
{
    public static List<string> Targets(ReadOnlyMemory<byte> value)
    {
        var targets = new List<string>(1);
        var reader = new Utf8JsonReader(value.Span);
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.String)
                targets.Add(reader.GetString() ?? "");
        return targets;
    }

    /// <summary>A URI, or an array of URIs (a list is always one).</summary>
    public static bool AreTargets(ReadOnlyMemory<byte> value, bool list)
    {
        if (value.Span is not ([(byte)'[', ..] or [(byte)'"', ..]) || list && value.Span[0] != '[')
            return false;
        var count = 0;
        var reader = new Utf8JsonReader(value.Span);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String && Names.IsUri(reader.GetString()))
                count++;
            else if (reader.CurrentDepth > 0 || reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.EndArray))
                return false;
        }

        return list || count > 0;
    }

    /// <summary>The linked entities that there are, less those on the way here and those the asker has already.</summary>
    public static List<Entity> Found(Attribute attribute, Representation how, Way? way)
    {
        var found = new List<Entity>(1);
        if (how.Linked is { } find)
            foreach (var target in Targets(attribute.Value))
                if (!how.ContainedBy.Contains(target) && way?.Passes(target) != true && find(target) is { } entity)
                    found.Add(entity);
        return found;
    }

    /// <summary>
    /// The linked entities of an answer for a flat join (4.5.23.3): each once, breadth first, those of the answer itself left out; each with what of it was
    /// picked or omitted behind the relationship that led to it.
    /// </summary>
    public static List<(Entity Entity, Projection? Pick, Projection? Omit)> Flat(IReadOnlyList<Entity> roots, Representation how)
    {
        var known = new HashSet<string>(roots.Select(r => r.Id).Concat(how.ContainedBy), StringComparer.Ordinal);
        var all = new List<(Entity Entity, Projection? Pick, Projection? Omit)>();
        List<(Entity Entity, Projection? Pick, Projection? Omit)> level = [.. roots.Select(r => (r, how.Pick, how.Omit))];
        for (var depth = 0; depth < how.JoinLevel && level.Count > 0; depth++)
        {
            var next = new List<(Entity Entity, Projection? Pick, Projection? Omit)>();
            foreach (var (entity, pick, omit) in level)
                foreach (var attribute in entity.Attributes)
                {
                    if (attribute.Kind is not (AttributeKind.Relationship or AttributeKind.ListRelationship) || pick?.Contains(attribute.Name) == false ||
                        (omit?.Contains(attribute.Name) == true && omit.Inside(attribute.Name) is null))
                        continue;
                    foreach (var target in Found(attribute, how, null))
                        if (known.Add(target.Id))
                            next.Add((target, pick?.Inside(attribute.Name), omit?.Inside(attribute.Name)));
                }

            all.AddRange(next);
            level = next;
        }

        return all;
    }
}
