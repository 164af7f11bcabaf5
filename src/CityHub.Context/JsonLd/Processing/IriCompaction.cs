namespace CityHub.Context.JsonLd.Processing;

/// <summary>IRI compaction (6.2) and value compaction (6.3) of the JSON-LD 1.1 API; steps carry its numbers.</summary>
internal sealed class IriCompaction(ContextProcessor contexts)
{
    public string? Compact(ActiveContext active, string? iri, LdJson? value = null, bool vocab = false, bool reverse = false)
    {
        if (iri is null)
            return null;

        // 4
        if (vocab && active.Inverse.Has(iri) && Select(active, iri, value, reverse) is { } term)
            return term;

        // 5
        if (vocab && active.Vocab is { Length: > 0 } vocabulary && iri.Length > vocabulary.Length && iri.StartsWith(vocabulary, StringComparison.Ordinal))
        {
            var suffix = iri[vocabulary.Length..];
            if (active.Term(suffix) is null)
                return suffix;
        }

        // 6–8
        string? compact = null;
        foreach (var (prefix, definition) in active.Terms)
        {
            if (!definition.Prefix || definition.Iri is not { } start || iri.Length <= start.Length || !iri.StartsWith(start, StringComparison.Ordinal))
                continue;
            var candidate = string.Concat(prefix, ":", iri.AsSpan(start.Length));
            var better = compact is null || candidate.Length < compact.Length || (candidate.Length == compact.Length && string.CompareOrdinal(candidate, compact) < 0);
            if (better && (active.Term(candidate) is not { } other || (other.Iri == iri && value is null)))
                compact = candidate;
        }

        if (compact is not null)
            return compact;

        // 9: it would be read back as something else.
        var colon = iri.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && contexts.Mode == LdMode.V11 && !iri.AsSpan(colon + 1).StartsWith("//") && active.PrefixOf(iri, colon) is { Prefix: true })
            throw new LdError(LdError.IriConfusedWithPrefix, $"{iri} begins with a prefix of the context and does not mean it.");

        // 10
        if (vocab || active.Base is not { } baseIri || LdIri.IsBlankNode(iri))
            return iri;
        return LdIri.Relative(baseIri, iri);
    }

    /// <summary>A keyword or a property, by the name that the context gives it.</summary>
    public string Alias(ActiveContext active, string iri) => Compact(active, iri, vocab: true) ?? iri;

    /// <summary>Value compaction (6.3).</summary>
    public LdJson? CompactValue(ActiveContext active, string? property, LdObject value)
    {
        var term = active.Term(property);
        var language = term is { HasLanguage: true } ? term.Language : active.Language;
        var direction = term is { HasDirection: true } ? term.Direction : active.Direction;

        // 4, 5: @index is written by the map that the property is.
        var keepIndex = value.Has("@index") && term?.Contains(Containers.Index) != true;
        if (value.TryGet("@id", out var id) && value.Names.All(n => n is "@id" or "@index"))
        {
            if (term?.Type is "@id" or "@vocab" && !keepIndex)
                return Text(Compact(active, (id as LdText)?.Value, vocab: term.Type == "@vocab"));
        }
        else if (value.TryGet("@type", out var type) && term?.Type is { } mapped && type is LdText given && given.Value == mapped)
        {
            if (!keepIndex)
                return value["@value"];
        }
        else if (term?.Type == "@none" || value.Has("@type"))
        {
            // 7: written out below
        }
        else if (value["@value"] is not LdText && !keepIndex && value.Has("@value"))
        {
            return value["@value"];
        }
        else if (value.Has("@value") && !keepIndex && SameText(value["@language"], language, ignoreCase: true) && SameText(value["@direction"], direction, ignoreCase: false))
        {
            return value["@value"];
        }

        // 10
        var result = new LdObject();
        foreach (var (name, member) in value)
        {
            if (name == "@index" && !keepIndex)
                continue;
            result[Alias(active, name)] = name switch
            {
                "@type" => Types(active, member),
                "@id" => Text(Compact(active, (member as LdText)?.Value)),
                _ => member,
            };
        }

        return result;
    }

    public static LdText? Text(string? value) => value is null ? null : new LdText(value);

    private LdJson? Types(ActiveContext active, LdJson? types)
    {
        if (types is LdText one)
            return Text(Compact(active, one.Value, vocab: true));
        if (types is not LdArray several)
            return types;
        var result = new LdArray();
        foreach (var type in several)
            result.Add(type is LdText text ? Text(Compact(active, text.Value, vocab: true)) : type);
        return result.Count == 1 ? result[0] : result;
    }

    private static bool SameText(LdJson? value, string? text, bool ignoreCase) =>
        string.Equals((value as LdText)?.Value, text, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>4: the term whose container and values suit best.</summary>
    private string? Select(ActiveContext active, string iri, LdJson? value, bool reverse)
    {
        var node = value as LdObject;
        var containers = new List<Containers>();
        var kind = InverseContext.Kind.Language;
        var wanted = "@null";
        var list = node?["@list"] as LdArray;
        var isList = node?.Has("@list") == true;
        var isGraph = node?.Has("@graph") == true;
        var hasIndex = node?.Has("@index") == true;

        if (hasIndex && !isGraph)
            containers.AddRange([Containers.Index, Containers.Index | Containers.Set]);
        if (reverse)
        {
            (kind, wanted) = (InverseContext.Kind.Type, "@reverse");
            containers.Add(Containers.Set);
        }
        else if (isList)
        {
            if (!hasIndex)
                containers.Add(Containers.List);
            (kind, wanted) = OfList(active, list ?? []);
        }
        else if (isGraph)
        {
            GraphContainers(containers, hasIndex, node?.Has("@id") == true);
            (kind, wanted) = (InverseContext.Kind.Type, "@id");
        }
        else
        {
            if (node?.Has("@value") == true)
            {
                if ((node["@language"] is LdText || node["@direction"] is LdText) && !hasIndex)
                {
                    wanted = InverseContext.LanguageDirection((node["@language"] as LdText)?.Value, (node["@direction"] as LdText)?.Value) ?? "@null";
                    containers.AddRange([Containers.Language, Containers.Language | Containers.Set]);
                }
                else if (node["@type"] is LdText type)
                {
                    (kind, wanted) = (InverseContext.Kind.Type, type.Value);
                }
            }
            else
            {
                (kind, wanted) = (InverseContext.Kind.Type, "@id");
                containers.AddRange([Containers.Id, Containers.Id | Containers.Set, Containers.Type, Containers.Set | Containers.Type]);
            }

            containers.Add(Containers.Set);
        }

        containers.Add(Containers.None);
        if (contexts.Mode == LdMode.V11 && !hasIndex)
            containers.AddRange([Containers.Index, Containers.Index | Containers.Set]);
        if (contexts.Mode == LdMode.V11 && node is { Count: 1 } && node.Has("@value"))
            containers.AddRange([Containers.Language, Containers.Language | Containers.Set]);

        // 4.14–4.19
        var preferred = new List<string>();
        if (wanted == "@reverse")
            preferred.Add("@reverse");
        if (wanted is "@id" or "@reverse" && node?["@id"] is LdText id)
        {
            var compacted = Compact(active, id.Value, vocab: true);
            preferred.AddRange(active.Term(compacted)?.Iri == id.Value ? ["@vocab", "@id", "@none"] : ["@id", "@vocab", "@none"]);
        }
        else
        {
            preferred.AddRange([wanted, "@none"]);
            if (isList && list is { Count: 0 })
                kind = InverseContext.Kind.Any;
        }

        preferred.Add("@any");
        foreach (var value2 in preferred.ToArray())
            if (value2.IndexOf('_', StringComparison.Ordinal) is >= 0 and var underscore)
                preferred.Add(value2[underscore..]);
        return active.Inverse.Select(iri, containers, kind, preferred);
    }

    /// <summary>4.8</summary>
    private static void GraphContainers(List<Containers> containers, bool hasIndex, bool hasId)
    {
        const Containers Graph = Containers.Graph, Set = Containers.Set, Index = Containers.Index, Id = Containers.Id;
        if (hasIndex)
            containers.AddRange([Graph | Index, Graph | Index | Set]);
        if (hasId)
            containers.AddRange([Graph | Id, Graph | Id | Set]);
        containers.AddRange([Graph, Graph | Set, Set]);
        if (!hasIndex)
            containers.AddRange([Graph | Index, Graph | Index | Set]);
        if (!hasId)
            containers.AddRange([Graph | Id, Graph | Id | Set]);
        containers.AddRange([Index, Index | Set]);
    }

    /// <summary>4.7: what all items of a list have in common.</summary>
    private static (InverseContext.Kind Kind, string Wanted) OfList(ActiveContext active, LdArray list)
    {
        string? commonType = null;
        var commonLanguage = list.Count == 0
            ? active.Direction is { } direction ? InverseContext.LanguageDirection(active.Language, direction) : (active.Language ?? "@none").ToLowerInvariant()
            : null;
        foreach (var item in list)
        {
            var (language, type) = ("@none", "@none");
            var isValue = item is LdObject node && node.Has("@value");
            if (item is LdObject value && isValue)
            {
                if (value["@language"] is LdText || value["@direction"] is LdText)
                    language = InverseContext.LanguageDirection((value["@language"] as LdText)?.Value, (value["@direction"] as LdText)?.Value) ?? "@null";
                else if (value["@type"] is LdText typed)
                    type = typed.Value;
                else
                    language = "@null";
            }
            else
            {
                type = "@id";
            }

            if (commonLanguage is null)
                commonLanguage = language;
            else if (language != commonLanguage && isValue)
                commonLanguage = "@none";
            if (commonType is null)
                commonType = type;
            else if (type != commonType)
                commonType = "@none";
            if (commonLanguage == "@none" && commonType == "@none")
                break;
        }

        return (commonType ?? "@none") != "@none" ? (InverseContext.Kind.Type, commonType ?? "@none") : (InverseContext.Kind.Language, commonLanguage ?? "@none");
    }
}
