using System.Buffers;
using System.Text;
using System.Text.Json;

namespace CityHub.Sensing.Mapping;

internal enum CellKind : byte
{
    /// <summary>Not there.</summary>
    Absent,
    Null,
    True,
    False,

    /// <summary>A JSON number.</summary>
    Number,

    /// <summary>A JSON string with its quotes.</summary>
    String,

    /// <summary>A JSON object or array.</summary>
    Json,

    /// <summary>UTF-8 without a type: a field of a CSV line.</summary>
    Text,

    /// <summary>UTF-8 that is a string and nothing else: a text column of a typed file.</summary>
    Words,
}

/// <summary>One value as it came, before anything is made of it: a slice of the payload.</summary>
/// <param name="Escaped">A <see cref="CellKind.String"/> with escapes in it.</param>
internal readonly record struct Cell(CellKind Kind, ReadOnlyMemory<byte> Bytes, bool Escaped = false)
{
    public static readonly Cell Null = new(CellKind.Null, default);

    public static Cell Text(ReadOnlyMemory<byte> utf8) => new(CellKind.Text, utf8);

    public static Cell Words(string text) => new(CellKind.Words, Encoding.UTF8.GetBytes(text));

    public static Cell Number(ReadOnlyMemory<byte> json) => new(CellKind.Number, json);

    public static Cell Truth(bool value) => new(value ? CellKind.True : CellKind.False, default);

    public bool IsAbsent => Kind is CellKind.Absent or CellKind.Null;

    /// <summary>The characters of the value, unescaped; empty for objects and arrays.</summary>
    public ReadOnlySpan<byte> Characters => Kind switch
    {
        CellKind.True => "true"u8,
        CellKind.False => "false"u8,
        CellKind.Number or CellKind.Text or CellKind.Words => Bytes.Span,
        CellKind.String => Escaped ? Unescaped() : Bytes.Span[1..^1],
        _ => default,
    };

    /// <summary>For a message: what is there, cut short.</summary>
    public override string ToString()
    {
        const int Most = 40;
        var characters = Kind == CellKind.Json ? Bytes.Span : Characters;
        var text = Encoding.UTF8.GetString(characters.Length > Most * 4 ? characters[..(Most * 4)] : characters);
        text = text.Length > Most ? text[..Most] + "…" : text;
        return Kind is CellKind.String or CellKind.Text or CellKind.Words ? $"\"{text}\"" : Kind is CellKind.Null ? "null" : text;
    }

    private byte[] Unescaped()
    {
        var reader = new Utf8JsonReader(Bytes.Span);
        reader.Read();
        var rented = ArrayPool<byte>.Shared.Rent(Bytes.Length);
        try
        {
            return rented.AsSpan(0, reader.CopyString(rented)).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
