using System.Collections.Concurrent;
using CityHub.Core.Series;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>What of a block is wanted: the columns lie in this order, and reading stops behind the last that is.</summary>
internal enum Columns
{
    TimesAndNumbers,
    Sequences,
    All,
}

/// <summary>
/// One decoded block, in columns, in buffers that are used again: its check (CRC-32C), its count, then times, numbers, sequences,
/// recording times as distances from the times, and bodies.
/// </summary>
internal sealed class Block
{
    static readonly ConcurrentBag<Block> Idle = [];

    readonly long[] _times = new long[PatchedBits.Most];
    readonly long[] _recorded = new long[PatchedBits.Most];
    readonly long[] _sequences = new long[PatchedBits.Most];
    readonly double[] _numbers = new double[PatchedBits.Most];
    BlockBodies _bodies;

    public int Count { get; private set; }

    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    public ReadOnlySpan<long> Recorded => _recorded.AsSpan(0, Count);

    public ReadOnlySpan<long> Sequences => _sequences.AsSpan(0, Count);

    public ReadOnlySpan<double> Numbers => _numbers.AsSpan(0, Count);

    public Sample this[int i] => new(_times[i], _recorded[i], _numbers[i], _bodies.Of(i), _sequences[i]);

    public static Block Rent() => Idle.TryTake(out Block? block) ? block : new Block();

    public void Return()
    {
        _bodies = default;
        if (Idle.Count < 64)
        {
            Idle.Add(this);
        }
    }

    public static void Write(ByteWriter to, ReadOnlySpan<Row> rows, BlockScratch scratch)
    {
        int start = to.Length;
        to.Fixed32(0);
        to.Varint((ulong)rows.Length);
        Span<long> longs = scratch.Longs.AsSpan(0, rows.Length);
        Span<double> numbers = scratch.Numbers.AsSpan(0, rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            longs[i] = rows[i].Time;
            numbers[i] = rows[i].Number;
        }

        IntColumn.Write(to, longs);
        NumberColumn.Write(to, numbers);
        for (int i = 0; i < rows.Length; i++)
        {
            longs[i] = rows[i].Sequence;
        }

        IntColumn.Write(to, longs);
        for (int i = 0; i < rows.Length; i++)
        {
            longs[i] = rows[i].Recorded - rows[i].Time;
        }

        IntColumn.Write(to, longs);
        scratch.Bodies.Write(to, rows);
        Span<byte> block = to.WrittenFrom(start);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(block, Check.Of(block[4..]));
    }

    /// <summary>Decodes; the check comes first.</summary>
    /// <exception cref="DamageException">The bytes are not a block.</exception>
    public void Read(ReadOnlySpan<byte> bytes, Columns columns)
    {
        Count = 0;
        var from = new ByteReader(bytes);
        if (from.Fixed32() != Check.Of(from.Rest))
        {
            ByteReader.Damage("a block does not check");
        }

        ReadUnchecked(ref from, columns);
    }

    /// <summary>What <see cref="Read"/> does behind the check.</summary>
    internal void ReadUnchecked(ref ByteReader from, Columns columns)
    {
        int count = from.Count(PatchedBits.Most);
        IntColumn.Read(ref from, _times.AsSpan(0, count));
        for (int i = 1; i < count; i++)
        {
            if (_times[i] < _times[i - 1])
            {
                ByteReader.Damage("its times are out of order");
            }
        }

        NumberColumn.Read(ref from, _numbers.AsSpan(0, count));
        if (columns != Columns.TimesAndNumbers)
        {
            IntColumn.Read(ref from, _sequences.AsSpan(0, count));
        }

        if (columns == Columns.All)
        {
            IntColumn.Read(ref from, _recorded.AsSpan(0, count));
            for (int i = 0; i < count; i++)
            {
                _recorded[i] += _times[i];
            }

            _bodies = BodyColumn.Read(ref from, count);
            if (from.Left != 0)
            {
                ByteReader.Damage("something follows its end");
            }
        }

        Count = count;
    }

    /// <summary>Appends the samples as rows; equal bodies become one array.</summary>
    public void AddTo(List<Row> rows)
    {
        byte[][] bodies = new byte[_bodies.Distinct][];
        for (int i = 0; i < bodies.Length; i++)
        {
            bodies[i] = _bodies.Body(i + 1).ToArray();
        }

        for (int i = 0; i < Count; i++)
        {
            int which = _bodies.Which(i);
            rows.Add(new Row { Time = _times[i], Recorded = _recorded[i], Number = _numbers[i], Sequence = _sequences[i], Body = which == 0 ? null : bodies[which - 1] });
        }
    }
}

/// <summary>The buffers of one who writes blocks.</summary>
internal sealed class BlockScratch
{
    public long[] Longs { get; } = new long[PatchedBits.Most];

    public double[] Numbers { get; } = new double[PatchedBits.Most];

    public BodyColumn Bodies { get; } = new();
}
