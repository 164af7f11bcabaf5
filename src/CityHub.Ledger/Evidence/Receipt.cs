using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CityHub.Ledger;

/// <summary>
/// A receipt that brings its entry along (as the extra data of c2sp.org/tlog-proof), so that nothing but a policy is needed to check it. The entry is covered
/// by the proof: another one would not lead to the root.
/// </summary>
/// <param name="Leaf">Null where the entry is of another log's form; <paramref name="NoLeaf"/> says why.</param>
public sealed record Receipt(LogProof Proof, byte[] Entry, CommittedLeaf? Leaf, string? NoLeaf)
{
    public const int MaxBytes = SignedNote.MaxBytes;

    /// <summary>How a receipt begins, of either tree.</summary>
    public static bool LooksLikeOne(ReadOnlySpan<byte> bytes) => bytes.StartsWith("c2sp.org/tlog-proof@"u8) || bytes.StartsWith("cityhub/tlog-proof-sm3@"u8);

    /// <summary>With the entry in the receipt.</summary>
    public static byte[] Write(LogProof proof, byte[] entry) => new LogProof(proof.Hash, entry, proof.Index, proof.Hashes, proof.Checkpoint).ToBytes();

    /// <param name="entry">Where the receipt does not bring it along.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, byte[]? entry, [NotNullWhen(true)] out Receipt? receipt, [NotNullWhen(false)] out string? why)
    {
        receipt = null;
        if (bytes.Length > MaxBytes)
        {
            why = $"A receipt has at most {MaxBytes} bytes.";
            return false;
        }

        if (!LogProof.TryParse(bytes, out var proof, out why))
            return false;
        if ((entry ?? proof.Extra) is not { } bound)
        {
            why = "This receipt does not bring its entry along; give the entry, too.";
            return false;
        }

        CommittedLeaf.TryRead(bound, out var leaf, out var noLeaf);
        receipt = new Receipt(proof, bound, leaf, noLeaf);
        return true;
    }

    /// <summary>As <see cref="LogProof.Verify"/>; and a leaf that gives itself another place than the one where it stands is refused.</summary>
    public PolicyVerdict Verify(WitnessPolicy policy)
    {
        var verdict = Proof.VerifyEntry(Entry, policy);
        if (verdict.Accepted && Leaf is not null && Leaf.Position != Proof.Index + 1)
        {
            return verdict with
            {
                Accepted = false,
                Why = string.Create(CultureInfo.InvariantCulture, $"The entry says that it is fact {Leaf.Position} and stands in the log as fact {Proof.Index + 1}: the log contradicts itself."),
            };
        }

        return verdict;
    }
}
