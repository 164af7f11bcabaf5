namespace CityHub.Context.JsonLd.Processing;

/// <summary>The compaction algorithm (JSON-LD 1.1 API, 6.1.2); steps carry the numbers of the Recommendation.</summary>
internal sealed class Compactor(ContextProcessor contexts, bool compactArrays, bool ordered)
{
    private readonly IriCompaction _iris = new(contexts);

    public IriCompaction Iris => _iris;

    public LdJson? Compact(ActiveContext active, string? property, LdJson? element)
    {
        // 2, 3
        if (element is LdArray items)
            return CompactItems(active, property, items);
        if (element is not LdObject node)
            return element;

        // 1, 5, 6: the property's context is the one that held before this node put its own in place.
        var typeScoped = active;
        var term = active.Term(property);
        if (active.Previous is { } previous && !node.Has("@value") && !(node.Count == 1 && node.Has("@id")))
            active = previous;
        if (term is { HasContext: true })
            active = contexts.ProcessScoped(active, term, overrideProtected: true);

        // 7
        if (node.Has("@value") || node.Has("@id"))
        {
            var value = _iris.CompactValue(active, property, node);
            if (value is not (LdObject or LdArray) || term?.Type == "@json")
                if (!(value is null && !node.Has("@value")) || term?.Type == "@json")
                    return value;
            if (node.Has("@value"))
                return value;
        }

        // 8
        if (node.TryGet("@list", out var list) && term?.Contains(Containers.List) == true)
            return Compact(active, property, list);

        // 11
        foreach (var type in CompactedTypes(active, node).Order(StringComparer.Ordinal))
            if (typeScoped.Term(type) is { HasContext: true } scoped)
                active = contexts.ProcessScoped(active, scoped, propagate: false);

        // 9, 10, 12
        var result = new LdObject();
        var writing = new Writing(active, typeScoped, property, result);
        foreach (var (name, value) in ordered ? node.OrderBy(m => m.Key, StringComparer.Ordinal) : (IEnumerable<KeyValuePair<string, LdJson?>>)node)
            Member(writing, name, value);
        return result;
    }

    /// <summary>3</summary>
    private LdJson? CompactItems(ActiveContext active, string? property, LdArray items)
    {
        var result = new LdArray();
        foreach (var item in items)
            if (Compact(active, property, item) is { } compacted)
                result.Add(compacted);
        var keep = result.Count != 1 || !compactArrays || property is "@graph" or "@set" || active.Term(property)?.Contains(Containers.List | Containers.Set) == true;
        return keep ? result : result[0];
    }

    private IEnumerable<string> CompactedTypes(ActiveContext active, LdObject node)
    {
        if (!node.TryGet("@type", out var types))
            yield break;
        foreach (var type in AsArray(types))
            if (type is LdText text && _iris.Compact(active, text.Value, vocab: true) is { } compacted)
                yield return compacted;
    }

    /// <summary>12.1–12.6; the rest in <see cref="Item"/>.</summary>
    private void Member(Writing at, string name, LdJson? value)
    {
        var (active, typeScoped, property, result) = at;
        switch (name)
        {
            case "@id":
                result[_iris.Alias(active, "@id")] = value is LdText id ? IriCompaction.Text(_iris.Compact(active, id.Value)) : value;
                return;
            case "@type":
                var types = new LdArray();
                foreach (var type in AsArray(value))
                    types.Add(type is LdText text ? IriCompaction.Text(_iris.Compact(typeScoped, text.Value, vocab: true)) : type);
                var alias = _iris.Alias(active, "@type");
                var asSet = !compactArrays || (contexts.Mode == LdMode.V11 && active.Term(alias)?.Contains(Containers.Set) == true);
                Add(result, alias, types.Count == 1 ? types[0] : types, asSet);
                return;
            case "@reverse":
                Reverse(at, value);
                return;
            case "@index" when active.Term(property)?.Contains(Containers.Index) == true:
                return;
            case "@direction" or "@index" or "@language" or "@value":
                result[_iris.Alias(active, name)] = value;
                return;
        }

        // 12.7, 12.8
        var items = AsArray(value);
        if (items.Count == 0)
        {
            var itemProperty = _iris.Compact(active, name, value, vocab: true, reverse: property == "@reverse") ?? name;
            Add(Nested(active, result, itemProperty), itemProperty, new LdArray(), asArray: true);
        }

        foreach (var item in items)
            Item(at, name, item);
    }

    /// <summary>12.3</summary>
    private void Reverse(Writing at, LdJson? value)
    {
        var (active, _, _, result) = at;
        if (Compact(active, "@reverse", value) is not LdObject compacted)
            return;
        foreach (var (name, items) in compacted.ToArray())
        {
            if (active.Term(name) is not { Reverse: true } term)
                continue;
            Add(result, name, items, !compactArrays || term.Contains(Containers.Set));
            compacted.Remove(name);
        }

        if (compacted.Count > 0)
            result[_iris.Alias(active, "@reverse")] = compacted;
    }

    /// <summary>12.8</summary>
    private void Item(Writing at, string name, LdJson? item)
    {
        var (active, _, property, result) = at;
        var itemProperty = _iris.Compact(active, name, item, vocab: true, reverse: property == "@reverse") ?? name;
        var into = Nested(active, result, itemProperty);
        var term = active.Term(itemProperty);
        var container = term?.Container ?? Containers.None;
        var asArray = !compactArrays || (container & Containers.Set) != 0 || itemProperty is "@graph" or "@list";
        var node = item as LdObject;
        var isList = node?.Has("@list") == true;
        var isGraph = !isList && IsGraph(node);
        var inner = isList ? node?["@list"] : isGraph ? node?["@graph"] : item;
        var compacted = Compact(active, itemProperty, inner);

        if (isList)
        {
            compacted = AsArray(compacted);
            if ((container & Containers.List) != 0)
            {
                // The list is the property's whole value; a second one has no place to be written.
                if (into.Has(itemProperty) && contexts.Mode == LdMode.V10)
                    throw new LdError(LdError.CompactionToListOfLists, $"{itemProperty} has more than one list.");
                into[itemProperty] = compacted;
                return;
            }

            var list = new LdObject { [_iris.Alias(active, "@list")] = compacted };
            if (node is not null && node.TryGet("@index", out var index))
                list[_iris.Alias(active, "@index")] = index;
            Add(into, itemProperty, list, asArray);
        }
        else if (isGraph && node is not null)
        {
            Graph(active, into, itemProperty, container, node, compacted, asArray);
        }
        else if ((container & (Containers.Language | Containers.Index | Containers.Id | Containers.Type)) != 0 && (container & Containers.Graph) == 0)
        {
            Map(active, into, itemProperty, container, term, node, compacted, asArray);
        }
        else
        {
            Add(into, itemProperty, compacted, asArray);
        }
    }

    /// <summary>12.8.8</summary>
    private void Graph(ActiveContext active, LdObject into, string property, Containers container, LdObject node, LdJson? compacted, bool asArray)
    {
        var hasId = node.TryGet("@id", out var id);
        var hasIndex = node.TryGet("@index", out var index);
        if ((container & Containers.Graph) != 0 && (container & Containers.Id) != 0)
        {
            Add(MapOf(into, property), _iris.Compact(active, (id as LdText)?.Value) ?? _iris.Alias(active, "@none"), compacted, asArray);
        }
        else if ((container & Containers.Graph) != 0 && (container & Containers.Index) != 0 && !hasId)
        {
            Add(MapOf(into, property), (index as LdText)?.Value ?? _iris.Alias(active, "@none"), compacted, asArray);
        }
        else if ((container & Containers.Graph) != 0 && !hasId)
        {
            // Several nodes in one graph: without @included they would come back as several graphs.
            if (compacted is LdArray { Count: > 1 } several)
                compacted = new LdObject { [_iris.Alias(active, "@included")] = several };
            Add(into, property, compacted, asArray);
        }
        else
        {
            var graph = new LdObject { [_iris.Alias(active, "@graph")] = compacted };
            if (hasId)
                graph[_iris.Alias(active, "@id")] = IriCompaction.Text(_iris.Compact(active, (id as LdText)?.Value));
            if (hasIndex)
                graph[_iris.Alias(active, "@index")] = index;
            Add(into, property, graph, asArray);
        }
    }

    /// <summary>12.8.9: maps by @language, @index, @id or @type.</summary>
    private void Map(
        ActiveContext active, LdObject into, string property, Containers container, TermDefinition? term, LdObject? node, LdJson? compacted, bool asArray)
    {
        string? key = null;
        if ((container & Containers.Language) != 0)
        {
            if (node is not null && node.TryGet("@value", out var value))
                compacted = value;
            key = (node?["@language"] as LdText)?.Value;
        }
        else if ((container & Containers.Index) != 0 && term?.Index is null)
        {
            key = (node?["@index"] as LdText)?.Value;
        }
        else if ((container & Containers.Index) != 0)
        {
            // The property stands under the term that @index names, or, where values asked for another term, under its IRI's best name.
            key = TakeFirst(compacted, term?.Index ?? "") ?? TakeFirst(compacted, _iris.Alias(active, contexts.ExpandIri(active, term?.Index ?? "", vocab: true) ?? ""));
        }
        else if ((container & Containers.Id) != 0)
        {
            var idKey = _iris.Alias(active, "@id");
            key = (compacted as LdObject)?.TryText(idKey, out var id) == true ? id : null;
            (compacted as LdObject)?.Remove(idKey);
        }
        else
        {
            key = TakeFirst(compacted, _iris.Alias(active, "@type"));
            if (compacted is LdObject { Count: 1 } only && contexts.ExpandIri(active, only.Names.First(), vocab: true) == "@id" && node is not null)
                compacted = Compact(active, property, new LdObject { ["@id"] = node["@id"] });
        }

        Add(MapOf(into, property), key ?? _iris.Alias(active, "@none"), compacted, asArray);
    }

    /// <summary>The first text under a name becomes the key, the others stay.</summary>
    private string? TakeFirst(LdJson? compacted, string name)
    {
        if (compacted is not LdObject node || !node.TryGet(name, out var values))
            return null;
        var all = AsArray(values);
        if (all.Count == 0 || all[0] is not LdText first)
            return null;
        node.Remove(name);
        foreach (var other in all.Skip(1))
            Add(node, name, other, !compactArrays);
        return first.Value;
    }

    /// <summary>12.7.2, 12.8.2: the object that takes the property, inside what the term is nested in.</summary>
    private LdObject Nested(ActiveContext active, LdObject result, string property)
    {
        if (active.Term(property)?.Nest is not { } nest)
            return result;
        if (nest != "@nest" && contexts.ExpandIri(active, nest, vocab: true) != "@nest")
            throw new LdError(LdError.InvalidNestValue, $"{property} is nested in {nest}, which is not another name of @nest.");
        return MapOf(result, nest);
    }

    private static LdObject MapOf(LdObject into, string name)
    {
        if (into[name] is not LdObject map)
            into[name] = map = new LdObject();
        return map;
    }

    /// <summary>A graph object: @graph, and beside it at most @id and @index.</summary>
    private static bool IsGraph(LdObject? node) => node?.Has("@graph") == true && node.Names.All(n => n is "@graph" or "@id" or "@index" or "@context");

    private static LdArray AsArray(LdJson? value) => value as LdArray ?? new LdArray(value);

    /// <summary>Add value: the first stands alone unless arrays are asked for, the second makes an array.</summary>
    private static void Add(LdObject into, string name, LdJson? value, bool asArray)
    {
        if (asArray && into[name] is not LdArray)
            into[name] = into.TryGet(name, out var single) ? new LdArray(single) : new LdArray();
        if (value is LdArray items)
        {
            if (items.Count == 0 && !into.Has(name))
                into[name] = new LdArray();
            foreach (var item in items)
                Add(into, name, item, asArray);
        }
        else if (!into.TryGet(name, out var existing))
        {
            into[name] = asArray ? new LdArray(value) : value;
        }
        else if (existing is LdArray several)
        {
            several.Add(value);
        }
        else
        {
            into[name] = new LdArray(existing) { value };
        }
    }

    private readonly record struct Writing(ActiveContext Active, ActiveContext TypeScoped, string? Property, LdObject Result);
}
