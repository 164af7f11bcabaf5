using System.Buffers.Binary;
using CityHub.Ledger;
using CsCheck;

namespace CityHub.Tests.Ledger.Tiles;

public sealed class EntryBundleTests
{
    static byte[] Write(IEnumerable<byte[]> entries)
    {
        var all = new List<byte>();
        foreach (var entry in entries)
        {
            var length = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)entry.Length);
            all.AddRange([.. length, .. entry]);
        }

        return [.. all];
    }

    [Fact]
    public void Entries_are_read_as_they_were_written() =>
        Gen.Byte.Array[0, 300].Array[0, 256].Sample(
            entries =>
            {
                var bundle = Write(entries);
                Assert.Equal(entries, EntryBundle.Read(bundle, entries.Length));
                Assert.Equal(bundle.Length, EntryBundle.LengthOf(bundle, entries.Length));
                Assert.Equal(-1, EntryBundle.LengthOf(bundle, entries.Length + 1));
            },
            iter: 200);

    [Fact]
    public void The_longest_entry_has_65535_bytes()
    {
        var entry = new byte[EntryBundle.LargestEntry];
        entry[^1] = 9;
        Assert.Equal(65_535, entry.Length);
        Assert.Equal([entry, []], EntryBundle.Read(Write([entry, []]), 2));
    }

    [Fact]
    public void A_bundle_that_was_cut_anywhere_has_fewer_entries_and_says_so()
    {
        var entries = Enumerable.Range(0, 9).Select(i => new byte[i]).ToArray();
        var bundle = Write(entries);
        for (var length = 0; length < bundle.Length; length++)
        {
            var cut = bundle[..length];
            var e = Assert.Throws<LedgerException>(() => EntryBundle.Read(cut, entries.Length));
            Assert.Contains("should have 9", e.Message, StringComparison.Ordinal);
            Assert.Equal(-1, EntryBundle.LengthOf(cut, entries.Length));
        }
    }

    [Fact]
    public void Nothing_is_left_after_the_last_entry()
    {
        ReadOnlySpan<byte> rest = Write([[1, 2], []]);
        Assert.True(EntryBundle.TryNext(ref rest, out var entry));
        Assert.Equal([1, 2], entry.ToArray());
        Assert.True(EntryBundle.TryNext(ref rest, out entry));
        Assert.True(entry.IsEmpty);
        Assert.True(rest.IsEmpty);
        Assert.False(EntryBundle.TryNext(ref rest, out _));
    }
}
