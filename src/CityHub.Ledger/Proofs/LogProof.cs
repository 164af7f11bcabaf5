using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// A receipt: that an entry is in a log, and who has seen the log with it (c2sp.org/tlog-proof). It is checked without a network and without the log.
/// For trees of SM3 the first line is another one, so that no reader takes one for the other.
/// </summary>
public sealed class LogProof
{
    /// <summary>More brothers than any tree of 2^63 entries has.</summary>
    public const int MaxHashes = 63;

    private const string Header = "c2sp.org/tlog-proof@v1";
    private const string Sm3Header = "cityhub/tlog-proof-sm3@v1";

    /// <param name="extra">Opaque and covered by no signature; null where there is none.</param>
    /// <param name="hashes">From the leaf's sibling to the child of the root.</param>
    public LogProof(HashFunction hash, byte[]? extra, long index, IReadOnlyList<byte[]> hashes, SignedNote checkpoint)
    {
        if (extra is { Length: 0 })
            throw new ArgumentException("Extra data has at least a byte, or is not there.", nameof(extra));
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (hashes.Count > MaxHashes || hashes.Any(one => one.Length != HashFunction.Size))
            throw new ArgumentException($"An inclusion proof has at most {MaxHashes} hashes of {HashFunction.Size} bytes.", nameof(hashes));
        Hash = hash;
        Extra = extra;
        Index = index;
        Hashes = hashes;
        Checkpoint = checkpoint;
    }

    public HashFunction Hash { get; }

    /// <summary>What whoever made the receipt wanted to add. Nobody has signed it: never rely on it.</summary>
    public byte[]? Extra { get; }

    /// <summary>The number of the entry, from zero.</summary>
    public long Index { get; }

    public IReadOnlyList<byte[]> Hashes { get; }

    public SignedNote Checkpoint { get; }

    /// <summary>Only what <see cref="ToBytes"/> writes.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out LogProof? proof, [NotNullWhen(false)] out string? why)
    {
        proof = null;
        var split = bytes.IndexOf("\n\n"u8);
        if (split < 0)
        {
            why = "A receipt is a proof, an empty line, and a checkpoint.";
            return false;
        }

        if (!NoteText.TryDecode(bytes[..split], out var head, out why) || !SignedNote.TryParse(bytes[(split + 2)..], out var checkpoint, out why)
            || !Ledger.Checkpoint.TryParse(checkpoint.Text, out _, out why))
            return false;
        var lines = head.Split('\n');
        var hash = lines[0] switch { Header => HashFunctions.Sha256, Sm3Header => HashFunctions.Sm3, _ => null };
        if (hash is null)
        {
            why = $"The first line of a receipt is {Header}; here it is {NoteText.Shown(lines[0])}.";
            return false;
        }

        var at = 1;
        byte[]? extra = null;
        if (at < lines.Length && lines[at].StartsWith("extra ", StringComparison.Ordinal) && !NoteText.TryBase64(lines[at++].AsSpan(6), out extra))
        {
            why = "The extra data of this receipt are not base64.";
            return false;
        }

        if (at == lines.Length || !lines[at].StartsWith("index ", StringComparison.Ordinal) || !NoteText.TryNumber(lines[at].AsSpan(6), out var index))
        {
            why = "A receipt says \"index\" and the number of the entry, without leading zeroes.";
            return false;
        }

        at++;
        if (lines.Length - at > MaxHashes)
        {
            why = $"The proof of a receipt has at most {MaxHashes} hashes.";
            return false;
        }

        var hashes = new byte[lines.Length - at][];
        for (var i = 0; i < hashes.Length; i++)
        {
            if (!NoteText.TryHash(lines[at + i], out var one))
            {
                why = string.Create(CultureInfo.InvariantCulture, $"Line {at + i + 1} of this receipt is not a hash of 32 bytes as base64.");
                return false;
            }

            hashes[i] = one;
        }

        proof = new LogProof(hash, extra, index, hashes, checkpoint);
        why = null;
        return true;
    }

    /// <exception cref="FormatException">The bytes are not a receipt; the message says why.</exception>
    public static LogProof Parse(ReadOnlySpan<byte> bytes) => TryParse(bytes, out var proof, out var why) ? proof : throw new FormatException(why);

    /// <summary>
    /// 1. The checkpoint is signed by a log of the policy and by its quorum. 2. The log's key is of the suite that the receipt was made with.
    /// 3. The leaf is number <see cref="Index"/> of the tree with the checkpoint's root.
    /// </summary>
    /// <param name="leafHash">Computed by whoever has the entry: <see cref="MerkleTree.LeafHash(HashFunction, ReadOnlySpan{byte})"/>.</param>
    public PolicyVerdict Verify(ReadOnlySpan<byte> leafHash, WitnessPolicy policy)
    {
        var verdict = policy.Evaluate(Checkpoint);
        if (!verdict.Accepted || verdict.Checkpoint is not { } head || verdict.Log is not { } log)
            return verdict;
        if (log.Hash != Hash)
            return verdict with { Accepted = false, Why = $"This receipt is of a tree of {Hash}, and {log.Name} signs trees of {log.Hash}." };
        if (!MerkleTree.VerifyInclusion(Hash, head.Size, Index, leafHash, Hashes, head.Root))
        {
            return verdict with
            {
                Accepted = false,
                Why = string.Create(CultureInfo.InvariantCulture, $"The entry is not number {Index} of the {head.Size} entries that the checkpoint stands for: the entry or the proof was changed."),
            };
        }

        return verdict;
    }

    public PolicyVerdict VerifyEntry(ReadOnlySpan<byte> entry, WitnessPolicy policy) => Verify(MerkleTree.LeafHash(Hash, entry), policy);

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    public override string ToString()
    {
        var text = new StringBuilder(Hash == HashFunctions.Sm3 ? Sm3Header : Header).Append('\n');
        if (Extra is not null)
            text.Append("extra ").Append(Convert.ToBase64String(Extra)).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"index {Index}\n");
        foreach (var hash in Hashes)
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        return text.Append('\n').Append(Checkpoint).ToString();
    }
}
