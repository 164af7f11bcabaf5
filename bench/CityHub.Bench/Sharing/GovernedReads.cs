using CityHub.Bench.Broker;
using CityHub.Bench.Ledger;

namespace CityHub.Bench.Sharing;

/// <summary>
/// One row by its key over HTTP with 32 connections: decided, its opening durable before the first byte, masked, closed. Beside it in turns a hub without a ledger that does the same: what the
/// ledger costs. The load generator runs on the same cores.
/// </summary>
internal static class GovernedReads
{
    public const string Rate = "governed_read_per_s", Latency = "governed_p99_ms", Ratio = "ledger_off_ratio";

    private const int Connections = 32;

    public static async Task MeasureAsync(Figures figures, int rounds, TimeSpan time, CancellationToken cancel)
    {
        using var with = new BenchFolder();
        using var without = new BenchFolder();
        await SharedFolder.MakeAsync(with.Path);
        await SharedFolder.MakeAsync(without.Path);
        await using var ledger = await HubProcess.StartAsync(with.Path, cancel);
        await using var bare = await HubProcess.StartAsync(without.Path, cancel, HubProcess.Serve(LedgerCost.ServeWithout, without.Path));
        await SharedFolder.DeliverAsync(ledger.Address);
        await SharedFolder.DeliverAsync(bare.Address);
        var requests = Enumerable.Range(0, SharedFolder.Persons).Select(i => SharedFolder.RowRequest(i)).ToArray();
        foreach (var hub in new[] { ledger, bare })
            await RunAsync(hub, requests, TimeSpan.FromSeconds(2)); // the code is warm then
        var (rates, p50, p99, bareRates, ratios, processor) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds * 2; round++)
        {
            // The order changes, so that neither always has the warmer machine.
            LoadResult kept = default, plain = default;
            foreach (var hub in round % 2 == 0 ? new[] { bare, ledger } : [ledger, bare])
            {
                var used = hub.ProcessorTime();
                var result = await RunAsync(hub, requests, time);
                if (hub == bare)
                {
                    plain = result;
                    continue;
                }

                kept = result;
                processor.Add((hub.ProcessorTime() - used).TotalMicroseconds / (kept.PerSecond * kept.Seconds));
            }

            rates.Add(kept.PerSecond);
            p50.Add(kept.P50);
            p99.Add(kept.P99);
            bareRates.Add(plain.PerSecond);
            ratios.Add(plain.PerSecond / kept.PerSecond);
        }

        figures.Add(Rate, rates);
        figures.Add("governed_p50_ms", p50);
        figures.Add(Latency, p99);
        figures.Add("governed_cpu_us", processor);
        figures.Add("governed_ledger_off_per_s", bareRates);
        figures.Add(Ratio, ratios);
    }

    private static async Task<LoadResult> RunAsync(HubProcess hub, byte[][] requests, TimeSpan time)
    {
        var result = await HttpLoad.RunAsync(hub.Address, Connections, time, (c, n) => requests[((c * 3119) + n) % requests.Length]);
        return result.Failed == 0 ? result : throw new InvalidOperationException($"{result.Failed} of the reads were refused.");
    }
}
