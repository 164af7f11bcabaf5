using System.Diagnostics.CodeAnalysis;
using CityHub.Bench.Privacy;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class ReferenceSearchTests
{
    private static Table? adult, million;

    [Theory]
    [InlineData("A1")]
    [InlineData("A2")]
    [InlineData("A3")]
    [InlineData("A4")]
    [InlineData("A5")]
    [InlineData("A6")]
    [InlineData("A7")]
    [InlineData("C01")]
    [InlineData("C02")]
    [InlineData("C03")]
    [InlineData("C08")]
    [InlineData("C09")]
    [InlineData("C10")]
    [InlineData("C13")]
    [InlineData("B1")]
    [InlineData("B2")]
    public void The_optimum_is_that_of_the_reference(string tag)
    {
        var task = Task(tag);
        var result = task.Request(task.Large ? Million() : Adult(), SharedData.Need("privacy")).Run(TestContext.Current.CancellationToken);
        Assert.Equal(task.Levels, result.Levels);
        Assert.Equal((task.Suppressed, task.Classes), (result.Suppressed, result.Classes));
        Assert.InRange(result.Loss, task.Score - 1e-9, task.Score + 1e-9);
        Assert.True(result.IsOptimal);
        // Made again from the rows of the table: the same classes and the same records suppressed.
        var rows = result.RowClasses();
        Assert.Equal(task.Suppressed, rows.Count(one => one < 0));
        Assert.Equal(task.Classes, rows.Max() + 1);
        Assert.Equal(task.Classes, result.SizesAfter.Classes);
    }

    [Fact]
    public void The_exact_loss_of_all_nodes_is_known()
    {
        var nodes = Lattice.Explore(Task("A1").Request(Adult(), SharedData.Need("privacy")), TestContext.Current.CancellationToken).ToList();
        Assert.Equal(12_960, nodes.Count);
        var best = nodes.Where(one => one.Passes).MinBy(one => one.Loss);
        Assert.NotNull(best);
        Assert.Equal([0, 3, 0, 1, 1, 1, 1, 2, 0], best.Levels);
        Assert.Equal((1178, 370), (best.Suppressed, best.Classes));
    }

    private static PrivacyTask Task(string tag) => PrivacyTask.All(SharedData.Need("privacy")).Single(one => one.Tag.StartsWith(tag + "_", StringComparison.Ordinal));

    [SuppressMessage("Usage", "xUnit1051", Justification = "Read once for all tests.")]
    private static Table Adult() => adult ??= CsvTable.Read(Path.Combine(SharedData.Need("privacy"), "adult.csv"));

    [SuppressMessage("Usage", "xUnit1051", Justification = "Read once for all tests.")]
    private static Table Million()
    {
        if (million is not null)
            return million;
        var bytes = new MemoryStream(83_000_000);
        AdultBoot.Write(Path.Combine(SharedData.Need("privacy"), "adult.csv"), bytes);
        bytes.Position = 0;
        return million = CsvTable.Read(bytes);
    }
}
