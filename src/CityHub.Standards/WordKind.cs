using System.Collections.Immutable;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Standards.Calibres;
using CityHub.Standards.Models;
using CityHub.Standards.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace CityHub.Standards;

/// <summary>A word as somebody proposes it.</summary>
/// <param name="Declaration">JSON, in the one way in which it is written.</param>
internal sealed record Word(WordKind Kind, string Id, ReadOnlyMemory<byte> Declaration);

/// <summary>Who answers for a word that is in force.</summary>
/// <param name="Authors">Who proposed it.</param>
/// <param name="By">Who put it into force.</param>
internal sealed record WordRecord(int Version, ImmutableSortedSet<string> Authors, string By, DateTimeOffset At);

/// <param name="InForce">It changes nothing: this version stands already.</param>
internal readonly record struct WordVersion(int Number, bool InForce);

/// <summary>A kind of word that binds the whole city: how one is read, what holds of its next version, and where it stands when it is in force.</summary>
/// <param name="Name">Its facts are {Name}Drafted and {Name}Published.</param>
/// <param name="Segment">/standards/{segment}/{id}.</param>
internal sealed record WordKind(string Name, string Segment, int MostBytes)
{
    public static readonly IReadOnlyList<WordKind> All = [DraftElement.Kind, LoadCodeTable.Kind, DefineCalibre.Kind, LoadSchema.Kind];

    public string Drafted => Name + "Drafted";

    public string Published => Name + "Published";

    /// <summary>The declaration in a body.</summary>
    public required Func<HttpContext, ReadOnlyMemory<byte>, Result<ReadOnlyMemory<byte>>> Read { get; init; }

    /// <summary>Whether it may stand, and as which version. Asked when it is drafted, and again when it is published.</summary>
    public required Func<StandardsBook, Word, Result<WordVersion>> Next { get; init; }

    /// <summary>In force from now on.</summary>
    public required Action<StandardsBook, Word, WordRecord> Enter { get; init; }
}
