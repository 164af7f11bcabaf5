using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace CityHub.Ledger;

/// <summary>The bytes that a key of each type signs.</summary>
internal static class NoteMessage
{
    /// <param name="time">Seconds since 1970; only for cosignatures.</param>
    public static bool TryMake(NoteKeyType type, string name, ReadOnlySpan<byte> text, long time, [NotNullWhen(true)] out byte[]? message, [NotNullWhen(false)] out string? why)
    {
        why = null;
        message = type switch
        {
            NoteKeyType.Ed25519 or NoteKeyType.Sm2 => text.ToArray(),
            NoteKeyType.Ed25519Cosignature or NoteKeyType.Sm2Cosignature => Timed(text, time),
            NoteKeyType.MlDsa44Cosignature => Subtree(name, text, time, out why),
            _ => throw NoteKeyTypes.Unknown(type),
        };
        return message is not null;
    }

    /// <summary>Two lines before the whole text. An Ed25519 key of type 01 that signs any text could be led to sign these: never use one key for both.</summary>
    private static byte[] Timed(ReadOnlySpan<byte> text, long time)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time}\n"));
        return [.. head, .. text];
    }

    /// <summary>label ‖ cosigner_name ‖ timestamp ‖ log_origin ‖ start ‖ end ‖ hash, in the encoding of RFC 8446, section 3; start is 0 for a checkpoint.</summary>
    private static byte[]? Subtree(string name, ReadOnlySpan<byte> text, long time, out string? why)
    {
        if (!Checkpoint.TryParse(Encoding.UTF8.GetString(text), out var checkpoint, out why))
            return null;
        var cosigner = Encoding.UTF8.GetBytes(name);
        var origin = Encoding.UTF8.GetBytes(checkpoint.Origin);
        if (cosigner.Length > 255 || origin.Length > 255)
        {
            why = "An ML-DSA-44 cosignature has room for a name and an origin of 255 bytes each.";
            return null;
        }

        var label = "subtree/v1\n\0"u8;
        var message = new byte[label.Length + 1 + cosigner.Length + 8 + 1 + origin.Length + 8 + 8 + 32];
        label.CopyTo(message);
        var at = label.Length;
        message[at++] = (byte)cosigner.Length;
        cosigner.CopyTo(message, at);
        at += cosigner.Length;
        BinaryPrimitives.WriteInt64BigEndian(message.AsSpan(at), time);
        at += 8;
        message[at++] = (byte)origin.Length;
        origin.CopyTo(message, at);
        at += origin.Length + 8;
        BinaryPrimitives.WriteInt64BigEndian(message.AsSpan(at), checkpoint.Size);
        checkpoint.Root.CopyTo(message, at + 8);
        return message;
    }
}
