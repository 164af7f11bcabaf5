namespace CityHub.Context.JsonLd.Processing;

/// <summary>A context read backwards: the best term for an IRI, for each way its values may be written (JSON-LD 1.1 API, 4.3 and 4.4).</summary>
internal sealed class InverseContext
{
    private readonly Dictionary<string, Dictionary<Containers, Entry>> _byIri = new(StringComparer.Ordinal);

    public InverseContext(ActiveContext active)
    {
        var language = (active.Language ?? "@none").ToLowerInvariant();
        foreach (var (term, definition) in active.Terms.OrderBy(t => t.Key.Length).ThenBy(t => t.Key, StringComparer.Ordinal))
        {
            if (definition.Iri is not { } iri)
                continue;
            if (!_byIri.TryGetValue(iri, out var containers))
                _byIri[iri] = containers = [];
            if (!containers.TryGetValue(definition.Container, out var entry))
                containers[definition.Container] = entry = new Entry(term);

            if (definition.Reverse)
            {
                entry.Type.TryAdd("@reverse", term);
            }
            else if (definition.Type == "@none")
            {
                entry.Any.TryAdd("@any", term);
                entry.Language.TryAdd("@any", term);
                entry.Type.TryAdd("@any", term);
            }
            else if (definition.Type is { } type)
            {
                entry.Type.TryAdd(type, term);
            }
            else if (definition.HasLanguage || definition.HasDirection)
            {
                var named = LanguageDirection(definition.Language, definition.Direction);
                entry.Language.TryAdd(named ?? (definition.HasLanguage ? "@null" : "@none"), term);
            }
            else
            {
                entry.Language.TryAdd(active.Direction is { } direction ? LanguageDirection(active.Language, direction) ?? "@none" : language, term);
                entry.Language.TryAdd("@none", term);
                entry.Type.TryAdd("@none", term);
            }
        }
    }

    /// <summary>Which of an entry's tables is asked.</summary>
    public enum Kind
    {
        Language,
        Type,
        Any,
    }

    public bool Has(string iri) => _byIri.ContainsKey(iri);

    /// <summary>Term selection (4.4): containers before values, each in the order of preference.</summary>
    public string? Select(string iri, IReadOnlyList<Containers> containers, Kind kind, IReadOnlyList<string> preferred)
    {
        var byContainer = _byIri[iri];
        foreach (var container in containers)
        {
            if (!byContainer.TryGetValue(container, out var entry))
                continue;
            var table = kind switch
            {
                Kind.Language => entry.Language,
                Kind.Type => entry.Type,
                _ => entry.Any,
            };
            foreach (var value in preferred)
                if (table.TryGetValue(value, out var term))
                    return term;
        }

        return null;
    }

    /// <summary><c>en_ltr</c>, <c>en</c>, <c>_ltr</c>; null for neither.</summary>
    public static string? LanguageDirection(string? language, string? direction) => (language, direction) switch
    {
        (null, null) => null,
        (_, null) => language.ToLowerInvariant(),
        _ => $"{language}_{direction}".ToLowerInvariant(),
    };

    private sealed class Entry(string term)
    {
        public Dictionary<string, string> Language { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, string> Type { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, string> Any { get; } = new(StringComparer.Ordinal) { ["@none"] = term };
    }
}
