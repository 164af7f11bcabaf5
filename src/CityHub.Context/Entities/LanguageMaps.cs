using System.Text;
using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>Clause 4.15: which text of a language map a reader gets.</summary>
internal static class LanguageMaps
{
    /// <summary>The text in the best language asked for; else @none; else English; else the first there is. Always something: maps are not empty.</summary>
    public static (string Language, ReadOnlyMemory<byte> Value)? Choose(ReadOnlyMemory<byte> map, IReadOnlyList<string> wanted)
    {
        using var document = JsonDocument.Parse(map);
        foreach (var language in wanted)
        {
            if (language == "*")
                break;
            foreach (var member in document.RootElement.EnumerateObject())
                if (string.Equals(member.Name, language, StringComparison.OrdinalIgnoreCase))
                    return Of(member);
            // RFC 4647: en finds en-US, and nl-BE falls back to nl.
            foreach (var member in document.RootElement.EnumerateObject())
                if (IsPrefix(language, member.Name) || IsPrefix(member.Name, language))
                    return Of(member);
        }

        JsonProperty? first = null, english = null;
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Name == "@none")
                return Of(member);
            first ??= member;
            if (member.Name == "en")
                english = member;
        }

        return (english ?? first) is { } any ? Of(any) : null;
    }

    private static bool IsPrefix(string shorter, string longer) =>
        longer.Length > shorter.Length && longer[shorter.Length] == '-' && longer.StartsWith(shorter, StringComparison.OrdinalIgnoreCase);

    private static (string, ReadOnlyMemory<byte>) Of(JsonProperty member) => (member.Name, Encoding.UTF8.GetBytes(member.Value.GetRawText()));
}
