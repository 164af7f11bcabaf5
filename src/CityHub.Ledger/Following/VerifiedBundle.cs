using System.Globalization;
using CityHub.Crypto;

namespace CityHub.Ledger;

internal static class VerifiedBundle
{
    /// <summary>Exactly the entries that the tree was made of, as one bundle; or null, and why not.</summary>
    public static byte[]? Of(byte[]? bundle, TileTree tree, HashFunction hash, long first, int width, out string? why)
    {
        why = "it is missing";
        if (bundle is null)
            return null;
        ReadOnlySpan<byte> rest = bundle;
        for (var i = 0; i < width; i++)
        {
            if (!EntryBundle.TryNext(ref rest, out var entry))
            {
                why = string.Create(CultureInfo.InvariantCulture, $"it ends before entry {first + i}");
                return null;
            }

            if (!MerkleTree.LeafHash(hash, entry).AsSpan().SequenceEqual(tree.LeafHash(first + i)))
            {
                why = string.Create(CultureInfo.InvariantCulture, $"entry {first + i} is not the one that the tree was made of");
                return null;
            }
        }

        why = null;
        return rest.IsEmpty ? bundle : bundle[..^rest.Length];
    }
}
