using CityHub.Ledger;
using CsCheck;

namespace CityHub.Tests.Ledger.Tiles;

public sealed class TilePathTests
{
    static readonly Gen<TilePath> Paths =
        from level in Gen.Int[-1, 63]
        from index in Gen.OneOf(Gen.Long[0, 2_000_000], Gen.Long[0, long.MaxValue])
        from width in Gen.Int[1, 256]
        select level < 0 ? TilePath.Bundle(index, width) : TilePath.Tile(level, index, width);

    [Theory]
    [InlineData("tile/0/x001/x234/067", 0, 1_234_067, 256)]
    [InlineData("tile/0/000", 0, 0, 256)]
    [InlineData("tile/3/x001/000.p/17", 3, 1000, 17)]
    [InlineData("tile/63/x009/x223/x372/x036/x854/x775/807", 63, long.MaxValue, 256)]
    [InlineData("tile/entries/000.p/7", -1, 0, 7)]
    [InlineData("tile/entries/x999/999", -1, 999_999, 256)]
    public void A_tile_has_the_name_that_the_specification_gives_it(string text, int level, long index, int width)
    {
        var path = level < 0 ? TilePath.Bundle(index, width) : TilePath.Tile(level, index, width);
        Assert.Equal(text, path.ToString());
        Assert.True(TilePath.TryParse(text, out var parsed));
        Assert.Equal(path, parsed);
        Assert.Equal(level < 0, parsed.IsBundle);
        Assert.Equal(width == 256, parsed.IsFull);
    }

    [Fact]
    public void Every_path_is_read_as_what_was_written() =>
        Paths.Sample(path => TilePath.TryParse(path.ToString(), out var parsed) && parsed == path, iter: 20_000);

    [Fact]
    public void Whatever_is_accepted_is_written_in_the_same_way()
    {
        // A path with one character changed, taken out or put in: another path or none, never a second spelling.
        var bent =
            from path in Paths
            let text = path.ToString()
            from at in Gen.Int[0, text.Length - 1]
            from with in Gen.Char["019x/.p- +e"]
            from kind in Gen.Int[0, 2]
            select kind == 0 ? text.Remove(at, 1) : kind == 1 ? text.Insert(at, $"{with}") : text.Remove(at, 1).Insert(at, $"{with}");
        bent.Sample(text => !TilePath.TryParse(text, out var parsed) || parsed.ToString() == text, iter: 20_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile/")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/00/000")]
    [InlineData("tile/64/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/0/001/000")]
    [InlineData("tile/0/x000/000")]
    [InlineData("tile/0/x001/x000")]
    [InlineData("tile/0/000.p")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/07")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/7/")]
    [InlineData("tile/0/x001.p/7")]
    [InlineData("tile/0/../000")]
    [InlineData("tile/entries")]
    [InlineData("tile/Entries/000")]
    [InlineData("tile/0/x009/x223/x372/x036/x854/x775/808")]
    [InlineData("tile/0/x001/x009/x223/x372/x036/x854/x775/807")]
    public void Anything_else_is_refused(string text) => Assert.False(TilePath.TryParse(text, out _));

    [Theory]
    [InlineData(0L, 0, 0)]
    [InlineData(255L, 0, 255)]
    [InlineData(256L, 1, 0)]
    [InlineData(70_000L, 273, 112)]
    public void A_size_says_which_tiles_there_are(long size, long full, int width)
    {
        Assert.Equal(full, TilePath.FullTilesAt(0, size));
        Assert.Equal(width, TilePath.PartialWidthAt(0, size));
        Assert.Equal(full, TilePath.HashesAt(1, size));
        Assert.Equal(full / 256, TilePath.FullTilesAt(1, size));
        Assert.Equal((int)(full % 256), TilePath.PartialWidthAt(1, size));
    }
}
