using System.IO.Compression;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>
/// A column of bodies: each distinct one once (a unit code repeats for ever), compressed together where that is worth it (whole
/// attribute instances resemble each other), and a number per sample that says which. Nothing when all are empty.
/// </summary>
internal sealed class BodyColumn : IEqualityComparer<byte[]>
{
    const int None = 0, Stored = 1, Packed = 2;
    const int WorthPacking = 512;

    /// <summary>More is stored as it is, so that no bytes on disk make a reader take more memory than this beyond their own size.</summary>
    const int MostPacked = 4 << 20;

    readonly Dictionary<byte[], int> _places;
    readonly List<byte[]> _distinct = [];
    readonly long[] _which = new long[PatchedBits.Most];
    readonly long[] _lengths = new long[PatchedBits.Most];
    byte[] _joined = [];
    byte[] _packed = [];

    public BodyColumn() => _places = new Dictionary<byte[], int>(this);

    public void Write(ByteWriter to, ReadOnlySpan<Row> rows)
    {
        int total = Collect(rows);
        if (_distinct.Count == 0)
        {
            to.Byte(None);
            return;
        }

        ReadOnlySpan<byte> packed = total is >= WorthPacking and <= MostPacked ? Pack(total) : default;
        bool worth = !packed.IsEmpty && packed.Length < total * 9 / 10;
        to.Byte((byte)(worth ? Packed : Stored));
        to.Varint((ulong)_distinct.Count);
        for (int i = 0; i < _distinct.Count; i++)
        {
            _lengths[i] = _distinct[i].Length;
        }

        IntColumn.Write(to, _lengths.AsSpan(0, _distinct.Count));
        if (worth)
        {
            to.Varint((ulong)packed.Length);
            to.Raw(packed);
        }
        else
        {
            foreach (byte[] body in _distinct)
            {
                to.Raw(body);
            }
        }

        IntColumn.Write(to, _which.AsSpan(0, rows.Length));
        _places.Clear();
        _distinct.Clear();
    }

    public static BlockBodies Read(ref ByteReader from, int count)
    {
        int mode = from.Byte();
        if (mode == None)
        {
            return default;
        }

        if (mode is not (Stored or Packed))
        {
            ByteReader.Damage("a column of bodies has an unknown form");
        }

        int distinct = from.Count(count);
        if (distinct == 0)
        {
            ByteReader.Damage("a column of bodies has none");
        }

        Span<long> lengths = stackalloc long[PatchedBits.Most];
        lengths = lengths[..distinct];
        IntColumn.Read(ref from, lengths);
        long most = mode == Packed ? MostPacked : from.Left, total = 0;
        int[] ends = new int[distinct + 1];
        for (int i = 0; i < distinct; i++)
        {
            if (lengths[i] < 0 || lengths[i] > most - total)
            {
                ByteReader.Damage("the lengths of bodies do not fit");
            }

            ends[i + 1] = (int)(total += lengths[i]);
        }

        byte[] joined = mode == Stored ? from.Take((int)total).ToArray() : Unpack(from.Take(from.Count(from.Left)), (int)total);
        Span<long> which = stackalloc long[PatchedBits.Most];
        which = which[..count];
        IntColumn.Read(ref from, which);
        ushort[] places = new ushort[count];
        for (int i = 0; i < count; i++)
        {
            if ((ulong)which[i] > (ulong)distinct)
            {
                ByteReader.Damage("a sample names a body that is not there");
            }

            places[i] = (ushort)which[i];
        }

        return new BlockBodies(joined, ends, places);
    }

    int Collect(ReadOnlySpan<Row> rows)
    {
        int total = 0;
        byte[]? before = null;
        for (int i = 0; i < rows.Length; i++)
        {
            byte[]? body = rows[i].Body;
            if (body is null)
            {
                _which[i] = 0;
                continue;
            }

            if (before is not null && ReferenceEquals(body, before))
            {
                _which[i] = _which[i - 1] != 0 ? _which[i - 1] : _places[body];
                continue;
            }

            if (!_places.TryGetValue(body, out int place))
            {
                _distinct.Add(body);
                _places[body] = place = _distinct.Count;
                total = (int)Math.Min(int.MaxValue, (long)total + body.Length);
            }

            _which[i] = place;
            before = body;
        }

        return total;
    }

    ReadOnlySpan<byte> Pack(int total)
    {
        if (_joined.Length < total)
        {
            (_joined, _packed) = (new byte[total], new byte[BrotliEncoder.GetMaxCompressedLength(total)]);
        }

        int at = 0;
        foreach (byte[] body in _distinct)
        {
            body.CopyTo(_joined, at);
            at += body.Length;
        }

        return BrotliEncoder.TryCompress(_joined.AsSpan(0, total), _packed, out int written, quality: 3, window: 18) ? _packed.AsSpan(0, written) : default;
    }

    static byte[] Unpack(ReadOnlySpan<byte> packed, int total)
    {
        byte[] joined = new byte[total];
        if (!BrotliDecoder.TryDecompress(packed, joined, out int written) || written != total)
        {
            ByteReader.Damage("its bodies do not unpack");
        }

        return joined;
    }

    bool IEqualityComparer<byte[]>.Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    int IEqualityComparer<byte[]>.GetHashCode(byte[] body) => (int)Check.Of(body);
}

/// <summary>The bodies of one decoded block.</summary>
internal readonly struct BlockBodies(byte[] joined, int[] ends, ushort[] which)
{
    public bool IsEmpty => which is null;

    public int Distinct => ends is null ? 0 : ends.Length - 1;

    /// <summary>Which of the distinct bodies a sample has, from 1; 0 for none.</summary>
    public int Which(int sample) => which is null ? 0 : which[sample];

    /// <param name="place">From 1.</param>
    public ReadOnlyMemory<byte> Body(int place) => joined.AsMemory(ends[place - 1], ends[place] - ends[place - 1]);

    public ReadOnlyMemory<byte> Of(int sample) => Which(sample) is var place && place == 0 ? default : Body(place);
}
