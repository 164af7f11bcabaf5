using System.Buffers.Binary;

namespace CityHub.Ledger;

/// <summary>Entries one after the other, each with its length as two big-endian bytes before it (c2sp.org/tlog-tiles).</summary>
public static class EntryBundle
{
    public const int LargestEntry = ushort.MaxValue;

    internal const int LengthBytes = 2;

    /// <summary>Takes the next entry off the front.</summary>
    /// <returns>False: nothing is left, or what is left is cut short.</returns>
    public static bool TryNext(ref ReadOnlySpan<byte> bundle, out ReadOnlySpan<byte> entry)
    {
        entry = default;
        if (bundle.Length < LengthBytes)
            return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bundle);
        if (bundle.Length < LengthBytes + length)
            return false;
        entry = bundle.Slice(LengthBytes, length);
        bundle = bundle[(LengthBytes + length)..];
        return true;
    }

    /// <summary>The first <paramref name="count"/> entries, copied.</summary>
    /// <exception cref="LedgerException">The bundle has fewer, or is cut short.</exception>
    public static IReadOnlyList<byte[]> Read(ReadOnlySpan<byte> bundle, int count)
    {
        var entries = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            if (!TryNext(ref bundle, out var entry))
                throw new LedgerException(FormattableString.Invariant($"The bundle ends at its entry {i}; it should have {count}."));
            entries[i] = entry.ToArray();
        }

        return entries;
    }

    /// <summary>How many bytes the first <paramref name="count"/> entries take; -1 if there are not so many.</summary>
    internal static int LengthOf(ReadOnlySpan<byte> bundle, int count)
    {
        var rest = bundle;
        for (var i = 0; i < count; i++)
        {
            if (!TryNext(ref rest, out _))
                return -1;
        }

        return bundle.Length - rest.Length;
    }
}
