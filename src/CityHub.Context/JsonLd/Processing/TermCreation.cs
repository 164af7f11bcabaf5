namespace CityHub.Context.JsonLd.Processing;

/// <summary>Create term definition (5.2.2) and IRI expansion (5.3) of the JSON-LD 1.1 API, which call each other: a term may be defined by one further down.</summary>
internal sealed partial class ContextProcessor
{
    private const string GenDelims = ":/?#[]@";

    /// <summary>A term defined by a term defined by a term: deeper than this is refused, or a long chain would exhaust the stack.</summary>
    private const int MostTermDepth = 256;

    private int _depth;

    /// <summary>What a name means here: an IRI, a keyword, a relative reference that stays one, or null where the context took the name out of use.</summary>
    public string? ExpandIri(ActiveContext active, string value, bool documentRelative = false, bool vocab = false, Definitions? defining = null)
    {
        // 1, 2
        if (LdKeywords.Is(value))
            return value;
        if (LdKeywords.HasForm(value))
            return null;

        // 3
        DefineFirst(defining, value);

        // 4, 5
        if (active.Term(value) is { } term)
        {
            if (LdKeywords.Is(term.Iri))
                return term.Iri;
            if (vocab)
                return term.Iri;
        }

        // 6
        var colon = value.Length > 1 ? value.IndexOf(':', 1) : -1;
        if (colon > 0)
        {
            if ((colon == 1 && value[0] == '_') || value.AsSpan(colon + 1).StartsWith("//"))
                return value;
            if (defining is not null)
                DefineFirst(defining, value[..colon]);
            if (active.PrefixOf(value, colon) is { Prefix: true, Iri: { } iri })
                return string.Concat(iri, value.AsSpan(colon + 1));
            if (LdIri.IsAbsolute(value))
                return value;
        }

        // 7–9
        if (vocab && active.Vocab is { } vocabulary)
            return vocabulary + value;
        return documentRelative ? LdIri.Resolve(active.Base, value) : value;
    }

    private void DefineFirst(Definitions? defining, string name)
    {
        if (defining is not null && defining.Local.Has(name) && !(defining.Defined.TryGetValue(name, out var done) && done))
            Define(defining, name);
    }

    private void Define(Definitions defining, string term)
    {
        // 1, 2
        if (defining.Defined.TryGetValue(term, out var done))
        {
            if (done)
                return;
            throw new LdError(LdError.CyclicIriMapping, $"The term {term} of the context is defined by itself.");
        }

        if (++_definitions > MostDefinitions || _depth >= MostTermDepth)
            throw Overflow();
        if (term.Length == 0)
            throw new LdError(LdError.InvalidTermDefinition, "The context defines a term without a name.");
        defining.Defined[term] = false;

        // 3–5
        var local = defining.Local[term];
        if (term == "@type")
        {
            if (mode == LdMode.V10 || local is not LdObject { Count: > 0 } only || only.Any(m => !TypeMember(m.Key, m.Value)))
                throw new LdError(LdError.KeywordRedefinition, "@type can be given no more than @container: @set and @protected.");
        }
        else if (LdKeywords.Is(term))
        {
            throw new LdError(LdError.KeywordRedefinition, $"The context defines {term}, which is a keyword.");
        }
        else if (LdKeywords.HasForm(term))
        {
            return; // Kept free for keywords to come: ignored.
        }

        // 6–9
        var previous = defining.Active.Term(term);
        defining.Active.Remove(term);
        var (value, simple) = local switch
        {
            null or LdText => (Members: new LdObject { ["@id"] = local }, Simple: local is not null),
            LdObject members => (Members: members, Simple: false),
            _ => throw new LdError(LdError.InvalidTermDefinition, $"The term {term} of the context is neither an IRI nor an object."),
        };
        _depth++;
        if (Expanded(defining, term, value, previous, simple) is { } definition)
            defining.Active.Set(term, definition);
        _depth--;
        defining.Defined[term] = true;
    }

    private static bool TypeMember(string name, LdJson? value) => name switch
    {
        "@protected" => true,
        "@container" => value is LdText { Value: "@set" } || (value is LdArray { Count: 1 } items && items[0] is LdText { Value: "@set" }),
        _ => false,
    };

    private TermDefinition? Expanded(Definitions defining, string term, LdObject value, TermDefinition? previous, bool simple)
    {
        // 10, 11
        var definition = new TermDefinition { Protected = defining.Protected };
        if (value.TryGet("@protected", out var protects))
            definition = definition with
            {
                Protected = mode == LdMode.V10
                    ? throw new LdError(LdError.InvalidTermDefinition, "@protected needs JSON-LD 1.1.")
                    : (protects as LdBool ?? throw new LdError(LdError.InvalidProtectedValue, $"@protected of the term {term} is neither true nor false.")).Value,
            };

        // 12
        if (value.TryGet("@type", out var type))
            definition = definition with { Type = TypeOf(defining, term, type) };

        // 13
        if (value.TryGet("@reverse", out var reverse))
            return ReverseOf(defining, term, value, reverse, definition) is { } reversed ? Checked(defining, term, WithIndex(defining, term, value, reversed), previous) : null;

        // 14–18
        if (value.TryGet("@id", out var id) && !(id is LdText { Value: var same } && same == term))
        {
            if (id is not null)
            {
                if (IdOf(defining, term, value, id, simple, definition) is not { } withIri)
                    return null;
                definition = withIri;
            }
        }
        else if (term.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
        {
            var prefix = term[..colon];
            DefineFirst(defining, prefix);
            definition = definition with { Iri = defining.Active.Term(prefix) is { Iri: { } start } ? string.Concat(start, term.AsSpan(colon + 1)) : term };
        }
        else if (term.Contains('/', StringComparison.Ordinal))
        {
            var iri = ExpandIri(defining.Active, term, vocab: true);
            definition = definition with
            {
                Iri = iri is not null && LdIri.IsAbsolute(iri) ? iri : throw new LdError(LdError.InvalidIriMapping, $"The term {term} of the context stands for no IRI."),
            };
        }
        else if (term == "@type")
        {
            definition = definition with { Iri = "@type" };
        }
        else
        {
            definition = definition with
            {
                Iri = defining.Active.Vocab is { } vocab ? vocab + term : throw new LdError(LdError.InvalidIriMapping, $"The term {term} of the context has no @id, and there is no @vocab."),
            };
        }

        // 19–26
        definition = WithContainer(term, value, definition);
        definition = WithIndex(defining, term, value, definition);
        definition = WithContext(defining, term, value, definition);
        definition = WithLanguage(term, value, definition);
        definition = WithNestAndPrefix(term, value, definition);
        foreach (var name in value.Names)
            if (name is not ("@id" or "@reverse" or "@container" or "@context" or "@direction" or "@index" or "@language" or "@nest" or "@prefix" or "@protected" or "@type"))
                throw new LdError(LdError.InvalidTermDefinition, $"The term {term} of the context has a member {name}, which no definition of a term has.");
        return Checked(defining, term, definition, previous);
    }

    /// <summary>27</summary>
    private static TermDefinition Checked(Definitions defining, string term, TermDefinition definition, TermDefinition? previous)
    {
        if (defining.OverrideProtected || previous is not { Protected: true })
            return definition;
        return definition.SameAs(previous) ? previous : throw new LdError(LdError.ProtectedTermRedefinition, $"The term {term} is protected and would be given another meaning.");
    }

    /// <summary>12</summary>
    private string TypeOf(Definitions defining, string term, LdJson? type)
    {
        var iri = type is LdText text ? ExpandIri(defining.Active, text.Value, vocab: true, defining: defining) : null;
        return iri switch
        {
            "@id" or "@vocab" => iri,
            "@json" or "@none" when mode == LdMode.V11 => iri,
            not null when !LdKeywords.Is(iri) && LdIri.IsAbsolute(iri) => iri,
            _ => throw new LdError(LdError.InvalidTypeMapping, $"@type of the term {term} is neither an IRI nor one of @id, @vocab, @json, @none."),
        };
    }

    /// <summary>13; null where the definition is passed over.</summary>
    private TermDefinition? ReverseOf(Definitions defining, string term, LdObject value, LdJson? reverse, TermDefinition definition)
    {
        if (value.Has("@id") || value.Has("@nest"))
            throw new LdError(LdError.InvalidReverseProperty, $"The term {term} of the context has @reverse together with @id or @nest.");
        if (reverse is not LdText text)
            throw new LdError(LdError.InvalidIriMapping, $"@reverse of the term {term} is not text.");
        if (!LdKeywords.Is(text.Value) && LdKeywords.HasForm(text.Value))
            return null;
        var iri = ExpandIri(defining.Active, text.Value, vocab: true, defining: defining);
        if (iri is null || LdKeywords.Is(iri) || (!LdIri.IsAbsolute(iri) && !LdIri.IsBlankNode(iri)))
            throw new LdError(LdError.InvalidIriMapping, $"@reverse of the term {term} is no IRI.");
        definition = definition with { Iri = iri, Reverse = true };
        if (!value.TryGet("@container", out var container) || container is null)
            return definition;
        return container is LdText { Value: "@set" or "@index" } kind
            ? definition with { Container = kind.Value == "@set" ? Containers.Set : Containers.Index }
            : throw new LdError(LdError.InvalidReverseProperty, $"@container of the reverse term {term} is neither @set nor @index.");
    }

    /// <summary>14.2; null where the definition is passed over.</summary>
    private TermDefinition? IdOf(Definitions defining, string term, LdObject value, LdJson id, bool simple, TermDefinition definition)
    {
        if (id is not LdText text)
            throw new LdError(LdError.InvalidIriMapping, $"@id of the term {term} is not text.");
        if (!LdKeywords.Is(text.Value) && LdKeywords.HasForm(text.Value))
            return null;
        var iri = ExpandIri(defining.Active, text.Value, vocab: true, defining: defining);
        if (iri is null || (!LdKeywords.Is(iri) && !LdIri.IsAbsolute(iri) && !LdIri.IsBlankNode(iri)))
            throw new LdError(LdError.InvalidIriMapping, $"@id of the term {term} is no IRI: \"{text.Value}\".");
        if (iri == "@context")
            throw new LdError(LdError.InvalidKeywordAlias, $"The term {term} would be another name of @context.");
        var inside = term.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && colon < term.Length - 1;
        var slash = term.Contains('/', StringComparison.Ordinal);
        if (mode == LdMode.V11 && !AllowMisleadingTerms && (inside || slash))
        {
            defining.Defined[term] = true;
            if (ExpandIri(defining.Active, term, vocab: true, defining: defining) != iri)
                throw new LdError(LdError.InvalidIriMapping, $"The term {term} reads like an IRI and is given another one: {iri}.");
        }

        var mayBePrefix = !slash && !term.Contains(':', StringComparison.Ordinal) && simple
            && (LdIri.IsBlankNode(iri) || (iri.Length > 0 && GenDelims.Contains(iri[^1], StringComparison.Ordinal)));
        return definition with { Iri = iri, Prefix = mayBePrefix || (mode == LdMode.V10 && simple && !LdKeywords.Is(iri)) };
    }

    /// <summary>19</summary>
    private TermDefinition WithContainer(string term, LdObject value, TermDefinition definition)
    {
        if (!value.TryGet("@container", out var given))
            return definition;
        if (mode == LdMode.V10 && given is not LdText { Value: "@index" or "@language" or "@list" or "@set" })
            throw Wrong();
        var container = Containers.None;
        foreach (var item in given is LdArray items ? items : [given])
            container |= item is LdText text && ContainerOf(text.Value) is var one and not Containers.None ? one : throw Wrong();
        var others = container & ~Containers.Set;
        var allowed = others is Containers.None or Containers.Graph or Containers.Id or Containers.Index or Containers.Language or Containers.Type
            or (Containers.Graph | Containers.Id) or (Containers.Graph | Containers.Index) || container == Containers.List;
        if (!allowed || container == Containers.None)
            throw Wrong();
        if ((container & Containers.Type) == 0)
            return definition with { Container = container };
        return (definition.Type ?? "@id") is "@id" or "@vocab"
            ? definition with { Container = container, Type = definition.Type ?? "@id" }
            : throw new LdError(LdError.InvalidTypeMapping, $"The term {term} is a map by @type, and its @type is neither @id nor @vocab.");

        LdError Wrong() => new(LdError.InvalidContainerMapping, $"@container of the term {term} is none that JSON-LD knows.");
    }

    private static Containers ContainerOf(string keyword) => keyword switch
    {
        "@graph" => Containers.Graph,
        "@id" => Containers.Id,
        "@index" => Containers.Index,
        "@language" => Containers.Language,
        "@list" => Containers.List,
        "@set" => Containers.Set,
        "@type" => Containers.Type,
        _ => Containers.None,
    };

    /// <summary>20</summary>
    private TermDefinition WithIndex(Definitions defining, string term, LdObject value, TermDefinition definition)
    {
        if (!value.TryGet("@index", out var index))
            return definition;
        if (mode == LdMode.V11 && definition.Contains(Containers.Index) && index is LdText text
            && ExpandIri(defining.Active, text.Value, vocab: true, defining: defining) is { } iri && !LdKeywords.Is(iri) && LdIri.IsAbsolute(iri))
            return definition with { Index = text.Value };
        throw new LdError(LdError.InvalidTermDefinition, $"@index of the term {term} is no property, or the term is no map by @index.");
    }

    /// <summary>21</summary>
    private TermDefinition WithContext(Definitions defining, string term, LdObject value, TermDefinition definition)
    {
        if (!value.TryGet("@context", out var context))
            return definition;
        if (mode == LdMode.V10)
            throw new LdError(LdError.InvalidTermDefinition, "A context of a term needs JSON-LD 1.1.");
        if (RefuseScoped)
            throw new LdError(LdError.InvalidScopedContext, $"The term {term} of the context carries a context of its own; NGSI-LD allows no scoped contexts.");
        try
        {
            Process(defining.Active, context, defining.BaseUrl, defining.Remote, overrideProtected: true, validateScoped: false);
        }
        catch (LdError e) when (e.Code != LdError.ContextOverflow)
        {
            throw new LdError(LdError.InvalidScopedContext, $"The context of the term {term} is not valid: {e.Message}");
        }

        return definition with { HasContext = true, Context = context, ContextBase = defining.BaseUrl };
    }

    /// <summary>22, 23</summary>
    private static TermDefinition WithLanguage(string term, LdObject value, TermDefinition definition)
    {
        if (value.Has("@type"))
            return definition;
        if (value.TryGet("@language", out var language))
            definition = definition with
            {
                HasLanguage = true,
                Language = language is null or LdText ? (language as LdText)?.Value : throw new LdError(LdError.InvalidLanguageMapping, $"@language of the term {term} is neither text nor null."),
            };
        return value.TryGet("@direction", out var direction) ? definition with { HasDirection = true, Direction = DirectionOf(direction) } : definition;
    }

    /// <summary>24, 25</summary>
    private TermDefinition WithNestAndPrefix(string term, LdObject value, TermDefinition definition)
    {
        if (value.TryGet("@nest", out var nest))
        {
            if (mode == LdMode.V10)
                throw new LdError(LdError.InvalidTermDefinition, "@nest needs JSON-LD 1.1.");
            if (nest is not LdText text || (LdKeywords.Is(text.Value) && text.Value != "@nest"))
                throw new LdError(LdError.InvalidNestValue, $"@nest of the term {term} is neither @nest nor a term.");
            definition = definition with { Nest = text.Value };
        }

        if (value.TryGet("@prefix", out var prefix))
        {
            if (mode == LdMode.V10 || term.Contains(':', StringComparison.Ordinal) || term.Contains('/', StringComparison.Ordinal))
                throw new LdError(LdError.InvalidTermDefinition, $"The term {term} cannot be a prefix.");
            if (prefix is not LdBool flag)
                throw new LdError(LdError.InvalidPrefixValue, $"@prefix of the term {term} is neither true nor false.");
            if (flag.Value && LdKeywords.Is(definition.Iri))
                throw new LdError(LdError.InvalidTermDefinition, $"The term {term} is another name of a keyword and cannot be a prefix.");
            definition = definition with { Prefix = flag.Value };
        }

        return definition;
    }
}
