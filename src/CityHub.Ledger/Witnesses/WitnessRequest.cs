using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>The body of <c>POST …/add-checkpoint</c> (c2sp.org/tlog-witness): the size that the witness knows, a proof from there, and the checkpoint.</summary>
public sealed class WitnessRequest
{
    /// <summary>Room for 63 hashes and sixteen signatures of ML-DSA-44.</summary>
    public const int MaxBytes = 64 * 1024;

    public const int MaxHashes = 63;

    public WitnessRequest(long oldSize, IReadOnlyList<byte[]> proof, SignedNote checkpoint)
        : this(oldSize, proof, checkpoint, Checkpoint.Parse(checkpoint.Text))
    {
        ArgumentOutOfRangeException.ThrowIfNegative(oldSize);
        if (proof.Count > MaxHashes || proof.Any(one => one.Length != HashFunction.Size))
            throw new ArgumentException($"A consistency proof has at most {MaxHashes} hashes of {HashFunction.Size} bytes.", nameof(proof));
    }

    private WitnessRequest(long oldSize, IReadOnlyList<byte[]> proof, SignedNote note, Checkpoint head) => (OldSize, Proof, Note, Head) = (oldSize, proof, note, head);

    public long OldSize { get; }

    public IReadOnlyList<byte[]> Proof { get; }

    public SignedNote Note { get; }

    /// <summary>What the note says; nobody has verified it yet.</summary>
    public Checkpoint Head { get; }

    /// <summary>Only what <see cref="ToBytes"/> writes.</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, [NotNullWhen(true)] out WitnessRequest? request, [NotNullWhen(false)] out string? why)
    {
        request = null;
        if (body.Length > MaxBytes)
        {
            why = $"A request has at most {MaxBytes} bytes.";
            return false;
        }

        var split = body.IndexOf("\n\n"u8);
        if (split < 0)
        {
            why = "A request is \"old\" and a size, the lines of a proof, an empty line, and a checkpoint.";
            return false;
        }

        if (!NoteText.TryDecode(body[..split], out var text, out why)
            || !SignedNote.TryParse(body[(split + 2)..], out var note, out why)
            || !Checkpoint.TryParse(note.Text, out var head, out why))
            return false;
        var lines = text.Split('\n');
        if (!lines[0].StartsWith("old ", StringComparison.Ordinal) || !NoteText.TryNumber(lines[0].AsSpan(4), out var oldSize))
        {
            why = $"The first line is \"old\" and a size without leading zeroes; here it is {NoteText.Shown(lines[0])}.";
            return false;
        }

        if (lines.Length - 1 > MaxHashes)
        {
            why = $"A proof has at most {MaxHashes} hashes.";
            return false;
        }

        var proof = new byte[lines.Length - 1][];
        for (var i = 0; i < proof.Length; i++)
        {
            if (!NoteText.TryHash(lines[i + 1], out var hash))
            {
                why = string.Create(CultureInfo.InvariantCulture, $"Line {i + 2} is not a hash of 32 bytes as base64.");
                return false;
            }

            proof[i] = hash;
        }

        request = new WitnessRequest(oldSize, proof, note, head);
        why = null;
        return true;
    }

    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"old {OldSize}\n");
        foreach (var hash in Proof)
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        return Encoding.UTF8.GetBytes(text.Append('\n').Append(Note).ToString());
    }
}
