using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace CityHub.Bench.Broker;

/// <summary>
/// The figures of the broker, over real sockets against a hub in a process of its own with every acknowledged write fsync'd. Each is the median of
/// five rounds with the least and the most beside it.
/// </summary>
public static class BrokerBench
{
    private const int Connections = 32;

    /// <param name="only">Measure only the figures whose key contains this.</param>
    public static async Task<int> RunAsync(string? json, bool quick, string? only, TextWriter output, CancellationToken cancel)
    {
        var rounds = quick ? 3 : 5;
        var time = TimeSpan.FromSeconds(quick ? 1 : 5);
        var figures = new Figures(output);
        figures.Say("cores", Environment.ProcessorCount);
        figures.Say("ahead_of_time", System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeCompiled ? 0 : 1);
        figures.Say("rounds", rounds);
        var failed = 0;
        if (only is null || only.StartsWith("limit", StringComparison.Ordinal) || only.StartsWith("fsync", StringComparison.Ordinal))
            await Section(() => LimitsAsync(figures, rounds, time, cancel));
        if (Wanted(only, "ready_ms", "idle_mb"))
            await Section(() => StartAsync(figures, rounds, cancel));
        if (Wanted(only, "update_per_s", "update_p99_ms", "batch_entities_per_s", "get_per_s", "query10k_per_s"))
            await Section(() => SmallAsync(figures, rounds, time, only, cancel));
        if (Wanted(only, "query100k_per_s"))
            await Section(() => QueryAsync(figures, "query100k_per_s", 100_000, rounds, time, cancel));
        if (Wanted(only, "subs1000_ratio"))
            await Section(() => SubscriptionBench.RatioAsync(figures, rounds, time, cancel));
        if (Wanted(only, "notify_p99_ms"))
            await Section(() => SubscriptionBench.LatencyAsync(figures, rounds, time, cancel));
        if (Wanted(only, "mqtt_qos1_per_s"))
            await Section(() => MqttAsync(figures, rounds, time, cancel));
        if (Wanted(only, "temporal_points_per_s", "aggregate10k_ms", "aggregate10m_ms"))
            await Section(() => HistoryAsync(figures, quick ? 1_000_000 : 10_000_000, rounds, cancel));
        if (Wanted(only, "geo1m_per_s", "start1m_s", "rss1m_mb"))
            await Section(() => MillionAsync(figures, quick ? 200_000 : 1_000_000, rounds, time, cancel));
        if (json is null)
            output.WriteLine(figures.ToJson());
        return failed == 0 ? 0 : 1;

        // What was measured is kept whatever comes after.
        async Task Section(Func<Task> measure)
        {
            try
            {
                await measure();
            }
            catch (Exception failure) when (failure is InvalidOperationException or IOException or System.Net.Sockets.SocketException)
            {
                failed++;
                output.WriteLine($"NOT MEASURED: {failure.Message}");
            }

            if (json is not null)
                await File.WriteAllTextAsync(json, figures.ToJson(), cancel);
        }
    }

    /// <summary>What the figures run against, measured in the same run: the disk alone, the web server alone, SQLite alone.</summary>
    private static async Task LimitsAsync(Figures figures, int rounds, TimeSpan time, CancellationToken cancel)
    {
        figures.Add("fsync_per_s", Repeat(rounds, () => Disk.FsyncsPerSecond(TimeSpan.FromSeconds(1))));
        figures.Add("limit_sqlite_rows_per_s", Repeat(rounds, Disk.SqliteRowsPerSecond));
        using var folder = new BenchFolder();
        await using var bare = await HubProcess.StartAsync(folder.Path, cancel, [BareServer.Verb]);
        var post = HttpLoad.Request("POST", "/", "{\"speed\":{\"type\":\"Property\",\"value\":21.5,\"unitCode\":\"KMH\"}}");
        figures.Add("limit_kestrel_post_per_s", await RepeatAsync(rounds, async () => Check(await HttpLoad.RunAsync(bare.Address, Connections, time, (_, _) => post))));
    }

    private static bool Wanted(string? only, params ReadOnlySpan<string> keys)
    {
        if (only is null)
            return true;
        foreach (var key in keys)
            if (key.Contains(only, StringComparison.Ordinal))
                return true;
        return false;
    }

    private static List<double> Repeat(int rounds, Func<double> measure) => [.. Enumerable.Range(0, rounds).Select(_ => measure())];

    private static async Task<List<double>> RepeatAsync(int rounds, Func<Task<double>> measure)
    {
        var values = new List<double>(rounds);
        for (var i = 0; i < rounds; i++)
            values.Add(await measure());
        return values;
    }

    private static async Task StartAsync(Figures figures, int rounds, CancellationToken cancel)
    {
        var (ready, idle) = (new List<double>(), new List<double>());
        for (var i = 0; i < rounds; i++)
        {
            using var folder = new BenchFolder();
            await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
            ready.Add(hub.ReadyMs);
            await Task.Delay(2_000, cancel);
            idle.Add(hub.ResidentMb());
        }

        figures.Add("ready_ms", ready);
        figures.Add("idle_mb", idle);
    }

    private static async Task SmallAsync(Figures figures, int rounds, TimeSpan time, string? only, CancellationToken cancel)
    {
        const int count = 10_000;
        using var folder = new BenchFolder();
        await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
        await Loads.EntitiesAsync(hub, count, cancel);
        if (Wanted(only, "update_per_s", "update_p99_ms"))
        {
            var latencies = new List<double>();
            figures.Add("update_per_s", await RepeatAsync(rounds, async () =>
            {
                var result = await Loads.UpdateAsync(hub, count, time);
                latencies.Add(result.P99);
                return result.PerSecond;
            }));
            figures.Add("update_p99_ms", latencies);
        }

        if (Wanted(only, "batch_entities_per_s"))
        {
            var processor = new List<double>();
            var at = 0;
            figures.Add("batch_entities_per_s", await RepeatAsync(rounds, async () =>
            {
                // Every round carries other values than the one before.
                at++;
                var batches = Enumerable.Range(0, 100).Select(b => HttpLoad.Request("POST", "/ngsi-ld/v1/entityOperations/upsert?options=update", Cities.Readings(b * 100, 100, at))).ToArray();
                var used = hub.ProcessorTime();
                var result = await HttpLoad.RunAsync(hub.Address, 8, time, (c, n) => batches[(c * 13 + n) % batches.Length]);
                Check(result);
                processor.Add((hub.ProcessorTime() - used).TotalMicroseconds / (result.PerSecond * 100 * result.Seconds));
                return result.PerSecond * 100;
            }));
            figures.Add("batch_entity_cpu_us", processor);
        }

        if (Wanted(only, "get_per_s"))
        {
            var gets = Enumerable.Range(0, count).Select(i => HttpLoad.Request("GET", $"/ngsi-ld/v1/entities/{Cities.Id(i)}")).ToArray();
            figures.Add("get_per_s", await RepeatAsync(rounds, async () => Check(await HttpLoad.RunAsync(hub.Address, Connections, time, (c, n) => gets[(c * 7919 + n) % count]))));
        }

        if (Wanted(only, "query10k_per_s"))
            figures.Add("query10k_per_s", await QueriesAsync(hub, rounds, time));
    }

    private static async Task QueryAsync(Figures figures, string key, int count, int rounds, TimeSpan time, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
        await Loads.EntitiesAsync(hub, count, cancel);
        figures.Add(key, await QueriesAsync(hub, rounds, time));
    }

    private static Task<List<double>> QueriesAsync(HubProcess hub, int rounds, TimeSpan time)
    {
        // Selective (about 1 in 200) and not, in turn.
        var queries = Enumerable.Range(0, 100).Select(i => HttpLoad.Request("GET", $"/ngsi-ld/v1/entities?type=Sensor&limit=20&q=speed{(i % 2 == 0 ? "==" : "%3E")}{i}.5")).ToArray();
        return RepeatAsync(rounds, async () => Check(await HttpLoad.RunAsync(hub.Address, Connections, time, (c, n) => queries[(c + n) % queries.Length])));
    }

    /// <summary>Two hundred devices, each with sixteen publishes in flight: what a client library does that does not wait for each acknowledgement.</summary>
    private static async Task MqttAsync(Figures figures, int rounds, TimeSpan time, CancellationToken cancel)
    {
        const int clients = 200;
        using var folder = new BenchFolder();
        await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
        await Loads.SendAsync(hub, "PUT", "/mappings/bench", "{\"type\":\"AirQualityObserved\",\"entity\":\"urn:ngsi-ld:AirQualityObserved:{device}\",\"attributes\":[{\"name\":\"NO2\",\"unit\":\"GQ\"},{\"name\":\"PM10\",\"unit\":\"GQ\"},{\"name\":\"battery\",\"unit\":\"P1\"}]}");
        for (var i = 0; i < clients; i++)
            await Loads.SendAsync(hub, "POST", "/devices", $"{{\"id\":\"{Device(i)}\",\"kind\":\"air\",\"mapping\":\"bench\",\"period\":\"PT1M\"}}");
        await MqttLoad.RunAsync(hub.Mqtt, clients, 16, TimeSpan.FromSeconds(1), Device); // the code is warm then
        var (latencies, alone) = (new List<double>(), new List<double>());
        figures.Add("mqtt_qos1_per_s", await RepeatAsync(rounds, async () =>
        {
            var result = await MqttLoad.RunAsync(hub.Mqtt, clients, 16, time, Device);
            latencies.Add(result.P99);
            return Check(result);
        }));
        figures.Add("mqtt_qos1_p99_ms", latencies);
        for (var i = 0; i < rounds; i++)
            alone.Add(Check(await MqttLoad.RunAsync(hub.Mqtt, clients, 1, time, Device)));
        figures.Add("mqtt_qos1_window1_per_s", alone);

        static string Device(int i) => string.Create(CultureInfo.InvariantCulture, $"bench-{i:D4}");
    }

    private static async Task HistoryAsync(Figures figures, int total, int rounds, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
        var id = "urn:ngsi-ld:Sensor:history";
        var start = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await Loads.PostAsync(hub, "/ngsi-ld/v1/temporal/entities", $"{{\"id\":\"{id}\",\"type\":\"Sensor\",\"level\":[{{\"type\":\"Property\",\"value\":1,\"observedAt\":\"2025-12-31T23:59:59Z\"}}]}}");
        const int perRequest = 1_000;
        var small = 10_000;
        for (var i = 0; i < small; i += perRequest)
            await Loads.PostAsync(hub, $"/ngsi-ld/v1/temporal/entities/{id}/attrs", Points("level", start, i, perRequest));
        var path = $"/ngsi-ld/v1/temporal/entities/{id}?attrs=level&options=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=PT5M&timerel=after&timeAt=2026-01-01T00:00:00Z";
        figures.Add("aggregate10k_ms", await RepeatAsync(rounds, () => LatencyAsync(hub, path)));

        var next = 0;
        var rates = new List<double>();
        var watch = Stopwatch.StartNew();
        var share = total / rounds;
        for (var round = 0; round < rounds; round++)
        {
            watch.Restart();
            var until = (round + 1) * share;
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                for (var at = Interlocked.Add(ref next, perRequest) - perRequest; at < until; at = Interlocked.Add(ref next, perRequest) - perRequest)
                    await Loads.PostAsync(hub, $"/ngsi-ld/v1/temporal/entities/{id}/attrs", Points("flow", start, at, perRequest));
            }));
            rates.Add(share / watch.Elapsed.TotalSeconds);
        }

        figures.Add("temporal_points_per_s", rates);
        path = $"/ngsi-ld/v1/temporal/entities/{id}?attrs=flow&options=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=PT1H&timerel=after&timeAt=2026-01-01T00:00:00Z";
        figures.Say("aggregate10m_points", total);
        figures.Add("aggregate10m_ms", await RepeatAsync(rounds, () => LatencyAsync(hub, path)));
    }

    private static async Task MillionAsync(Figures figures, int count, int rounds, TimeSpan time, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        figures.Say("million_entities", count);
        await using (var hub = await HubProcess.StartAsync(folder.Path, cancel))
        {
            await Loads.EntitiesAsync(hub, count, cancel);
            var queries = Enumerable.Range(0, 256).Select(i => HttpLoad.Request(
                "GET", string.Create(CultureInfo.InvariantCulture, $"/ngsi-ld/v1/entities?type=Sensor&limit=20&georel=near;maxDistance==500&geometry=Point&coordinates=%5B{106 + (i % 16) * 0.06:F3},{29 + (i / 16) * 0.06:F3}%5D"))).ToArray();
            figures.Add("geo1m_per_s", await RepeatAsync(rounds, async () => Check(await HttpLoad.RunAsync(hub.Address, Connections, time, (c, n) => queries[(c * 31 + n) % queries.Length]))));
        }

        var (starts, memory) = (new List<double>(), new List<double>());
        for (var i = 0; i < rounds; i++)
        {
            await using var hub = await HubProcess.StartAsync(folder.Path, cancel);
            starts.Add(hub.ReadyMs / 1000);
            memory.Add(hub.ResidentMb());
        }

        figures.Add("start1m_s", starts);
        figures.Add("rss1m_mb", memory);
    }

    private static async Task<double> LatencyAsync(HubProcess hub, string path)
    {
        var request = HttpLoad.Request("GET", path);
        await HttpLoad.OnceAsync(hub.Address, request);
        var began = Stopwatch.GetTimestamp();
        var (status, body) = await HttpLoad.OnceAsync(hub.Address, request);
        var elapsed = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return status == 200 ? elapsed : throw new InvalidOperationException($"{path} answers {status}: {Encoding.UTF8.GetString(body)}");
    }

    private static string Points(string attribute, DateTime start, int from, int count)
    {
        var text = new StringBuilder("{\"").Append(attribute).Append("\":[");
        for (var i = from; i < from + count; i++)
        {
            if (i > from)
                text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{{\"type\":\"Property\",\"value\":{20 + i % 100 * 0.1:F1},\"observedAt\":\"{start.AddSeconds(i):yyyy-MM-dd'T'HH:mm:ss}Z\"}}");
        }

        return text.Append("]}").ToString();
    }

    private static double Check(LoadResult result) =>
        result.Failed == 0 ? result.PerSecond : throw new InvalidOperationException($"{result.Failed} requests were refused.");
}
