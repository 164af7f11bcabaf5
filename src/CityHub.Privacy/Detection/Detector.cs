using System.Runtime.CompilerServices;

namespace CityHub.Privacy;

/// <summary>One kind of personal data and how it is told from others. All of them are in <see cref="Detectors"/>. Safe for many threads.</summary>
public sealed class Detector
{
    private readonly CellTest test;

    internal Detector(int index, string id, string chinese, string english, PersonalDataClass kind, double chance, string source, string headers, CellTest test)
    {
        (Index, Id, Chinese, English, Class, Chance, Source, this.test) = (index, id, chinese, english, kind, chance, source, test);
        Headers = headers.Split('|');
    }

    /// <summary>Stable, for files: <c>resident-id</c>.</summary>
    public string Id { get; }

    public string Chinese { get; }

    public string English { get; }

    /// <summary>What a column of it is, as long as nobody says otherwise.</summary>
    public PersonalDataClass Class { get; }

    /// <summary>
    /// The probability that a random string of the right shape (as long, of the same letters) passes: 1/11 for a check digit modulo 11 alone, 1 where the shape is all there is,
    /// so that only the name of the column can tell. Estimated for word lists.
    /// </summary>
    public double Chance { get; }

    /// <summary>The standard or convention the rule is from.</summary>
    public string Source { get; }

    /// <summary>Its place in <see cref="Detectors.All"/> and in the counts of <see cref="PiiScanner"/>.</summary>
    public int Index { get; }

    /// <summary>Nothing but the name of the column, or a label before the value, tells it from other data of this shape.</summary>
    public bool NeedsName => Chance >= 1;

    /// <summary>Words in column names that speak for it, in lower case; English ones are whole words, Chinese ones may stand within others.</summary>
    internal IReadOnlyList<string> Headers { get; }

    /// <summary>Whether a whole cell holds it. Full-width characters count as half-width ones, blanks and hyphens within numbers as nothing, x as X.</summary>
    [SkipLocalsInit]
    public bool Matches(ReadOnlySpan<char> value)
    {
        Span<char> room = stackalloc char[Cell.Longest];
        Span<byte> bytes = stackalloc byte[2 * Cell.Longest];
        return Matches(Cell.Of(value, room, bytes));
    }

    /// <summary>Where it stands in a running text; see <see cref="Detectors.FindIn"/>.</summary>
    public IReadOnlyList<TextFinding> FindIn(string text) => [.. Detectors.FindIn(text).Where(one => one.Detector == this)];

    public override string ToString() => Id;

    internal bool Matches(in Cell cell) => !cell.Text.IsEmpty && test(cell);
}

/// <summary>A datum in a running text.</summary>
/// <param name="Start">In characters (UTF-16) of the text, from 0.</param>
public readonly record struct TextFinding(Detector Detector, int Start, int Length);

/// <summary>A datum in bytes.</summary>
/// <param name="Start">In bytes of the input, from 0.</param>
public readonly record struct ByteFinding(Detector Detector, int Start, int Length);
