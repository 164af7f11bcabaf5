using CityHub.Core.Problems;
using CityHub.Standards.Models;
using CityHub.Standards.Units;

namespace CityHub.Standards.Vocabulary;

/// <summary>What the values look like (ISO/IEC 11179: value domain).</summary>
public sealed record Representation
{
    /// <summary>text, integer, number, boolean, date, instant.</summary>
    public required string Type { get; init; }

    public int? MaxLength { get; init; }

    /// <summary>ECMA-262, over the whole text or a part, as in JSON Schema.</summary>
    public string? Pattern { get; init; }

    /// <summary>UCUM; of numbers.</summary>
    public string? Unit { get; init; }

    /// <summary>Name of the code table that the values are out of.</summary>
    public string? CodeTable { get; init; }
}

/// <summary>A data element as people write it: the concept (object class and property) and how its values look.</summary>
public sealed record ElementDeclaration
{
    public required Wording Name { get; init; }

    /// <summary>Of what, e.g. person 人员.</summary>
    public required Wording ObjectClass { get; init; }

    /// <summary>What of it, e.g. date of birth 出生日期.</summary>
    public required Wording Property { get; init; }

    public required Wording Definition { get; init; }

    public required Representation Representation { get; init; }

    /// <summary>Registration authority: who keeps the element.</summary>
    public required string Authority { get; init; }

    /// <summary>Id of another element in force whose place this one takes.</summary>
    public string? Supersedes { get; init; }
}

/// <summary>One version of a data element 数据元 that is or was in force.</summary>
/// <param name="Authors">Who drafted it; none of them published it.</param>
/// <param name="SupersededBy">Id of the element, or the version of this one, that took its place; null: it is in force.</param>
public sealed record DataElement(string Id, int Version, ElementDeclaration Declaration, IReadOnlyCollection<string> Authors, string PublishedBy, DateTimeOffset PublishedAt, string? SupersededBy = null)
{
    private static readonly string[] Types = ["text", "integer", "number", "boolean", "date", "instant"];

    public static Result<Done> Check(string id, ElementDeclaration declaration, ICodeTables tables)
    {
        var form = declaration.Representation;
        if (!StandardsIds.IsValid(id))
            return Wrong($"\"{id}\" cannot be the name of a data element.", StandardsIds.Rule);
        foreach (var (what, words) in new[] { ("name", declaration.Name), ("objectClass", declaration.ObjectClass), ("property", declaration.Property), ("definition", declaration.Definition) })
            if (string.IsNullOrWhiteSpace(words.Zh) || string.IsNullOrWhiteSpace(words.En))
                return Wrong($"{what} is not said in both languages.", "{\"zh\": \"…\", \"en\": \"…\"}");
        if (string.IsNullOrWhiteSpace(declaration.Authority))
            return Wrong("It has no registration authority.", "authority names who keeps the element.");
        if (!Types.Contains(form.Type))
            return Wrong($"\"{form.Type}\" is no type.", $"{string.Join(", ", Types)}.");
        if (form.Type != "text" && (form.MaxLength is not null || form.Pattern is not null))
            return Wrong($"maxLength and pattern are of texts; the type is {form.Type}.", "Leave them out, or make it a text.");
        if (form.MaxLength is < 1)
            return Wrong("maxLength is less than 1.", "Leave it out where any length will do.");
        if (form.Pattern is { } pattern && !IsPattern(pattern))
            return Wrong($"\"{pattern}\" is no pattern.", "ECMA-262, as in JSON Schema.");
        if (form.Unit is not null && form.Type is not ("integer" or "number"))
            return Wrong($"A unit is of numbers; the type is {form.Type}.", "Leave it out, or make it a number.");
        if (form.Unit is { } unit && !Ucum.Parse(unit).TryGet(out _, out var problem))
            return problem;
        if (form.CodeTable is { } table && tables.Find(table) is null)
            return StandardsProblems.CodeTableUnknown.Because($"There is no code table {table}.", $"PUT /standards/code-tables/{table} loads it.", "ISO/IEC 11179-3: an enumerated value domain has its values");
        return form.CodeTable is not null && form.Type is not ("text" or "integer")
            ? Wrong($"Codes are texts or integers; the type is {form.Type}.", "Make it a text.")
            : Done.Value;
    }

    private static bool IsPattern(string text)
    {
        try
        {
            return SchemaPattern.Of(text) is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static Problem Wrong(string detail, string hint) => StandardsProblems.NotAnElement.Because(detail, hint, "ISO/IEC 11179-3 (data element: concept and representation)");
}
