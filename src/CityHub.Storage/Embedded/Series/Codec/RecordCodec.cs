namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>
/// The record of one book: a check (CRC-32C), a format, and per series its name, the directory of its chunks and its open rows, each row as
/// differences from the one before. A sensor's single reading takes about 12 bytes.
/// </summary>
internal sealed class RecordCodec(NameTable names)
{
    const byte Format = 1;
    const int NoBody = 0, NewBody = 1, KnownBody = 2;
    const int MostKnownBodies = 64, LongestKnownBody = 64;
    const int MostDecimals = 6, RawNumber = 7, NoNumber = 8;

    static readonly double[] Powers = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

    readonly ByteWriter _writer = new();
    readonly Dictionary<byte[], int> _known = new(MostKnownBodies, ByBytes.Instance);
    long _time, _sequence;
    int _decimals;

    /// <summary>The known body that was written last: rows share theirs.</summary>
    (byte[]? Body, int Number) _latest;

    /// <summary>The book with the rows up to a sequence; null when that is nothing. One thread at a time.</summary>
    public byte[]? Encode(Book book, long sequence)
    {
        _writer.Clear();
        _writer.Fixed32(0);
        _writer.Byte(Format);
        _known.Clear();
        _latest = default;
        (_time, _sequence, _decimals) = (0, 0, 0);
        int start = _writer.Length;
        foreach (Line line in book.Lines)
        {
            int rows = 0;
            foreach (ref readonly Row row in line.Open)
            {
                rows += row.Sequence <= sequence ? 1 : 0;
            }

            if (rows == 0 && line.Chunks.Length == 0)
            {
                continue;
            }

            _writer.Varint((ulong)names.IdOf(line.Attribute));
            Text(line.Dataset);
            Chunks(line.Chunks);
            _writer.Varint((ulong)rows);
            foreach (ref readonly Row row in line.Open)
            {
                if (row.Sequence <= sequence)
                {
                    Add(row);
                }
            }
        }

        if (_writer.Length == start)
        {
            return null;
        }

        Span<byte> all = _writer.WrittenFrom(0);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(all, Check.Of(all[4..]));
        byte[] bytes = all.ToArray();
        _writer.Shrink(1 << 20);
        return bytes;
    }

    /// <summary>Adds what a record says to a book: rows and chunks of the file lie before what the book has already.</summary>
    /// <exception cref="DamageException">The bytes are not a record.</exception>
    public static void Decode(ReadOnlySpan<byte> bytes, Book into, NameTable names)
    {
        var from = new ByteReader(bytes);
        if (from.Fixed32() != Check.Of(from.Rest))
        {
            ByteReader.Damage("it does not check");
        }

        DecodeUnchecked(ref from, into, names);
    }

    /// <summary>What <see cref="Decode"/> does behind the check.</summary>
    internal static void DecodeUnchecked(ref ByteReader from, Book into, NameTable names)
    {
        if (from.Byte() != Format)
        {
            ByteReader.Damage("it has an unknown format");
        }

        var known = new List<byte[]>();
        var rows = new List<Row>();
        (long time, long sequence) = (0, 0);
        while (from.Left > 0)
        {
            string attribute = names.Find((int)Math.Min(from.Varint(), int.MaxValue)) ?? Unnamed();
            string dataset = System.Text.Encoding.UTF8.GetString(from.Take(from.Count(from.Left)));
            var chunks = new Chunk[from.Count(from.Left)];
            for (int i = 0; i < chunks.Length; i++)
            {
                chunks[i] = ReadChunk(ref from, i == 0 ? null : chunks[i - 1]);
            }

            int count = from.Count(from.Left);
            rows.Clear();
            for (int i = 0; i < count; i++)
            {
                rows.Add(ReadRow(ref from, known, ref time, ref sequence));
                if (i > 0 && rows[i].Mark.Before(rows[i - 1].Mark))
                {
                    ByteReader.Damage("its rows are out of order");
                }
            }

            Line line = into.FindOrAdd(attribute, dataset);
            line.Chunks = [.. chunks, .. line.Chunks];
            line.Insert(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows));
        }
    }

    static string Unnamed()
    {
        ByteReader.Damage("it names an attribute that is not known");
        return "";
    }

    void Text(string text)
    {
        byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(text);
        _writer.Varint((ulong)utf8.Length);
        _writer.Raw(utf8);
    }

    void Chunks(Chunk[] chunks)
    {
        _writer.Varint((ulong)chunks.Length);
        foreach (Chunk chunk in chunks)
        {
            _writer.Varint((ulong)chunk.Id);
            _writer.Zigzag(chunk.First.Time);
            _writer.Varint((ulong)(chunk.Last.Time - chunk.First.Time));
            _writer.Varint((ulong)chunk.MinSequence);
            _writer.Varint((ulong)(chunk.MaxSequence - chunk.MinSequence));
            _writer.Varint((ulong)(chunk.First.Sequence - chunk.MinSequence));
            _writer.Varint((ulong)(chunk.Last.Sequence - chunk.MinSequence));
            _writer.Zigzag(chunk.MinRecorded);
            _writer.Varint((ulong)(chunk.MaxRecorded - chunk.MinRecorded));
            _writer.Varint((ulong)chunk.Count);
            _writer.Varint((ulong)chunk.BodyBytes);
        }
    }

    static Chunk ReadChunk(ref ByteReader from, Chunk? before)
    {
        long id = (long)from.Varint(), first = from.Zigzag(), last = first + (long)from.Varint();
        long minSequence = (long)from.Varint(), maxSequence = minSequence + (long)from.Varint();
        long firstSequence = minSequence + (long)from.Varint(), lastSequence = minSequence + (long)from.Varint();
        long minRecorded = from.Zigzag(), maxRecorded = minRecorded + (long)from.Varint();
        var chunk = new Chunk
        {
            Id = id,
            First = new Mark(first, firstSequence),
            Last = new Mark(last, lastSequence),
            MinSequence = minSequence,
            MaxSequence = maxSequence,
            MinRecorded = minRecorded,
            MaxRecorded = maxRecorded,
            Count = from.Count(int.MaxValue),
            BodyBytes = from.Count(int.MaxValue),
        };
        if (chunk.Last.Before(chunk.First) || (before is not null && !before.Last.Before(chunk.First)))
        {
            ByteReader.Damage("its chunks are out of order");
        }

        return chunk;
    }

    void Add(in Row row)
    {
        Body(row.Body);
        _writer.Zigzag(row.Time - _time);
        _writer.Zigzag(row.Recorded - row.Time);
        _writer.Zigzag(row.Sequence - _sequence);
        (_time, _sequence) = (row.Time, row.Sequence);
        Number(row.Number);
    }

    static Row ReadRow(ref ByteReader from, List<byte[]> known, ref long time, ref long sequence)
    {
        byte[]? body = null;
        ulong kind = from.Varint();
        if (kind == NewBody)
        {
            body = from.Take(from.Count(from.Left)).ToArray();
            if (body.Length <= LongestKnownBody && known.Count < MostKnownBodies)
            {
                known.Add(body);
            }
        }
        else if (kind != NoBody)
        {
            if (kind - KnownBody >= (ulong)known.Count)
            {
                ByteReader.Damage("a row names a body that is not there");
            }

            body = known[(int)kind - KnownBody];
        }

        time += from.Zigzag();
        long recorded = time + from.Zigzag();
        sequence += from.Zigzag();
        int form = from.Byte();
        double number = 0;
        switch (form)
        {
            case NoNumber:
                number = double.NaN;
                break;
            case RawNumber:
                number = BitConverter.UInt64BitsToDouble(from.Fixed64());
                break;
            case <= MostDecimals:
                number = from.Zigzag() / Powers[form];
                break;
            default:
                ByteReader.Damage("a number has an unknown form");
                break;
        }

        return new Row { Time = time, Recorded = recorded, Number = number, Sequence = sequence, Body = body };
    }

    void Body(byte[]? body)
    {
        if (body is null)
        {
            _writer.Varint(NoBody);
            return;
        }

        if (body.Length <= LongestKnownBody)
        {
            if (ReferenceEquals(body, _latest.Body))
            {
                _writer.Varint((ulong)(KnownBody + _latest.Number));
                return;
            }

            if (_known.TryGetValue(body, out int known))
            {
                _latest = (body, known);
                _writer.Varint((ulong)(KnownBody + known));
                return;
            }

            if (_known.Count < MostKnownBodies)
            {
                _known.Add(body, _known.Count);
            }
        }

        _writer.Varint(NewBody);
        _writer.Varint((ulong)body.Length);
        _writer.Raw(body);
    }

    /// <summary>Few decimals as a whole number, all else as it is.</summary>
    void Number(double number)
    {
        if (TryDecimals(number, _decimals))
        {
            return;
        }

        for (int decimals = 0; decimals <= MostDecimals; decimals++)
        {
            if (decimals != _decimals && TryDecimals(number, decimals))
            {
                _decimals = decimals;
                return;
            }
        }

        ulong bits = BitConverter.DoubleToUInt64Bits(number);
        if (bits == BitConverter.DoubleToUInt64Bits(double.NaN))
        {
            _writer.Byte(NoNumber);
            return;
        }

        _writer.Byte(RawNumber);
        _writer.Fixed64(bits);
    }

    bool TryDecimals(double number, int decimals)
    {
        double scaled = Math.Round(number * Powers[decimals]);
        if (!(Math.Abs(scaled) < 1L << 40) || BitConverter.DoubleToUInt64Bits((long)scaled / Powers[decimals]) != BitConverter.DoubleToUInt64Bits(number))
        {
            return false;
        }

        _writer.Byte((byte)decimals);
        _writer.Zigzag((long)scaled);
        return true;
    }

    /// <summary>Short bodies by what they say; their ends differ where their beginnings do not.</summary>
    sealed class ByBytes : IEqualityComparer<byte[]>
    {
        public static readonly ByBytes Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => ReferenceEquals(x, y) || x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] body)
        {
            ReadOnlySpan<byte> bytes = body;
            if (bytes.Length < sizeof(ulong))
            {
                int hash = bytes.Length;
                foreach (byte b in bytes)
                {
                    hash = (hash * 31) + b;
                }

                return hash;
            }

            return HashCode.Combine(bytes.Length, BitConverter.ToUInt64(bytes), BitConverter.ToUInt64(bytes[(bytes.Length / 2 - 4)..]), BitConverter.ToUInt64(bytes[^sizeof(ulong)..]));
        }
    }
}
