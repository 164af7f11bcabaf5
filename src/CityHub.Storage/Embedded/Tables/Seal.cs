using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>
/// Closes and opens the chunks of one segment: AES-256-GCM under the segment's own key where the table has an owner, CRC-32C where it is open; both bind a chunk to its
/// place (table, segment, group, column). A segment's key seals each place once, so the place is the nonce (NIST SP 800-38D, 8.2.1). One thread at a time.
/// </summary>
internal sealed class Seal : IDisposable
{
    public const int KeyBytes = 32;

    /// <summary>Places that are no group.</summary>
    public const uint Directory = uint.MaxValue, Superseded = uint.MaxValue - 1;

    const int TagBytes = 16, CheckBytes = 4;

    readonly AesGcm? _aes;
    readonly byte[] _place;

    /// <param name="key">Null: an open table.</param>
    public Seal(string table, string segment, byte[]? key)
    {
        _aes = key is null ? null : new AesGcm(key, TagBytes);
        var place = new ByteWriter();
        foreach (string name in (ReadOnlySpan<string>)[table, segment])
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(name);
            place.Varint((ulong)utf8.Length);
            place.Raw(utf8);
        }

        place.Take(8).Clear();
        _place = place.Written.ToArray();
    }

    /// <summary>What closing adds behind the bytes.</summary>
    public int Overhead => _aes is null ? CheckBytes : TagBytes;

    /// <param name="chunk">The bytes, and room for <see cref="Overhead"/> behind them.</param>
    public void Close(Span<byte> chunk, uint group, uint column)
    {
        Span<byte> nonce = stackalloc byte[12];
        At(nonce, group, column);
        Span<byte> body = chunk[..^Overhead];
        if (_aes is null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(chunk[^CheckBytes..], Check.Of(body, Check.Of(_place)));
        }
        else
        {
            _aes.Encrypt(nonce, body, body, chunk[^TagBytes..], _place);
        }
    }

    /// <summary>Opens in place. False: these are not the bytes that were closed here.</summary>
    public bool Open(Span<byte> chunk, uint group, uint column)
    {
        if (chunk.Length < Overhead)
        {
            return false;
        }

        Span<byte> nonce = stackalloc byte[12];
        At(nonce, group, column);
        Span<byte> body = chunk[..^Overhead];
        if (_aes is null)
        {
            return BinaryPrimitives.ReadUInt32LittleEndian(chunk[^CheckBytes..]) == Check.Of(body, Check.Of(_place));
        }

        try
        {
            _aes.Decrypt(nonce, body, chunk[^TagBytes..], body, _place);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes?.Dispose();

    void At(Span<byte> nonce, uint group, uint column)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(nonce, group);
        BinaryPrimitives.WriteUInt32LittleEndian(nonce[4..], column);
        nonce[8..].Clear();
        nonce[..8].CopyTo(_place.AsSpan(_place.Length - 8));
    }
}
