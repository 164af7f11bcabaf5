using System.Collections.Frozen;

namespace CityHub.Context.JsonLd.Processing;

/// <summary>The keywords of JSON-LD 1.1 (syntax, 1.7).</summary>
internal static class LdKeywords
{
    private static readonly FrozenSet<string> All = FrozenSet.Create(
        StringComparer.Ordinal,
        "@base", "@container", "@context", "@default", "@direction", "@embed", "@explicit", "@graph", "@id", "@import", "@included", "@index", "@json", "@language",
        "@list", "@nest", "@none", "@null", "@omitDefault", "@prefix", "@preserve", "@propagate", "@protected", "@requireAll", "@reverse", "@set", "@type", "@value",
        "@version", "@vocab");

    public static bool Is(string? value) => value is { Length: > 1 } && value[0] == '@' && All.Contains(value);

    /// <summary><c>@</c> and then letters: kept free for keywords to come, so it is neither a term nor an IRI.</summary>
    public static bool HasForm(string value)
    {
        if (value.Length < 2 || value[0] != '@')
            return false;
        foreach (var c in value.AsSpan(1))
            if (!char.IsAsciiLetter(c))
                return false;
        return true;
    }
}
