using CityHub.Bench.Broker;

namespace CityHub.Bench.Ledger;

/// <summary>
/// What the ledger takes from the broker: durable updates of a hub as it is, beside those of a hub without a ledger, in turns on the same machine, the load
/// generator on it too.
/// </summary>
public static class LedgerCost
{
    /// <summary>A verb that is in no help: serve, without the ledger.</summary>
    public const string ServeWithout = "bench-serve-without-ledger";

    public const string Key = "broker_cost";

    private const int Entities = 10_000;

    internal static async Task MeasureAsync(Figures figures, int rounds, TimeSpan time, CancellationToken cancel)
    {
        using var with = new BenchFolder();
        using var without = new BenchFolder();
        await using var ledger = await HubProcess.StartAsync(with.Path, cancel);
        await using var bare = await HubProcess.StartAsync(without.Path, cancel, HubProcess.Serve(ServeWithout, without.Path));
        await Loads.EntitiesAsync(ledger, Entities, cancel);
        await Loads.EntitiesAsync(bare, Entities, cancel);
        // Many short turns rather than few long ones: this machine's rate wanders by a quarter within a minute.
        (rounds, time) = (rounds * 3, time * 0.4);
        var (cost, rates, bareRates) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            // The order changes, so that neither always has the warmer machine.
            var first = round % 2 == 0 ? bare : ledger;
            var one = (await Loads.UpdateAsync(first, Entities, time)).PerSecond;
            var two = (await Loads.UpdateAsync(first == bare ? ledger : bare, Entities, time)).PerSecond;
            var (plain, kept) = first == bare ? (one, two) : (two, one);
            bareRates.Add(plain);
            rates.Add(kept);
            cost.Add(1 - (kept / plain));
        }

        figures.Add("update_without_ledger_per_s", bareRates);
        figures.Add("update_with_ledger_per_s", rates);
        figures.Add(Key, cost);
    }
}
