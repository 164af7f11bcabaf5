using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace CityHub.Ledger;

/// <summary>
/// A zip in one form only: members stored as they are, one after the other, no dates, no comments, nothing between. What another program packed is refused:
/// readers of zip files disagree about the odd ones, and evidence has to be the same to everybody. Nothing is unpacked, so nothing can swell.
/// </summary>
internal static class StoredZip
{
    public const int MaxMembers = 40_000;
    public const int MaxName = 120;

    private const int LocalSize = 30, CentralSize = 46, EndSize = 22;
    private const ushort Version = 10, MadeOnUnix = (3 << 8) | Version, FirstOfJanuary1980 = 0x21;
    private const uint OrdinaryFile = 0x81A4_0000; // 0644

    private static readonly uint[] CrcTable = MakeCrcTable();

    public sealed record Member(string Name, ReadOnlyMemory<byte> Bytes);

    public static void Write(Stream to, IReadOnlyList<Member> members)
    {
        if (members.Count is 0 or > MaxMembers || members.Any(one => !IsName(one.Name)))
            throw new ArgumentException("A zip has from one to 40,000 members with plain names.", nameof(members));
        var central = new MemoryStream();
        Span<byte> header = stackalloc byte[CentralSize];
        long at = 0;
        foreach (var (name, bytes) in members)
        {
            var letters = Encoding.ASCII.GetBytes(name);
            var crc = Crc(bytes.Span);
            Local(header, letters.Length, bytes.Length, crc);
            to.Write(header[..LocalSize]);
            to.Write(letters);
            to.Write(bytes.Span);
            Central(header, letters.Length, bytes.Length, crc, checked((uint)at));
            central.Write(header);
            central.Write(letters);
            at += LocalSize + letters.Length + bytes.Length;
        }

        to.Write(central.GetBuffer().AsSpan(0, (int)central.Length));
        Span<byte> end = stackalloc byte[EndSize];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)members.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)members.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)central.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], checked((uint)at));
        to.Write(end);
    }

    /// <summary>Only what <see cref="Write"/> writes. The members are parts of <paramref name="zip"/>, not copies.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> zip, [NotNullWhen(true)] out IReadOnlyList<Member>? members, [NotNullWhen(false)] out string? why)
    {
        members = null;
        why = "This zip is damaged, or another program packed it. Use it as it was received, byte by byte; what was unpacked is checked with: sh verify.sh";
        var read = new List<Member>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase); // some disks do not tell them apart
        Span<byte> expected = stackalloc byte[CentralSize];
        var bytes = zip.Span;
        var at = 0;
        while (bytes.Length - at >= LocalSize && BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]) == 0x04034b50)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 18)..]);
            int name = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 26)..]);
            if (read.Count == MaxMembers || name > MaxName || length > int.MaxValue || LocalSize + name + (long)length > bytes.Length - at)
                return false;
            var content = zip.Slice(at + LocalSize + name, (int)length);
            Local(expected, name, (int)length, Crc(content.Span));
            var called = Encoding.Latin1.GetString(bytes.Slice(at + LocalSize, name));
            if (!bytes.Slice(at, LocalSize).SequenceEqual(expected[..LocalSize]) || !IsName(called) || !names.Add(called))
                return false;
            read.Add(new Member(called, content));
            at += LocalSize + name + (int)length;
        }

        if (read.Count == 0)
            return false;
        uint offset = 0;
        var start = at;
        foreach (var (name, content) in read)
        {
            if (bytes.Length - at < CentralSize + name.Length)
                return false;
            Central(expected, name.Length, content.Length, Crc(content.Span), offset);
            if (!bytes.Slice(at, CentralSize).SequenceEqual(expected) || Encoding.Latin1.GetString(bytes.Slice(at + CentralSize, name.Length)) != name)
                return false;
            at += CentralSize + name.Length;
            offset += (uint)(LocalSize + name.Length + content.Length);
        }

        Span<byte> end = expected[..EndSize];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)read.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)read.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)(at - start));
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], (uint)start);
        if (!bytes[at..].SequenceEqual(end))
            return false;
        members = read;
        why = null;
        return true;
    }

    /// <summary>Relative, of plain letters, without a way up.</summary>
    private static bool IsName(string name)
    {
        if (name.Length is 0 or > MaxName)
            return false;
        foreach (var part in name.Split('/'))
        {
            if (part.Length == 0 || part[0] is '.' or '-')
                return false;
            foreach (var c in part)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
                    return false;
            }
        }

        return true;
    }

    private static void Local(Span<byte> into, int name, int length, uint crc)
    {
        into[..LocalSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(into, 0x04034b50);
        BinaryPrimitives.WriteUInt16LittleEndian(into[4..], Version);
        Common(into[10..], name, length, crc);
    }

    private static void Central(Span<byte> into, int name, int length, uint crc, uint offset)
    {
        into[..CentralSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(into, 0x02014b50);
        BinaryPrimitives.WriteUInt16LittleEndian(into[4..], MadeOnUnix);
        BinaryPrimitives.WriteUInt16LittleEndian(into[6..], Version);
        Common(into[12..], name, length, crc);
        BinaryPrimitives.WriteUInt32LittleEndian(into[38..], OrdinaryFile);
        BinaryPrimitives.WriteUInt32LittleEndian(into[42..], offset);
    }

    private static void Common(Span<byte> into, int name, int length, uint crc)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(into[2..], FirstOfJanuary1980);
        BinaryPrimitives.WriteUInt32LittleEndian(into[4..], crc);
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], (uint)length);
        BinaryPrimitives.WriteUInt16LittleEndian(into[16..], (ushort)name);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 1 ? 0xedb88320 ^ (crc >> 1) : crc >> 1;
            table[i] = crc;
        }

        return table;
    }
}
