using CityHub.Core.Problems;

namespace CityHub.Standards.Vocabulary;

/// <summary>Data elements: drafted, published, superseded by their next version or by another element that says so.</summary>
internal static class DraftElement
{
    public static readonly WordKind Kind = new("Element", "elements", 64 << 10)
    {
        Read = (_, body) => StandardsJson.Read<ElementDeclaration>(body.Span, StandardsProblems.NotAnElement).Map<ReadOnlyMemory<byte>>(d => StandardsJson.Write(d)),
        Next = (book, word) => Decide(word.Id, Of(word), book.Elements.Of(word.Id), book.Elements.Newest, book),
        Enter = (book, word, record) =>
        {
            var declaration = Of(word);
            if (book.Elements.Newest(word.Id) is not null)
                book.Elements.Change(word.Id, e => e.SupersededBy is null ? e with { SupersededBy = $"{word.Id}/{record.Version}" } : e);
            if (declaration.Supersedes is { } other)
                book.Elements.Change(other, e => e.SupersededBy is null ? e with { SupersededBy = word.Id } : e);
            book.Elements.Add(word.Id, new DataElement(word.Id, record.Version, declaration, record.Authors, record.By, record.At));
        },
    };

    public static Result<WordVersion> Decide(string id, ElementDeclaration declaration, IReadOnlyList<DataElement> known, Func<string, DataElement?> newest, ICodeTables tables)
    {
        if (!DataElement.Check(id, declaration, tables).TryGet(out _, out var problem))
            return problem;
        if (known is [.., { SupersededBy: null } last] && StandardsJson.Write(last.Declaration).AsSpan().SequenceEqual(StandardsJson.Write(declaration)))
            return new WordVersion(last.Version, InForce: true);
        if (declaration.Supersedes is { } other && (other == id || newest(other) is not { SupersededBy: null }))
            return StandardsProblems.NotAnElement.Because($"{id} cannot take the place of {other}: {(other == id ? "it is the same" : "no version of it is in force")}.",
                "supersedes names another element that is in force; a next version takes the place of the one before by itself.", "ISO/IEC 11179-6 (registration status)");
        return new WordVersion(known.Count == 0 ? 1 : known[^1].Version + 1, InForce: false);
    }

    private static ElementDeclaration Of(Word word) => StandardsJson.Read<ElementDeclaration>(word.Declaration.Span, StandardsProblems.NotAnElement).Value;
}
