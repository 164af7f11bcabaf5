namespace CityHub.Context.JsonLd.Processing;

/// <summary>The expansion algorithm (JSON-LD 1.1 API, 5.1.2); steps carry the numbers of the Recommendation.</summary>
internal sealed class Expander(ContextProcessor contexts, string? baseUrl, bool ordered)
{
    private const Containers Maps = Containers.Index | Containers.Type | Containers.Id;

    public LdJson? Expand(ActiveContext active, string? property, LdJson? element, bool fromMap = false)
    {
        // 1–5
        if (element is null)
            return null;
        var term = active.Term(property);
        if (element is LdArray items)
            return ExpandItems(active, property, term, items, fromMap);
        if (element is not LdObject node)
        {
            if (property is null or "@graph")
                return null;
            return ExpandValue(term is { HasContext: true } ? contexts.ProcessScoped(active, term) : active, property, element);
        }

        // 7, 8: the property's context is the one that held before the node put its own in place.
        if (active.Previous is { } previous && !fromMap && !Reverts(active, node))
            active = previous;
        if (term is { HasContext: true })
            active = contexts.ProcessScoped(active, term, overrideProtected: true);

        // 9, 10
        if (node.TryGet("@context", out var local))
            active = contexts.Process(active, local, baseUrl);
        var typeScoped = active;

        // 11, 12
        string? inputType = null;
        foreach (var (key, value) in node.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            if (contexts.ExpandIri(active, key, vocab: true) != "@type")
                continue;
            foreach (var type in Texts(value).Order(StringComparer.Ordinal))
                if (typeScoped.Term(type) is { HasContext: true } scoped)
                    active = contexts.ProcessScoped(active, scoped, propagate: false);
            if (inputType is null && Texts(value).LastOrDefault() is { } last)
                inputType = contexts.ExpandIri(active, last, vocab: true);
        }

        // 13, 14
        var result = new LdObject();
        new Node(this, active, typeScoped, property, result, inputType).Read(node, property);
        return Finished(result, property);
    }

    /// <summary>5</summary>
    private LdArray ExpandItems(ActiveContext active, string? property, TermDefinition? term, LdArray items, bool fromMap)
    {
        var result = new LdArray();
        foreach (var item in items)
        {
            var expanded = Expand(active, property, item, fromMap);
            if (expanded is LdArray several)
            {
                if (term?.Contains(Containers.List) != true)
                    result.AddRange(several);
                else if (contexts.Mode == LdMode.V10)
                    throw new LdError(LdError.ListOfLists, "A list in a list needs JSON-LD 1.1.");
                else
                    result.Add(new LdObject { ["@list"] = several });
            }
            else if (expanded is not null)
            {
                if (contexts.Mode == LdMode.V10 && term?.Contains(Containers.List) == true && expanded is LdObject list && list.Has("@list"))
                    throw new LdError(LdError.ListOfLists, "A list in a list needs JSON-LD 1.1.");
                result.Add(expanded);
            }
        }

        return result;
    }

    /// <summary>7: a value, or nothing but a reference, leaves the context of the node around it in place.</summary>
    private bool Reverts(ActiveContext active, LdObject node)
    {
        foreach (var name in node.Names)
        {
            var expanded = contexts.ExpandIri(active, name, vocab: true);
            if (expanded == "@value" || (expanded == "@id" && node.Count == 1))
                return true;
        }

        return false;
    }

    /// <summary>Value expansion (5.3.2).</summary>
    private LdObject ExpandValue(ActiveContext active, string property, LdJson value)
    {
        var term = active.Term(property);
        if (value is LdText text && term?.Type is "@id")
            return new LdObject { ["@id"] = TextOrNull(contexts.ExpandIri(active, text.Value, documentRelative: true)) };
        if (value is LdText word && term?.Type is "@vocab")
            return new LdObject { ["@id"] = TextOrNull(contexts.ExpandIri(active, word.Value, documentRelative: true, vocab: true)) };
        var result = new LdObject { ["@value"] = value };
        if (term?.Type is { } type and not ("@id" or "@vocab" or "@none"))
        {
            result["@type"] = new LdText(type);
        }
        else if (value is LdText)
        {
            var language = term is { HasLanguage: true } ? term.Language : active.Language;
            var direction = term is { HasDirection: true } ? term.Direction : active.Direction;
            if (language is not null)
                result["@language"] = new LdText(language);
            if (direction is not null)
                result["@direction"] = new LdText(direction);
        }

        return result;
    }

    /// <summary>15–19: what a node, value, list or set object may look like, and what is dropped.</summary>
    private static LdJson? Finished(LdObject result, string? property)
    {
        if (result.TryGet("@value", out var value))
        {
            // 15
            if (result.Names.Any(n => n is not ("@direction" or "@index" or "@language" or "@type" or "@value")) || (result.Has("@type") && (result.Has("@language") || result.Has("@direction"))))
                throw new LdError(LdError.InvalidValueObject, "A value object has members that do not go together.");
            var type = result["@type"];
            if (type is not LdText { Value: "@json" })
            {
                if (value is null or LdArray { Count: 0 })
                    return null;
                if (value is not LdText && result.Has("@language"))
                    throw new LdError(LdError.InvalidLanguageTaggedValue, "A value with a language is no text.");
                if (result.Has("@type") && (type is not LdText iri || LdKeywords.Is(iri.Value) || !LdIri.IsAbsolute(iri.Value)))
                    throw new LdError(LdError.InvalidTypedValue, "The @type of a value is no IRI.");
            }
        }
        else if (result.TryGet("@type", out var types) && types is not LdArray)
        {
            // 16
            result["@type"] = new LdArray(types);
        }
        else if (result.Has("@set") || result.Has("@list"))
        {
            // 17
            if (result.Names.Any(n => n is not ("@set" or "@list" or "@index")) || (result.Has("@set") && result.Has("@list")))
                throw new LdError(LdError.InvalidSetOrListObject, "A set or a list has members beside @index.");
            if (result.TryGet("@set", out var set))
                return set is LdObject inner ? Dropped(inner, property) : set;
        }

        return Dropped(result, property);
    }

    /// <summary>18, 19</summary>
    private static LdObject? Dropped(LdObject result, string? property)
    {
        if (result.Count == 1 && result.Has("@language"))
            return null;
        if (property is null or "@graph" && (result.Count == 0 || result.Has("@value") || result.Has("@list") || (result.Count == 1 && result.Has("@id"))))
            return null;
        return result;
    }

    private static LdText? TextOrNull(string? value) => value is null ? null : new LdText(value);

    private static IEnumerable<string> Texts(LdJson? value)
    {
        if (value is LdText one)
            yield return one.Value;
        else if (value is LdArray items)
            foreach (var item in items)
                if (item is LdText text)
                    yield return text.Value;
    }

    private static LdArray AsArray(LdJson? value) => value as LdArray ?? new LdArray(value);

    private static bool IsGraph(LdJson? value) =>
        value is LdObject node && node.Has("@graph") && node.Names.All(n => n is "@graph" or "@id" or "@index" or "@context");

    private static bool IsValueOrList(LdJson? value) => value is LdObject node && (node.Has("@value") || node.Has("@list"));

    /// <summary>One node on its way into expanded form: steps 13 and 14.</summary>
    private sealed class Node(Expander expander, ActiveContext context, ActiveContext typeScoped, string? property, LdObject result, string? inputType)
    {
        private readonly ContextProcessor _contexts = expander.ContextsOf;
        private ActiveContext _active = context;

        public void Read(LdObject node, string? within)
        {
            var nests = new List<string>();
            var members = expander.Ordered ? node.OrderBy(m => m.Key, StringComparer.Ordinal) : (IEnumerable<KeyValuePair<string, LdJson?>>)node;
            foreach (var (key, value) in members)
            {
                // 13.1–13.3
                if (key == "@context" || _contexts.ExpandIri(_active, key, vocab: true) is not { } name)
                    continue;
                if (LdKeywords.Is(name))
                    Keyword(key, name, value, within, nests);
                else if (name.Contains(':', StringComparison.Ordinal))
                    Property(key, name, value);
            }

            // 14
            foreach (var nest in expander.Ordered ? nests.Order(StringComparer.Ordinal) : (IEnumerable<string>)nests)
                foreach (var nested in AsArray(node[nest]))
                {
                    if (nested is not LdObject inner || inner.Names.Any(n => _contexts.ExpandIri(_active, n, vocab: true) == "@value"))
                        throw new LdError(LdError.InvalidNestValue, $"{nest} holds something that is no node.");
                    var before = _active;
                    if (_active.Term(nest) is { HasContext: true } scoped)
                        _active = _contexts.ProcessScoped(_active, scoped, overrideProtected: true);
                    Read(inner, nest);
                    _active = before;
                }
        }

        /// <summary>13.4</summary>
        private void Keyword(string key, string name, LdJson? value, string? within, List<string> nests)
        {
            if (property == "@reverse")
                throw new LdError(LdError.InvalidReversePropertyMap, $"A reverse map has {name}; it has properties only.");
            if (result.Has(name) && name is not ("@included" or "@type"))
                throw new LdError(LdError.CollidingKeywords, $"{name} is there more than once.");
            switch (name)
            {
                case "@id":
                    result["@id"] = value is LdText id
                        ? TextOrNull(_contexts.ExpandIri(_active, id.Value, documentRelative: true))
                        : throw new LdError(LdError.InvalidIdValue, "@id is no text.");
                    break;
                case "@type":
                    Types(value);
                    break;
                case "@graph":
                    result["@graph"] = AsArray(expander.Expand(_active, "@graph", value));
                    break;
                case "@included" when _contexts.Mode == LdMode.V11:
                    Included(value);
                    break;
                case "@value":
                    result["@value"] = inputType == "@json" && _contexts.Mode == LdMode.V11 || value is not (LdObject or LdArray)
                        ? value
                        : throw new LdError(LdError.InvalidValueObjectValue, "@value is neither text, number, true, false nor null.");
                    break;
                case "@language":
                    result["@language"] = value is LdText ? value : throw new LdError(LdError.InvalidLanguageTaggedString, "@language of a value is no text.");
                    break;
                case "@direction" when _contexts.Mode == LdMode.V11:
                    result["@direction"] = value is LdText { Value: "ltr" or "rtl" }
                        ? value
                        : throw new LdError(LdError.InvalidBaseDirection, "@direction of a value is neither \"ltr\" nor \"rtl\".");
                    break;
                case "@index":
                    result["@index"] = value is LdText ? value : throw new LdError(LdError.InvalidIndexValue, "@index is no text.");
                    break;
                case "@list" when within is not (null or "@graph"):
                    var list = AsArray(expander.Expand(_active, within, value));
                    if (_contexts.Mode == LdMode.V10 && list.Any(i => i is LdObject inner && inner.Has("@list")))
                        throw new LdError(LdError.ListOfLists, "A list in a list needs JSON-LD 1.1.");
                    result["@list"] = list;
                    break;
                case "@set":
                    result["@set"] = expander.Expand(_active, within, value);
                    break;
                case "@reverse":
                    Reverse(value);
                    break;
                case "@nest":
                    nests.Add(key);
                    break;
            }
        }

        /// <summary>13.4.4</summary>
        private void Types(LdJson? value)
        {
            if (value is not LdText && !(value is LdArray many && many.All(t => t is LdText)))
                throw new LdError(LdError.InvalidTypeValue, "@type is neither text nor an array of texts.");
            var types = new LdArray();
            foreach (var type in Texts(value))
                types.Add(TextOrNull(_contexts.ExpandIri(typeScoped, type, documentRelative: true, vocab: true)));
            if (result.TryGet("@type", out var before))
            {
                types.InsertRange(0, AsArray(before));
                result["@type"] = types;
            }
            else
            {
                result["@type"] = value is LdText ? types[0] : types;
            }
        }

        /// <summary>13.4.6</summary>
        private void Included(LdJson? value)
        {
            var included = AsArray(expander.Expand(_active, null, value));
            if (included.Any(i => i is not LdObject node || node.Has("@value") || node.Has("@list") || node.Has("@set")))
                throw new LdError(LdError.InvalidIncludedValue, "@included holds something that is no node.");
            if (result["@included"] is LdArray before)
                included.InsertRange(0, before);
            result["@included"] = included;
        }

        /// <summary>13.4.13</summary>
        private void Reverse(LdJson? value)
        {
            if (value is not LdObject)
                throw new LdError(LdError.InvalidReverseValue, "@reverse is no object.");
            if (expander.Expand(_active, "@reverse", value) is not LdObject expanded)
                return;
            foreach (var (name, items) in expanded)
            {
                if (name == "@reverse")
                {
                    foreach (var (forward, values) in (LdObject)(items ?? new LdObject()))
                        Append(result, forward, values);
                    continue;
                }

                foreach (var item in AsArray(items))
                    AddReverse(name, item);
            }
        }

        private void AddReverse(string name, LdJson? item)
        {
            if (IsValueOrList(item))
                throw new LdError(LdError.InvalidReversePropertyValue, $"The reverse property {name} has a value that is no node.");
            if (result["@reverse"] is not LdObject map)
                result["@reverse"] = map = new LdObject();
            Append(map, name, item);
        }

        private static void Append(LdObject into, string name, LdJson? value)
        {
            if (into[name] is not LdArray items)
                into[name] = items = [];
            items.AddRange(AsArray(value));
        }

        /// <summary>13.5–13.14</summary>
        private void Property(string key, string name, LdJson? value)
        {
            var term = _active.Term(key);
            var container = term?.Container ?? Containers.None;
            LdJson? expanded;
            if (term?.Type == "@json")
                expanded = new LdObject { ["@value"] = value, ["@type"] = new LdText("@json") };
            else if ((container & Containers.Language) != 0 && value is LdObject languages)
                expanded = LanguageMap(term, languages);
            else if ((container & Maps) != 0 && value is LdObject map)
                expanded = Map(key, term, container, map);
            else
                expanded = expander.Expand(_active, key, value);

            if (expanded is null)
                return;
            if ((container & Containers.List) != 0 && !(expanded is LdObject list && list.Has("@list")))
                expanded = new LdObject { ["@list"] = AsArray(expanded) };
            if ((container & Containers.Graph) != 0 && (container & (Containers.Id | Containers.Index)) == 0)
            {
                var graphs = new LdArray();
                foreach (var item in AsArray(expanded))
                    graphs.Add(new LdObject { ["@graph"] = AsArray(item) });
                expanded = graphs;
            }

            if (term is { Reverse: true })
                foreach (var item in AsArray(expanded))
                    AddReverse(name, item);
            else
                Append(result, name, expanded);
        }

        /// <summary>13.7</summary>
        private LdArray LanguageMap(TermDefinition? term, LdObject languages)
        {
            var direction = term is { HasDirection: true } ? term.Direction : _active.Direction;
            var values = new LdArray();
            foreach (var (language, texts) in languages.OrderBy(m => expander.Ordered ? m.Key : "", StringComparer.Ordinal))
            {
                foreach (var item in AsArray(texts))
                {
                    if (item is null)
                        continue;
                    if (item is not LdText)
                        throw new LdError(LdError.InvalidLanguageMapValue, $"The language map has something under {language} that is no text.");
                    var value = new LdObject { ["@value"] = item };
                    if (language != "@none" && _contexts.ExpandIri(_active, language, vocab: true) != "@none")
                        value["@language"] = new LdText(language);
                    if (direction is not null)
                        value["@direction"] = new LdText(direction);
                    values.Add(value);
                }
            }

            return values;
        }

        /// <summary>13.8: maps by @index, @type or @id.</summary>
        private LdArray Map(string key, TermDefinition? term, Containers container, LdObject map)
        {
            var indexKey = term?.Index ?? "@index";
            var values = new LdArray();
            foreach (var (index, indexed) in map.OrderBy(m => expander.Ordered ? m.Key : "", StringComparer.Ordinal))
            {
                var mapContext = _active;
                if ((container & (Containers.Id | Containers.Type)) != 0)
                    mapContext = _active.Previous ?? _active;
                if ((container & Containers.Type) != 0 && mapContext.Term(index) is { HasContext: true } scoped)
                    mapContext = _contexts.ProcessScoped(mapContext, scoped);
                else if ((container & Containers.Type) == 0)
                    mapContext = _active;
                var expandedIndex = _contexts.ExpandIri(_active, index, vocab: true);
                foreach (var expanded in AsArray(expander.Expand(mapContext, key, AsArray(indexed), fromMap: true)))
                {
                    var item = (container & Containers.Graph) != 0 && !IsGraph(expanded) ? new LdObject { ["@graph"] = AsArray(expanded) } : expanded as LdObject;
                    if (item is null)
                        continue;
                    Indexed(item, container, indexKey, index, expandedIndex);
                    values.Add(item);
                }
            }

            return values;
        }

        /// <summary>13.8.3.7</summary>
        private void Indexed(LdObject item, Containers container, string indexKey, string index, string? expandedIndex)
        {
            if (expandedIndex == "@none")
                return;
            if ((container & Containers.Index) != 0 && indexKey != "@index")
            {
                var expandedKey = _contexts.ExpandIri(_active, indexKey, vocab: true) ?? indexKey;
                var values = new LdArray(expander.ExpandValue(_active, indexKey, new LdText(index)));
                if (item.TryGet(expandedKey, out var existing))
                    values.AddRange(AsArray(existing));
                item[expandedKey] = values;
                if (item.Has("@value"))
                    throw new LdError(LdError.InvalidValueObject, "A value in a map by a property can have no property.");
            }
            else if ((container & Containers.Index) != 0)
            {
                if (!item.Has("@index"))
                    item["@index"] = new LdText(index);
            }
            else if ((container & Containers.Id) != 0)
            {
                if (!item.Has("@id"))
                    item["@id"] = TextOrNull(_contexts.ExpandIri(_active, index, documentRelative: true));
            }
            else
            {
                var types = new LdArray(TextOrNull(expandedIndex));
                if (item.TryGet("@type", out var existing))
                    types.AddRange(AsArray(existing));
                item["@type"] = types;
            }
        }
    }

    private ContextProcessor ContextsOf => contexts;

    private bool Ordered => ordered;
}
