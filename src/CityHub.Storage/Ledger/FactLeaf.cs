using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Crypto;

namespace CityHub.Storage.Ledger;

/// <summary>
/// What the ledger keeps of a fact: when, what kind, where in which stream, and a salted commitment to its payload, as canonical JSON (RFC 8785), so that
/// whoever has the salt and the payload can check it with <c>sha256sum</c> and a text editor. Nothing of the payload stands in it but the tags of the
/// subjects of an act (<see cref="Acts.IsActs"/>), which name nobody. Leaf n is fact n + 1.
/// </summary>
public sealed class FactLeaf
{
    /// <summary>An act names at most so many subjects: its leaf stays below the 65,535 bytes of an entry (C2SP tlog-tiles).</summary>
    public const int MostSubjects = 500;

    private readonly HashFunction[] _hashes;

    /// <param name="hashes">What commitments are made with; one of each tree of the ledger.</param>
    public FactLeaf(params IEnumerable<HashFunction> hashes)
    {
        // RFC 8785 orders names by their UTF-16 code units.
        _hashes = [.. hashes.OrderBy(h => h.Name, StringComparer.Ordinal)];
        if (_hashes.Length == 0)
            throw new ArgumentException("A leaf commits with at least one hash function.", nameof(hashes));
    }

    /// <exception cref="ArgumentException">The fact has no salt.</exception>
    public void Write(in Fact fact, IBufferWriter<byte> into)
    {
        into.Write("{\"at\":\""u8);
        Time(into, fact.At);
        into.Write("\",\"commitment\":{"u8);
        Span<byte> commitment = stackalloc byte[Commitment.Size];
        for (var i = 0; i < _hashes.Length; i++)
        {
            if (i > 0)
                into.Write(","u8);
            Commitment.Make(_hashes[i], fact.Salt.Span, fact.Payload.Span, commitment);
            Text(into, _hashes[i].Name);
            into.Write(":\""u8);
            Hex(into, commitment);
            into.Write("\""u8);
        }

        into.Write("},\"position\":"u8);
        Number(into, fact.Position);
        into.Write(",\"stream\":"u8);
        Text(into, fact.Stream);
        if (Acts.IsActs(fact.Stream))
            Subjects(into, fact.Payload.Span);
        into.Write(",\"type\":"u8);
        Text(into, fact.Type);
        into.Write(",\"version\":"u8);
        Number(into, fact.Version);
        into.Write("}"u8);
    }

    public byte[] Write(in Fact fact)
    {
        var buffer = new ArrayBufferWriter<byte>(320);
        Write(fact, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Subjects(IBufferWriter<byte> into, ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var wanted = reader.ValueTextEquals("subjects"u8);
            reader.Read();
            if (!wanted)
            {
                reader.Skip();
                continue;
            }

            into.Write(",\"subjects\":["u8);
            for (var count = 0; reader.Read() && reader.TokenType == JsonTokenType.String; count++)
            {
                if (count > 0)
                    into.Write(","u8);
                Text(into, reader.GetString() ?? "");
            }

            into.Write("]"u8);
            return;
        }
    }

    /// <summary>UTC, to the tick, without zeros at the end that say nothing: yyyy-MM-ddTHH:mm:ss.FFFFFFFZ. By hand: the format string took a third of a leaf.</summary>
    private static void Time(IBufferWriter<byte> into, DateTimeOffset at)
    {
        var utc = at.UtcDateTime;
        var bytes = into.GetSpan(32);
        var (date, time) = (DateOnly.FromDateTime(utc), TimeOnly.FromDateTime(utc));
        Digits(bytes, date.Year, 4);
        bytes[4] = bytes[7] = (byte)'-';
        Digits(bytes[5..], date.Month, 2);
        Digits(bytes[8..], date.Day, 2);
        bytes[10] = (byte)'T';
        Digits(bytes[11..], time.Hour, 2);
        bytes[13] = bytes[16] = (byte)':';
        Digits(bytes[14..], time.Minute, 2);
        Digits(bytes[17..], time.Second, 2);
        var end = 19;
        var ticks = (int)(utc.Ticks % TimeSpan.TicksPerSecond);
        if (ticks != 0)
        {
            bytes[end] = (byte)'.';
            Digits(bytes[(end + 1)..], ticks, 7);
            end = 27;
            while (bytes[end - 1] == (byte)'0')
                end--;
        }

        bytes[end] = (byte)'Z';
        into.Advance(end + 1);
    }

    private static void Digits(Span<byte> into, int number, int width)
    {
        for (var i = width - 1; i >= 0; i--, number /= 10)
            into[i] = (byte)('0' + (number % 10));
    }

    private static void Number(IBufferWriter<byte> into, long number)
    {
        Utf8Formatter.TryFormat(number, into.GetSpan(20), out var written);
        into.Advance(written);
    }

    private static void Hex(IBufferWriter<byte> into, ReadOnlySpan<byte> bytes)
    {
        Convert.TryToHexStringLower(bytes, into.GetSpan(bytes.Length * 2), out var written);
        into.Advance(written);
    }

    /// <summary>A string as RFC 8785 (3.2.2.2) writes it: all of Unicode as it is, but the quote, the backslash and the controls.</summary>
    private static void Text(IBufferWriter<byte> into, string text)
    {
        var bytes = into.GetSpan(2 + (text.Length * 6));
        var at = 0;
        bytes[at++] = (byte)'"';
        var plain = text.AsSpan().IndexOfAny(Escaped) < 0;
        if (plain)
            at += System.Text.Encoding.UTF8.GetBytes(text, bytes[at..]);
        else
            foreach (var rune in text.EnumerateRunes())
                at += rune.Value switch
                {
                    '"' or '\\' => Pair((byte)rune.Value, bytes[at..]),
                    '\b' => Pair((byte)'b', bytes[at..]),
                    '\t' => Pair((byte)'t', bytes[at..]),
                    '\n' => Pair((byte)'n', bytes[at..]),
                    '\f' => Pair((byte)'f', bytes[at..]),
                    '\r' => Pair((byte)'r', bytes[at..]),
                    < 0x20 => Control(rune.Value, bytes[at..]),
                    _ => rune.EncodeToUtf8(bytes[at..]),
                };
        bytes[at++] = (byte)'"';
        into.Advance(at);
    }

    private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(i => (char)i), '"', '\\']);

    private static int Pair(byte second, Span<byte> into)
    {
        (into[0], into[1]) = ((byte)'\\', second);
        return 2;
    }

    private static int Control(int value, Span<byte> into)
    {
        "\\u00"u8.CopyTo(into);
        Convert.TryToHexStringLower([(byte)value], into[4..], out _);
        return 6;
    }
}
