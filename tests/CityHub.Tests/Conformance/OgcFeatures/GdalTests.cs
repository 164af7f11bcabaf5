using CityHub.Tests.Sharing.OpenData;

namespace CityHub.Tests.Conformance.OgcFeatures;

/// <summary>GDAL's OAPIF driver, unmodified, reads the collections: ogrinfo, where it is installed.</summary>
public sealed class GdalTests
{
    [Fact]
    public async Task Ogrinfo_reads_every_feature_over_pages()
    {
        Programs.Need("ogrinfo");
        await using var doors = await DoorsUnderTest.StartAsync();

        var (code, output) = await Programs.RunAsync(Path.GetTempPath(), "ogrinfo", "-ro", "-al", "-so", "-oo", "PAGE_SIZE=7", $"OAPIF:{doors.Address}/ogc", "parks");
        Assert.True(code == 0, output);
        Assert.Contains("Feature Count: 25", output, StringComparison.Ordinal);
        Assert.Contains("Geometry: Point", output, StringComparison.Ordinal);

        (code, output) = await Programs.RunAsync(Path.GetTempPath(), "ogrinfo", "-ro", "-al", "-oo", "PAGE_SIZE=7", $"OAPIF:{doors.Address}/ogc", "parks");
        Assert.True(code == 0, output);
        Assert.Equal(24, output.Split("POINT (").Length - 1);
        Assert.Contains("公园23", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ERROR", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ogrinfo_filters_by_box_and_sees_no_other_collection()
    {
        Programs.Need("ogrinfo");
        await using var doors = await DoorsUnderTest.StartAsync();

        var (code, output) = await Programs.RunAsync(Path.GetTempPath(), "ogrinfo", "-ro", "-al", "-spat", "106", "29", "106.5", "29.5", $"OAPIF:{doors.Address}/ogc", "parks");
        var (_, layers) = await Programs.RunAsync(Path.GetTempPath(), "ogrinfo", "-ro", $"OAPIF:{doors.Address}/ogc");

        Assert.True(code == 0, output);
        Assert.Equal(6, output.Split("POINT (").Length - 1);
        Assert.Contains("parks", layers, StringComparison.Ordinal);
        Assert.DoesNotContain("register", layers, StringComparison.Ordinal);
    }
}
