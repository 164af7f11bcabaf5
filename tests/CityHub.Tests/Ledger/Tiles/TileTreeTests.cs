using CityHub.Crypto;
using CityHub.Ledger;
using CsCheck;

namespace CityHub.Tests.Ledger.Tiles;

public sealed class TileTreeTests
{
    static readonly HashFunction Sha = HashFunctions.Sha256;

    public static TheoryData<int> Sizes => [1, 2, 3, 7, 255, 256, 257, 300, 511, 512, 513, 1000, 4096, 65_535, 65_536, 65_537, 66_000];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Proofs_from_tiles_are_those_of_the_leaves(int size)
    {
        var tiles = new MemoryTiles(Sha).Grow(size);
        var root = tiles.Root(size);
        var tree = new TileTree(Sha, tiles, size, root);
        for (var index = 0; index < size; index += Math.Max(1, size / 50))
        {
            Assert.Equal(tiles.Leaf(index), tree.LeafHash(index));
            Assert.True(MerkleTree.VerifyInclusion(Sha, size, index, tiles.Leaf(index), tree.Inclusion(index, size), root), $"{index} of {size}");
            var old = index + 1;
            var oldRoot = tiles.Root(old);
            Assert.Equal(oldRoot, tree.Root(old));
            Assert.True(MerkleTree.VerifyConsistency(Sha, old, oldRoot, size, root, tree.Consistency(old, size)), $"{old} to {size}");
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Inclusion(0, size + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.LeafHash(size));
    }

    [Theory]
    [InlineData("SHA-256")]
    [InlineData("SM3")]
    public void A_tree_that_grows_stays_proven_while_full_tiles_take_the_place_of_partial_ones(string name)
    {
        var hash = name == "SM3" ? HashFunctions.Sm3 : Sha;
        var tiles = new MemoryTiles(hash);
        var cache = new TileCache();
        TileTree? before = null;
        foreach (var size in (int[])[1, 100, 255, 256, 700, 767, 768, 769, 2000])
        {
            tiles.Grow(size, tidy: true);
            var root = tiles.Root(size);
            var tree = new TileTree(hash, tiles, size, root, cache);
            for (var index = 0; index < size; index += 37)
                Assert.True(MerkleTree.VerifyInclusion(hash, size, index, tiles.Leaf(index), tree.Inclusion(index, size), root));

            // Who still has the tree of the size before can use it, although its partial tiles are gone.
            if (before is { Size: > 0 })
            {
                var again = new TileTree(hash, tiles, before.Size, before.Root(before.Size));
                Assert.Equal(before.Inclusion(0, before.Size), again.Inclusion(0, before.Size));
                Assert.True(MerkleTree.VerifyConsistency(
                    hash, before.Size, before.Root(before.Size), size, root, tree.Consistency(before.Size, size)));
            }

            before = tree;
        }
    }

    [Fact]
    public void The_empty_tree_needs_no_tile()
    {
        var tiles = new MemoryTiles(Sha);
        var tree = new TileTree(Sha, tiles, 0, MerkleTree.EmptyRoot(Sha));
        Assert.Equal(MerkleTree.EmptyRoot(Sha), tree.Root(0));
        Assert.Throws<LedgerException>(() => new TileTree(Sha, tiles, 0, new byte[32]));
    }

    [Fact]
    public void A_changed_tile_gives_an_exception_and_never_a_proof_that_does_not_hold()
    {
        const int size = 70_000;
        var tiles = new MemoryTiles(Sha).Grow(size);
        var root = tiles.Root(size);
        var names = tiles.Files.Keys.ToArray();
        var refused = 0;
        var cases =
            from pick in Gen.OneOf(Gen.Int[0, names.Length - 1], Gen.Int[names.Length - 4, names.Length - 1])
            let file = names[pick]
            from at in Gen.Int[0, tiles.Files[file].Length - 1]
            from bit in Gen.Int[0, 7]
            from index in Gen.Int[0, size - 1]
            select (file, at, bit, index);
        cases.Sample(
            one =>
            {
                // An index below the tile that was changed.
                Assert.True(TilePath.TryParse(one.file, out var path));
                var span = 1L << (8 * (path.Level + 1));
                var index = Math.Min(size - 1, path.Index * span + one.index % Math.Min(span, size));
                var good = tiles.Files[one.file];
                byte[] bad = [.. good];
                bad[one.at] ^= (byte)(1 << one.bit);
                tiles.Files[one.file] = bad;
                try
                {
                    var e = Assert.Throws<LedgerException>(() => { new TileTree(Sha, tiles, size, root).Inclusion(index, size); });
                    refused++;
                    Assert.True(e.Message.Contains("tile", StringComparison.Ordinal), e.Message);
                }
                finally
                {
                    tiles.Files[one.file] = good;
                }
            },
            iter: 300,
            threads: 1);
        Assert.Equal(300, refused);
    }

    [Theory]
    [InlineData("tile/0/000")]
    [InlineData("tile/0/003.p/232")]
    [InlineData("tile/1/000.p/3")]
    public void A_tile_that_is_missing_or_cut_is_named(string file)
    {
        var tiles = new MemoryTiles(Sha).Grow(1000);
        var root = tiles.Root(1000);
        var good = tiles.Files[file];
        foreach (var bad in (byte[]?[])[null, [], good[..^1], good[..^32], [.. good, .. good[..32]]])
        {
            if (bad is null)
                tiles.Files.Remove(file);
            else
                tiles.Files[file] = bad;
            var e = Assert.Throws<LedgerException>(() => new TileTree(Sha, tiles, 1000, root).Inclusion(5, 1000));
            Assert.StartsWith(file, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Another_root_than_the_tiles_give_is_refused()
    {
        var tiles = new MemoryTiles(Sha).Grow(1000);
        Assert.Throws<LedgerException>(() => new TileTree(Sha, tiles, 1000, tiles.Root(999)));
        Assert.Throws<LedgerException>(() => new TileTree(HashFunctions.Sm3, tiles, 1000, tiles.Root(1000)));
        Assert.Throws<LedgerException>(() => new TileTree(Sha, tiles, 1001, tiles.Root(1000)));
    }

    [Fact]
    public void Many_threads_share_one_tree_and_read_each_tile_a_few_times()
    {
        const int size = 66_000;
        var tiles = new MemoryTiles(Sha).Grow(size);
        var root = tiles.Root(size);
        var tree = new TileTree(Sha, tiles, size, root, new TileCache(4));
        Parallel.For(0, 2000, i =>
        {
            var index = i * 33;
            if (!MerkleTree.VerifyInclusion(Sha, size, index, tiles.Leaf(index), tree.Inclusion(index, size), root))
                throw new InvalidOperationException($"The proof of {index} does not hold.");
        });
        var reads = tiles.Reads;
        var warm = new TileTree(Sha, tiles, size, root);
        for (var i = 0; i < 256; i++)
            warm.Inclusion(i, size);
        Assert.InRange(tiles.Reads - reads, 1, 10);
    }
}
