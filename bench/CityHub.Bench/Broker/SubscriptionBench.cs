using System.Buffers.Text;
using System.Diagnostics;

namespace CityHub.Bench.Broker;

/// <summary>What subscriptions cost those who write, and how soon they are told.</summary>
internal static class SubscriptionBench
{
    private const int Entities = 10_000;
    private const int Subscribed = 1_000;

    /// <summary>
    /// subs1000_ratio: the rate of single updates with 1,000 subscriptions that every update matches, each throttled to one notification a second to a local
    /// HTTP endpoint, by the rate without any. Both rates are taken in turn on the same hub, so that a busy machine disturbs both.
    /// </summary>
    public static async Task RatioAsync(Figures figures, int rounds, TimeSpan time, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
        await Loads.EntitiesAsync(hub, Entities, cancel);
        await using var receiver = new Receiver(static _ => { });
        var (ratios, rates, told) = (new List<double>(), new List<double>(), new List<double>());
        await Loads.UpdateAsync(hub, Entities, TimeSpan.FromSeconds(1));
        for (var round = 0; round < rounds; round++)
        {
            var without = (await Loads.UpdateAsync(hub, Entities, time)).PerSecond;
            for (var i = 0; i < Subscribed; i++)
                await Loads.PostAsync(hub, "/ngsi-ld/v1/subscriptions", $$$$"""{"id":"urn:bench:subscription:{{{{i}}}}","type":"Subscription","entities":[{"type":"Sensor"}],"watchedAttributes":["speed"],"throttling":1,"notification":{"endpoint":{"uri":"{{{{receiver.Address}}}}"}}}""");
            var before = receiver.Count;
            var with = await Loads.UpdateAsync(hub, Entities, time);
            told.Add((receiver.Count - before) / with.Seconds);
            rates.Add(with.PerSecond);
            ratios.Add(with.PerSecond / without);
            for (var i = 0; i < Subscribed; i++)
                await Loads.SendAsync(hub, "DELETE", $"/ngsi-ld/v1/subscriptions/urn:bench:subscription:{i}", null);
        }

        if (told.Max() == 0)
            throw new InvalidOperationException("No notification has come.");
        figures.Add("subs1000_ratio", ratios);
        figures.Add("subs1000_update_per_s", rates);
        figures.Add("subs1000_notified_per_s", told);
    }

    /// <summary>notify_p99_ms: from sending an update to having read its notification, ten subscriptions, 100 updates a second, nothing throttled.</summary>
    public static async Task LatencyAsync(Figures figures, int rounds, TimeSpan time, CancellationToken cancel)
    {
        const int subscriptions = 10;
        using var folder = new BenchFolder();
        await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
        await Loads.EntitiesAsync(hub, 1_000, cancel);
        var sent = new long[1_000_000];
        var latencies = new List<double>();
        await using var receiver = new Receiver(body =>
        {
            var at = body.IndexOf("\"value\":7"u8);
            if (at < 0 || !Utf8Parser.TryParse(body[(at + 9)..], out int number, out _) || sent[number] == 0)
                return;
            var elapsed = Stopwatch.GetElapsedTime(sent[number]).TotalMilliseconds;
            lock (latencies)
                latencies.Add(elapsed);
        });
        for (var i = 0; i < subscriptions; i++)
            await Loads.PostAsync(hub, "/ngsi-ld/v1/subscriptions", $$$$"""{"type":"Subscription","entities":[{"type":"Sensor"}],"watchedAttributes":["speed"],"notification":{"endpoint":{"uri":"{{{{receiver.Address}}}}"},"attributes":["speed"]}}""");
        using var connection = await HttpConnection.OpenAsync(hub.Address);
        var (p50, p99) = (new List<double>(), new List<double>());
        var n = 0;
        for (var round = -1; round < rounds; round++)
        {
            lock (latencies)
                latencies.Clear();
            var (began, first) = (Stopwatch.GetTimestamp(), n);
            while (Stopwatch.GetElapsedTime(began) < (round < 0 ? TimeSpan.FromSeconds(1) : time))
            {
                n++;
                // A digit before the number, so that it is found in the body whatever stands around it.
                var request = HttpLoad.Request("PATCH", $"/ngsi-ld/v1/entities/{Cities.Id(n % 1_000)}/attrs", $"{{\"speed\":{{\"type\":\"Property\",\"value\":7{n:D6}}}}}");
                sent[n] = Stopwatch.GetTimestamp();
                var (status, _) = await connection.AskAsync(request, keepBody: false);
                if (status != 204)
                    throw new InvalidOperationException($"An update is answered with {status}.");
                await Task.Delay(10, cancel);
            }

            var patience = Stopwatch.GetTimestamp();
            int Count()
            {
                lock (latencies)
                    return latencies.Count;
            }

            while (Count() < (n - first) * subscriptions && Stopwatch.GetElapsedTime(patience) < TimeSpan.FromSeconds(10))
                await Task.Delay(20, cancel);
            if (round < 0)
                continue; // the code is warm then
            lock (latencies)
            {
                if (latencies.Count < (n - first) * subscriptions)
                    throw new InvalidOperationException($"Of {(n - first) * subscriptions} notifications {latencies.Count} have come.");
                latencies.Sort();
                p50.Add(latencies[latencies.Count / 2]);
                p99.Add(latencies[(int)(latencies.Count * 0.99)]);
            }
        }

        figures.Add("notify_p99_ms", p99);
        figures.Add("notify_p50_ms", p50);
    }
}
