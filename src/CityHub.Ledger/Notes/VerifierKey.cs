using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>A name, a public key and what it signs; as text a vkey: <c>name+id+base64</c> (c2sp.org/signed-note).</summary>
public sealed class VerifierKey
{
    private VerifierKey(string name, NoteKeyType type, IVerificationKey key, uint keyId) => (Name, Type, Key, KeyId) = (name, type, key, keyId);

    /// <summary>Of a log: its origin.</summary>
    public string Name { get; }

    public NoteKeyType Type { get; }

    public IVerificationKey Key { get; }

    /// <summary>The first four bytes of SHA-256(name ‖ newline ‖ type ‖ key): finds the key, proves nothing.</summary>
    public uint KeyId { get; }

    /// <summary>Of the trees that it may sign.</summary>
    public HashFunction Hash => Type.Hash();

    /// <exception cref="ArgumentException">The name cannot stand in a signature line, or the key is of another algorithm than the type.</exception>
    public static VerifierKey Of(string name, NoteKeyType type, IVerificationKey key)
    {
        if (!NoteText.IsKeyName(name) || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)) != name)
            throw new ArgumentException("The name of a note key is not empty and has no spaces, plus signs or control characters.", nameof(name));
        if (key.Algorithm != type.Algorithm())
            throw new ArgumentException($"A key of {key.Algorithm.Word()} does not sign as {type}.", nameof(key));
        return new VerifierKey(name, type, key, Id(name, [.. type.Prefix(), .. key.Bytes.Span]));
    }

    /// <summary>Only what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string vkey, [NotNullWhen(true)] out VerifierKey? key, [NotNullWhen(false)] out string? why)
    {
        key = null;
        var parts = vkey.Split('+', 3);
        if (parts.Length < 3 || !NoteText.IsKeyName(parts[0]))
        {
            why = "A verifier key is a name without spaces, a plus sign, eight hexadecimal digits, a plus sign, and base64.";
            return false;
        }

        if (!NoteText.TryBase64(parts[2], out var material))
        {
            why = $"The key of {NoteText.Shown(parts[0])} is not base64.";
            return false;
        }

        var id = Id(parts[0], material);
        if (!string.Equals(parts[1], Hex(id), StringComparison.Ordinal))
        {
            why = $"The key id of {NoteText.Shown(parts[0])} should be {Hex(id)}: name, id and key do not belong together.";
            return false;
        }

        if (!NoteKeyTypes.TryFind(material, out var type))
        {
            why = string.Create(CultureInfo.InvariantCulture, $"The key of {NoteText.Shown(parts[0])} has the signature type {material[0]:x2}, which is not known here.");
            return false;
        }

        if (!VerificationKeys.TryParse(type.Algorithm(), material.AsSpan(type.Prefix().Length), out var bytes, out why))
            return false;
        key = new VerifierKey(parts[0], type, bytes, id);
        return true;
    }

    /// <exception cref="FormatException">The text is not a verifier key; the message says why.</exception>
    public static VerifierKey Parse(string vkey) => TryParse(vkey, out var key, out var why) ? key : throw new FormatException(why);

    /// <summary>Whether the signature says that it is of this key.</summary>
    public bool Made(NoteSignature signature) => signature.KeyId == KeyId && string.Equals(signature.Name, Name, StringComparison.Ordinal);

    /// <param name="text">The note text in UTF-8.</param>
    /// <param name="time">Of a cosignature, in seconds since 1970.</param>
    public bool Verify(ReadOnlySpan<byte> text, NoteSignature signature, out long? time)
    {
        time = null;
        if (!Made(signature))
            return false;
        ReadOnlySpan<byte> bytes = signature.Bytes;
        long at = 0;
        if (Type.IsCosignature())
        {
            if (bytes.Length != 8 + Type.Algorithm().SignatureSize())
                return false;
            at = BinaryPrimitives.ReadInt64BigEndian(bytes);
            if (at < 0)
                return false; // above 2^63 − 1
            bytes = bytes[8..];
        }

        if (!NoteMessage.TryMake(Type, Name, text, at, out var message, out _) || !Key.Verify(message, bytes))
            return false;
        time = Type.IsCosignature() ? at : null;
        return true;
    }

    public override string ToString() => $"{Name}+{Hex(KeyId)}+{Convert.ToBase64String([.. Type.Prefix(), .. Key.Bytes.Span])}";

    private static string Hex(uint id) => id.ToString("x8", CultureInfo.InvariantCulture);

    private static uint Id(string name, ReadOnlySpan<byte> material)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', .. material], hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }
}
