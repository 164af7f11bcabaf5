using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace CityHub.Ledger;

/// <summary>One signature line: whose, with which key (the first four bytes), and the bytes after the key id.</summary>
public sealed record NoteSignature(string Name, uint KeyId, byte[] Bytes)
{
    /// <summary>Without the newline.</summary>
    public string Line
    {
        get
        {
            var all = new byte[4 + Bytes.Length];
            BinaryPrimitives.WriteUInt32BigEndian(all, KeyId);
            Bytes.CopyTo(all, 4);
            return $"{NoteText.Dash}{Name} {Convert.ToBase64String(all)}";
        }
    }

    public static bool TryParse(string line, [NotNullWhen(true)] out NoteSignature? signature, [NotNullWhen(false)] out string? why)
    {
        signature = null;
        if (!line.StartsWith(NoteText.Dash, StringComparison.Ordinal))
        {
            why = $"A signature line begins with an em dash and a space; this one is {NoteText.Shown(line)}.";
            return false;
        }

        var rest = line[NoteText.Dash.Length..];
        var space = rest.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || !NoteText.IsKeyName(rest[..space]))
        {
            why = $"A signature line has a key name without spaces or plus signs, a space, and the signature; this one is {NoteText.Shown(line)}.";
            return false;
        }

        if (!NoteText.TryBase64(rest.AsSpan(space + 1), out var bytes) || bytes.Length < 5)
        {
            why = $"The signature of {NoteText.Shown(rest[..space])} is not base64 of a key id and a signature.";
            return false;
        }

        signature = new NoteSignature(rest[..space], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4..]);
        why = null;
        return true;
    }

    public bool Equals(NoteSignature? other) =>
        other is not null && string.Equals(Name, other.Name, StringComparison.Ordinal) && KeyId == other.KeyId && Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override int GetHashCode() => HashCode.Combine(StringComparer.Ordinal.GetHashCode(Name), KeyId, Bytes.Length);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}+{KeyId:x8}");
}

/// <summary>A signature that was checked and is good, and by which key.</summary>
/// <param name="Time">When it was made, in seconds since 1970, for cosignatures; their signature covers it.</param>
public sealed record VerifiedSignature(VerifierKey Key, NoteSignature Signature, long? Time);

/// <summary>A text and who signed it (c2sp.org/signed-note). Nothing in it counts before <see cref="TryVerify"/>.</summary>
public sealed class SignedNote
{
    /// <summary>Each known key's signature is verified, so that their number has to have a limit; the specification asks for 16 at least.</summary>
    public const int MaxSignatures = 64;

    public const int MaxBytes = 1 << 20;

    public SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        if (!text.EndsWith('\n') || !NoteText.TryDecode(Encoding.UTF8.GetBytes(text), out var same, out _) || !string.Equals(same, text, StringComparison.Ordinal))
            throw new ArgumentException("The text of a note ends with a newline and has no other control characters.", nameof(text));
        if (signatures.Count is 0 or > MaxSignatures)
            throw new ArgumentException($"A note has 1 to {MaxSignatures} signatures.", nameof(signatures));
        foreach (var one in signatures)
        {
            if (!NoteText.IsKeyName(one.Name) || one.Bytes.Length == 0)
                throw new ArgumentException($"Not a signature of a note: {one}.", nameof(signatures));
        }

        Text = text;
        Signatures = signatures;
    }

    /// <summary>What is signed; it ends with a newline.</summary>
    public string Text { get; }

    /// <summary>At least one, in the order of the lines.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Only what <see cref="ToBytes"/> writes.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note, [NotNullWhen(false)] out string? why)
    {
        note = null;
        if (bytes.Length > MaxBytes)
        {
            why = $"A note has at most {MaxBytes} bytes.";
            return false;
        }

        if (!NoteText.TryDecode(bytes, out var all, out why))
            return false;
        var split = all.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || !all.EndsWith('\n') || split + 2 == all.Length)
        {
            why = "A note is a text, an empty line, and one or more signature lines, each with its newline.";
            return false;
        }

        var lines = all[(split + 2)..^1].Split('\n');
        if (lines.Length > MaxSignatures)
        {
            why = $"A note has at most {MaxSignatures} signatures.";
            return false;
        }

        var signatures = new NoteSignature[lines.Length];
        for (var i = 0; i < lines.Length; i++)
        {
            if (!NoteSignature.TryParse(lines[i], out var signature, out why))
                return false;
            signatures[i] = signature;
        }

        note = new SignedNote(all[..(split + 1)], signatures);
        return true;
    }

    /// <exception cref="FormatException">The bytes are not a note; the message says why.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> bytes) => TryParse(bytes, out var note, out var why) ? note : throw new FormatException(why);

    /// <summary>Signs with each signer, in their order.</summary>
    public static SignedNote Sign(string text, params ReadOnlySpan<NoteSigner> signers)
    {
        var signatures = new NoteSignature[signers.Length];
        for (var i = 0; i < signers.Length; i++)
            signatures[i] = signers[i].Sign(text);
        return new SignedNote(text, signatures);
    }

    public SignedNote With(NoteSignature signature) => new(Text, [.. Signatures, signature]);

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    /// <summary>
    /// The good signatures of keys that we know. Signatures of other keys are passed over; a bad one under the name and id of a known key refuses the whole note,
    /// as does a note without one good signature.
    /// </summary>
    public bool TryVerify(IEnumerable<VerifierKey> keys, [NotNullWhen(true)] out IReadOnlyList<VerifiedSignature>? verified, [NotNullWhen(false)] out string? why)
    {
        verified = null;
        var good = new List<VerifiedSignature>();
        var text = Encoding.UTF8.GetBytes(Text);
        foreach (var key in keys)
        {
            foreach (var signature in Signatures)
            {
                if (!key.Made(signature))
                    continue;
                if (!key.Verify(text, signature, out var time))
                {
                    why = $"The signature of {signature} is not good: the text or the signature was changed, or the key is another one.";
                    return false;
                }

                good.Add(new VerifiedSignature(key, signature, time));
            }
        }

        if (good.Count == 0)
        {
            why = "None of the known keys has signed this.";
            return false;
        }

        verified = good;
        why = null;
        return true;
    }

    public override string ToString()
    {
        var text = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
            text.Append(signature.Line).Append('\n');
        return text.ToString();
    }
}
