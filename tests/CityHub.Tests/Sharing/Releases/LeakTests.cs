using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;

namespace CityHub.Tests.Sharing.Releases;

public sealed class LeakTests
{
    [Fact]
    public async Task A_sample_with_a_tenth_of_its_cells_changed_leads_to_its_receiver()
    {
        using var bureau = new Bureau(rows: 500, options: new ReleaseOptions { Secret = Bureau.Secret, Canaries = (_, _) => 20 });
        bureau.Grant("g1");
        bureau.Grant("g2", Obligations.Nothing with { Fields = ["id", "area", "born", "income", "height"] });
        _ = await bureau.Rows(Bureau.Ask(DeliveryModes.Batch) with { Grant = "g2" });
        var leaked = (await bureau.Rows(Bureau.Ask(DeliveryModes.Batch) with { Grant = "g1" })).Select(row => row.Split('|').Select(cell => cell == "∅" ? null : cell).ToArray()).ToList();
        var random = new Random(7);
        foreach (var row in leaked)
            for (var i = 0; i < row.Length; i++)
                if (random.Next(10) == 0)
                    row[i] = "changed";
        var fields = Bureau.Dataset.Fields.Select(field => field.Name).ToList();
        var found = bureau.Releases.Leaks.Trace("residents", fields, leaked);
        Assert.Equal("g1", found[0].Grant);
        Assert.InRange(found[0].PValue, 0, 1e-12);
        Assert.Equal("g2", found[1].Grant);
        Assert.InRange(found[1].PValue, 0.01, 1);
    }
}
