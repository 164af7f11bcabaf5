using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// An entry that says what happened, when and where, and commits to the rest: one JSON object with its names in ascending order, each once (docs/decisions/0010).
/// Names that are not known are passed over, so that a verifier of today reads a leaf of tomorrow.
/// </summary>
/// <param name="At">As it stands there: what the writer of the log said the time was.</param>
/// <param name="Position">From one: the number of the entry and one more.</param>
public sealed record CommittedLeaf(
    string At, string Type, string Stream, long Position, long Version, IReadOnlyList<string> Subjects, IReadOnlyList<LeafCommitment> Commitments)
{
    public static bool TryRead(ReadOnlySpan<byte> entry, [NotNullWhen(true)] out CommittedLeaf? leaf, [NotNullWhen(false)] out string? why)
    {
        leaf = null;
        try
        {
            why = Read(entry, out leaf);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            why = "The entry is not a JSON object of the form that is expected.";
        }

        return why is null;
    }

    /// <summary>Salt and payload are what every commitment of the leaf stands for.</summary>
    /// <param name="opening">The salt's 32 bytes and then the payload: exactly what was hashed.</param>
    public bool Opens(ReadOnlySpan<byte> opening, [NotNullWhen(false)] out string? why)
    {
        why = null;
        if (opening.Length < Commitment.SaltSize)
        {
            why = "An opening begins with a salt of 32 bytes; this one is shorter.";
            return false;
        }

        foreach (var one in Commitments)
        {
            if (Commitment.Opens(one.Hash, one.Value, opening[..Commitment.SaltSize], opening[Commitment.SaltSize..]))
                continue;
            why = $"The {one.Hash} of salt and content is not the one in the entry: the content, the salt or the entry is another one.";
            return false;
        }

        return true;
    }

    private static string? Read(ReadOnlySpan<byte> entry, out CommittedLeaf? leaf)
    {
        leaf = null;
        string? at = null, type = null, stream = null;
        long position = 0, version = 0;
        var subjects = new List<string>();
        var commitments = new List<LeafCommitment>();
        var reader = new Utf8JsonReader(entry, new JsonReaderOptions { MaxDepth = 16 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return "The entry is not a JSON object.";
        var last = "";
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Next(ref reader, ref last) is { } wrong)
                return wrong;
            switch (last)
            {
                case "at":
                    at = reader.GetString();
                    break;
                case "type":
                    type = reader.GetString();
                    break;
                case "stream":
                    stream = reader.GetString();
                    break;
                case "position":
                    position = reader.GetInt64();
                    break;
                case "version":
                    version = reader.GetInt64();
                    break;
                case "subjects":
                    if (reader.TokenType != JsonTokenType.StartArray)
                        return "The subjects of an entry are a list.";
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                        subjects.Add(reader.GetString() ?? "");
                    break;
                case "commitment":
                    if (ReadCommitments(ref reader, commitments) is { } bad)
                        return bad;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        // The reader throws where anything stands behind the object.
        if (reader.Read())
            return "There is something behind the entry's JSON object.";
        if (at is null || type is null || stream is null || position < 1 || commitments.Count == 0)
            return "The entry lacks one of at, commitment, position, stream and type.";
        leaf = new CommittedLeaf(at, type, stream, position, version, subjects, commitments);
        return null;
    }

    private static string? ReadCommitments(ref Utf8JsonReader reader, List<LeafCommitment> into)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return "The commitment of an entry is an object: the name of a hash function, and 64 hexadecimal digits.";
        var last = "";
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Next(ref reader, ref last) is { } wrong)
                return wrong;
            var hash = last == HashFunctions.Sha256.Name ? HashFunctions.Sha256 : last == HashFunctions.Sm3.Name ? HashFunctions.Sm3 : null;
            if (hash is null)
                return $"The entry commits with {NoteText.Shown(last)}, which is not known here.";
            var hex = reader.GetString() ?? "";
            var value = new byte[HashFunction.Size];
            if (hex.Length != 64 || hex.AsSpan().IndexOfAnyInRange('A', 'F') >= 0 || Convert.FromHexString(hex, value, out _, out _) != System.Buffers.OperationStatus.Done)
                return "A commitment is not 64 hexadecimal digits in lower case.";
            into.Add(new LeafCommitment(hash, value));
        }

        return null;
    }

    /// <summary>Reads a name, which comes after the last one, and goes to its value.</summary>
    private static string? Next(ref Utf8JsonReader reader, ref string last)
    {
        var name = reader.GetString() ?? "";
        if (string.CompareOrdinal(name, last) <= 0 && last.Length > 0)
            return $"The names of the entry are not in ascending order at {NoteText.Shown(name)}.";
        last = name;
        reader.Read();
        return null;
    }
}

/// <param name="Value">The hash of a salt of 32 bytes and the payload.</param>
public sealed record LeafCommitment(HashFunction Hash, byte[] Value);
