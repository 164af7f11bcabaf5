using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CityHub.Ledger;

/// <summary>
/// The head of a log's tree (c2sp.org/tlog-checkpoint): which log, how many entries, which root. Extension lines are refused:
/// the specification advises against them, ML-DSA-44 cosignatures do not cover them, and no monitor can check them.
/// </summary>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    /// <summary>The note text: three lines.</summary>
    public string Body => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    /// <summary>Only what <see cref="Body"/> writes.</summary>
    public static bool TryParse(string body, [NotNullWhen(true)] out Checkpoint? checkpoint, [NotNullWhen(false)] out string? why)
    {
        checkpoint = null;
        var lines = body.Split('\n');
        if (lines.Length < 4 || lines[^1].Length > 0)
            why = "A checkpoint has three lines: origin, size and root, each with its newline.";
        else if (lines.Length > 4)
            why = "This checkpoint has lines after the root; extension lines are not accepted here.";
        else if (!IsOrigin(lines[0]))
            why = "The first line of a checkpoint is the log's origin: not empty, and without control characters.";
        else if (!NoteText.TryNumber(lines[1], out var size))
            why = $"The second line of a checkpoint is the size of the tree as a decimal number without leading zeroes; here it is {NoteText.Shown(lines[1])}.";
        else if (!NoteText.TryHash(lines[2], out var root))
            why = $"The third line of a checkpoint is the root, 32 bytes as base64; here it is {NoteText.Shown(lines[2])}.";
        else
        {
            checkpoint = new Checkpoint(lines[0], size, root);
            why = null;
            return true;
        }

        return false;
    }

    /// <exception cref="FormatException">The text is not a checkpoint; the message says why.</exception>
    public static Checkpoint Parse(string body) => TryParse(body, out var checkpoint, out var why) ? checkpoint : throw new FormatException(why);

    public bool Equals(Checkpoint? other) =>
        other is not null && string.Equals(Origin, other.Origin, StringComparison.Ordinal) && Size == other.Size && Root.AsSpan().SequenceEqual(other.Root);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Origin, StringComparer.Ordinal);
        hash.Add(Size);
        hash.AddBytes(Root);
        return hash.ToHashCode();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Origin} {Size} {Convert.ToHexStringLower(Root)}");

    private static bool IsOrigin(string line)
    {
        foreach (var c in line)
        {
            if (c < ' ')
                return false;
        }

        return line.Length > 0;
    }
}
