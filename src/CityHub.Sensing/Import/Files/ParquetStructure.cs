using System.Buffers.Binary;

namespace CityHub.Sensing.Import.Files;

/// <summary>
/// Walks the table of contents of a Parquet file and the headers of its pages (Thrift, compact protocol) before the library sees them: the library
/// believes every length and every type that a damaged file names, and then reads for ever or asks for gigabytes. What the walk lets through, the library
/// can read to its end.
/// </summary>
/// <remarks>Apache Parquet format, parquet.thrift; Apache Thrift, compact protocol.</remarks>
internal ref struct ParquetStructure
{
    private const int Trailer = 8;
    private const int MostBytes = 64 << 20;
    private const int MostOfHeader = 1 << 20;

    /// <summary>Of one page, unpacked: writers make pages of one megabyte, dictionaries of some more.</summary>
    private const int MostOfPage = 256 << 20;

    /// <summary>The fields of each structure: number, type; a list is written [type].</summary>
    private static readonly Dictionary<string, Dictionary<int, string>> Structures = Read("""
        File 1 i32 2 [Element] 3 i64 4 [RowGroup] 5 [KeyValue] 6 binary 7 [ColumnOrder]
        Element 1 i32 2 i32 3 i32 4 binary 5 i32 6 i32 7 i32 8 i32 9 i32 10 Logical
        Logical 1 Empty 2 Empty 3 Empty 4 Empty 5 Decimal 6 Empty 7 Time 8 Time 10 Integer 11 Empty 12 Empty 13 Empty 14 Empty 15 Empty 16 Variant 17 Geometry 18 Geography
        Empty
        Decimal 1 i32 2 i32
        Time 1 bool 2 Unit
        Unit 1 Empty 2 Empty 3 Empty
        Integer 1 i8 2 bool
        Variant 1 i8
        Geometry 1 binary
        Geography 1 binary 2 i32
        RowGroup 1 [Chunk] 2 i64 3 i64 4 [Sorting] 5 i64 6 i64 7 i16
        Sorting 1 i32 2 bool 3 bool
        Chunk 1 binary 2 i64 3 Column 4 i64 5 i32 6 i64 7 i32
        Column 1 i32 2 [i32] 3 [binary] 4 i32 5 i64 6 i64 7 i64 8 [KeyValue] 9 i64 10 i64 11 i64 12 Statistics 13 [PageEncoding] 14 i64 15 i32 16 Sizes 17 Places
        Statistics 1 binary 2 binary 3 i64 4 i64 5 binary 6 binary 7 bool 8 bool
        PageEncoding 1 i32 2 i32 3 i32
        Sizes 1 i64 2 [i64] 3 [i64]
        Places 1 Box 2 [i32]
        Box 1 double 2 double 3 double 4 double 5 double 6 double 7 double 8 double
        KeyValue 1 binary 2 binary
        ColumnOrder 1 Empty
        Page 1 i32 2 i32 3 i32 4 i32 5 Data 6 Empty 7 Words 8 DataV2
        Data 1 i32 2 i32 3 i32 4 i32 5 Statistics
        DataV2 1 i32 2 i32 3 i32 4 i32 5 i32 6 i32 7 bool 8 Statistics
        Words 1 i32 2 i32 3 bool
        """);

    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    /// <summary>The last number that was read, and those of a page: its bytes in the file and unpacked, its values.</summary>
    private long _number, _packed, _unpacked, _values, _words;

    private ParquetStructure(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Leaves the stream where it was.</summary>
    /// <exception cref="InvalidDataException">The end of the file is not that of a Parquet file, or its table of contents is damaged.</exception>
    public static async ValueTask CheckAsync(Stream file, CancellationToken cancel)
    {
        var position = file.Position;
        var trailer = new byte[Trailer];
        if (file.Length < 4 + Trailer)
            throw new InvalidDataException($"{file.Length} bytes are no Parquet file.");
        file.Position = file.Length - Trailer;
        await file.ReadExactlyAsync(trailer, cancel);
        if (!trailer.AsSpan(4).SequenceEqual("PAR1"u8))
            throw new InvalidDataException(trailer.AsSpan(4).SequenceEqual("PARE"u8) ? "The file is encrypted." : "The file does not end with PAR1.");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        if (length > Math.Min(file.Length - 4 - Trailer, MostBytes))
            throw new InvalidDataException($"The table of contents is said to have {length} bytes.");
        var footer = new byte[length];
        file.Position = file.Length - Trailer - length;
        await file.ReadExactlyAsync(footer, cancel);
        new ParquetStructure(footer).Structure("File");
        file.Position = position;
    }

    /// <summary>The pages of one column of one row group. Leaves the stream where it was.</summary>
    /// <param name="start">Where the first page begins.</param>
    /// <param name="values">How many values they hold in all.</param>
    /// <exception cref="InvalidDataException">A page is damaged, lies outside the file, or is larger than any writer makes them.</exception>
    public static async ValueTask CheckPagesAsync(Stream file, long start, long values, CancellationToken cancel)
    {
        var position = file.Position;
        var window = new byte[4096];
        for (long at = start, seen = 0; seen < values;)
        {
            if (at < 4 || at >= file.Length)
                throw new InvalidDataException($"A page is said to lie at byte {at}.");
            file.Position = at;
            var read = await file.ReadAtLeastAsync(window, window.Length, throwOnEndOfStream: false, cancel);
            if (Page(window.AsSpan(0, read)) is not { } page)
            {
                if (read < window.Length || read >= MostOfHeader)
                    throw new InvalidDataException($"The header of the page at byte {at} does not end.");
                window = new byte[window.Length * 4];
                continue;
            }

            at += page.Header + page.Packed;
            seen += page.Values;
            if (at > file.Length)
                throw new InvalidDataException($"The page before byte {at} goes on behind the end of the file.");
        }

        file.Position = position;
    }

    /// <summary>Null when the header goes on behind the window.</summary>
    private static (int Header, long Packed, long Values)? Page(ReadOnlySpan<byte> window)
    {
        var walk = new ParquetStructure(window);
        try
        {
            walk.Structure("Page");
        }
        catch (InvalidDataException) when (walk._at >= window.Length)
        {
            return null;
        }

        if (walk._packed is < 0 or > MostOfPage || walk._unpacked is < 0 or > MostOfPage || walk._values < 0 || walk._words < 0 || walk._words > walk._unpacked)
            throw new InvalidDataException($"A page is said to have {walk._packed} bytes, {walk._unpacked} unpacked, and {walk._values + walk._words} values.");
        return (walk._at, walk._packed, walk._values);
    }

    private void Structure(string name)
    {
        var fields = Structures[name];
        var field = 0;
        while (Byte() is var header and not 0)
        {
            field = header >> 4 is var step and not 0 ? field + step : (short)ZigZag();
            if (fields.TryGetValue(field, out var type))
            {
                Value(type, (Wire)(header & 0xf), name);
                Keep(name, field);
            }
            else
                Unknown((Wire)(header & 0xf), name, field);
        }
    }

    private void Keep(string name, int field)
    {
        switch (name, field)
        {
            case ("Page", 2):
                _unpacked = _number;
                break;
            case ("Page", 3):
                _packed = _number;
                break;
            case ("Data" or "DataV2", 1):
                _values = _number;
                break;
            case ("Words", 1):
                _words = _number;
                break;
        }
    }

    private void Value(string type, Wire wire, string of)
    {
        var expected = type switch
        {
            "bool" when wire == Wire.False => Wire.False,
            "bool" => Wire.True,
            "i8" => Wire.I8,
            "i16" => Wire.I16,
            "i32" => Wire.I32,
            "i64" => Wire.I64,
            "double" => Wire.Double,
            "binary" => Wire.Binary,
            ['[', ..] => Wire.List,
            _ => Wire.Structure,
        };
        if (wire != expected)
            throw Damaged($"a field of {of} is no {type}");
        if (wire == Wire.Structure)
            Structure(type);
        else if (wire == Wire.List)
            List(type[1..^1], of);
        else
            Scalar(wire);
    }

    private void List(string type, string of)
    {
        var header = Byte();
        var count = header >> 4 is var few and not 15 ? (ulong)few : VarInt();
        if (count > (ulong)(_bytes.Length - _at))
            throw Damaged($"a list of {of} has {count} items");
        for (var i = 0UL; i < count; i++)
            Value(type, (Wire)(header & 0xf), of);
    }

    /// <summary>A field of a later version of the format: what has an inside, the library cannot leave out.</summary>
    private void Unknown(Wire wire, string of, int field)
    {
        if (wire is < Wire.True or > Wire.Binary)
            throw Damaged($"{of} has the unknown field {field}");
        Scalar(wire);
    }

    private void Scalar(Wire wire)
    {
        switch (wire)
        {
            case Wire.True or Wire.False:
                break; // The header says it all.
            case Wire.I8:
                Byte();
                break;
            case Wire.I16 or Wire.I32 or Wire.I64:
                _number = ZigZag();
                break;
            case Wire.Double:
                Skip(8);
                break;
            case Wire.Binary:
                Skip(VarInt());
                break;
            default:
                throw Damaged($"there is no type {(int)wire}");
        }
    }

    private byte Byte() => _at < _bytes.Length ? _bytes[_at++] : throw Damaged("it ends too early");

    private void Skip(ulong count)
    {
        if (count > (ulong)(_bytes.Length - _at))
        {
            _at = _bytes.Length;
            throw Damaged($"a text of {count} bytes goes on behind it");
        }

        _at += (int)count;
    }

    private ulong VarInt()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }

        throw Damaged("a number does not end");
    }

    private long ZigZag()
    {
        var n = VarInt();
        return (long)(n >> 1) ^ -(long)(n & 1);
    }

    private readonly InvalidDataException Damaged(string what) => new($"The table of contents is damaged at byte {_at}: {what}.");

    private static Dictionary<string, Dictionary<int, string>> Read(string table) =>
        table.Split('\n').Select(line => line.Trim().Split(' ')).ToDictionary(
            words => words[0],
            words => words.Skip(1).Chunk(2).ToDictionary(pair => int.Parse(pair[0], System.Globalization.CultureInfo.InvariantCulture), pair => pair[1]));

    /// <summary>Types of the compact protocol.</summary>
    private enum Wire
    {
        True = 1,
        False = 2,
        I8 = 3,
        I16 = 4,
        I32 = 5,
        I64 = 6,
        Double = 7,
        Binary = 8,
        List = 9,
        Structure = 12,
    }
}
