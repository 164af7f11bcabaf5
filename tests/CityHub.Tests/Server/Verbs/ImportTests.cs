using System.Diagnostics;
using System.Globalization;
using CityHub.Storage.Embedded;
using CityHub.Tests.Flows;
using CityHub.Tests.Sensing.Import;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Verbs;

/// <summary>`cityhub import` as its users run it.</summary>
public sealed class ImportTests
{
    private const int Rows = 40_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_again_and_again_it_goes_on_where_it_was_and_nothing_is_lost_or_doubled()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("rows.csv"), ImportUnderTest.Rows(Rows), Cancel);
        await File.WriteAllTextAsync(folder.File("map.json"), ImportUnderTest.Flat, Cancel);
        var killed = 0;
        for (var patience = 350; ; patience += 150)
        {
            using var import = Process.Start(Command(folder, "import", "--mapping", "map.json", "--data", "data", "--quiet", "rows.csv")) ?? throw new InvalidOperationException("It does not start.");
            var said = import.StandardError.ReadToEndAsync(Cancel);
            using var moment = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            moment.CancelAfter(patience);
            try
            {
                await import.WaitForExitAsync(moment.Token);
                Assert.True(import.ExitCode == 0, await said);
                break;
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                import.Kill();
                await import.WaitForExitAsync(Cancel);
                killed++;
            }
        }

        Assert.True(killed >= 2, string.Create(CultureInfo.InvariantCulture, $"It was killed {killed} times only."));
        var again = await Run.Of(["import", "--mapping", "map.json", "--data", "data", "--quiet", "rows.csv"], folder.Path);
        Assert.Equal(0, again.Exit);
        Assert.Contains("was imported before, to its end (40,000 rows)", again.Error, StringComparison.Ordinal);
        await using var hub = await HubUnderTest.StartAsync(config => config with { Data = folder.File("data") });
        Assert.Equal(Rows, hub.Hub.Store.Series.Extent(new Core.Series.SeriesKey("", "urn:x:a", "https://uri.etsi.org/ngsi-ld/default-context/v")).Count);
    }

    [Fact]
    public async Task A_folder_that_another_program_holds_is_refused_with_the_way_forward()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("rows.csv"), ImportUnderTest.Rows(3), Cancel);
        await File.WriteAllTextAsync(folder.File("map.json"), ImportUnderTest.Flat, Cancel);
        using (EmbeddedStore.Open(folder.File("data"), TimeProvider.System).Value)
        {
            var refused = await Run.Of(["import", "--mapping", "map.json", "--data", "data", "--quiet", "rows.csv"], folder.Path);
            Assert.NotEqual(0, refused.Exit);
            Assert.Contains("storage-locked", refused.Error, StringComparison.Ordinal);
            Assert.Contains("--url", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await Run.Of(["import", "--mapping", "map.json", "--data", "data", "--quiet", "rows.csv"], folder.Path)).Exit);
    }

    private static ProcessStartInfo Command(TestFolder folder, params string[] words)
    {
        var start = new ProcessStartInfo(Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath ?? "dotnet" : "dotnet")
        {
            WorkingDirectory = folder.Path,
            RedirectStandardError = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "cityhub.dll") },
        };
        foreach (var word in words)
            start.ArgumentList.Add(word);
        return start;
    }
}
