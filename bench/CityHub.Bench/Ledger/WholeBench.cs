using System.Diagnostics;
using System.Globalization;
using System.Text;
using CityHub.Bench.Broker;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Ledger;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Ledger;

/// <summary>The ledger as its users meet it: a hub, its witnesses, a receipt that is verified elsewhere, an audit; each a process of its own.</summary>
internal static class WholeBench
{
    public const string Witnessed = "witnessed_p99_ms", Receipt = "receipt_cold_ms", Verify = "verify_us", Audit = "audit_10m_s", Shred = "shred_ms";

    /// <summary>From the answer to an update until its receipt carries the cosignatures of three of four witnesses; then that receipt, verified from a cold start.</summary>
    public static async Task WitnessedAsync(Figures figures, int rounds, int receipts, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        var data = Path.Combine(folder.Path, "data");
        await using (await HubProcess.StartAsync(data, cancel))
        {
            // Its key is made at its first start.
        }

        string vkey;
        var logFile = Path.Combine(folder.Path, "log.vkey");
        await using (var hub = await HubProcess.StartAsync(data, cancel))
        {
            using var http = Client(hub);
            vkey = (await http.GetStringAsync("/ledger/policy", cancel)).Split('\n')[0]["log ".Length..];
            await File.WriteAllTextAsync(logFile, vkey + "\n", cancel);
        }

        var witnesses = new List<WitnessProcess>();
        try
        {
            var policy = new StringBuilder();
            for (var i = 1; i <= 4; i++)
            {
                var memory = Path.Combine(folder.Path, $"witness{i}");
                var key = (await Programs.RunAsync(cancel, "witness", "--init", "--name", $"dept{i}.example", "--data", memory)).Said.Split('\n').First(l => l.Contains('+', StringComparison.Ordinal)).Trim();
                var port = Programs.FreePort();
                witnesses.Add(await WitnessProcess.StartAsync(memory, port, logFile, cancel));
                policy.Append(CultureInfo.InvariantCulture, $"witness dept{i} {key} http://127.0.0.1:{port}\n");
            }

            var policyFile = Path.Combine(folder.Path, "policy");
            await File.WriteAllTextAsync(policyFile, policy + "group city 3 dept1 dept2 dept3 dept4\nquorum city\n", cancel);
            await using var hub = await HubProcess.StartAsync(data, cancel, [.. HubProcess.Serve("serve", data), "--set", $"ledger.policy={policyFile}"]);
            await MeasureAsync(figures, hub, folder.Path, rounds, receipts, cancel);
        }
        finally
        {
            foreach (var witness in witnesses)
                await witness.DisposeAsync();
        }
    }

    /// <summary>Facts of 256 bytes, their leaves, and an audit of it all.</summary>
    public static async Task AuditAsync(Figures figures, long facts, CancellationToken cancel)
    {
        using var folder = new BenchFolder();
        await using (await HubProcess.StartAsync(folder.Path, cancel))
        {
            // Keys, and the acts of a start and a stop.
        }

        await FillAsync(folder.Path, facts, cancel);
        var began = Stopwatch.GetTimestamp();
        await using (var hub = await HubProcess.StartAsync(folder.Path, cancel))
        {
            using var http = Client(hub);
            while (true)
            {
                using var state = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync("/ledger", cancel));
                if (state.RootElement.GetProperty("behind").GetInt64() == 0)
                    break;
                await Task.Delay(50, cancel);
            }
        }

        figures.Add("catch_up_leaves_per_s", [facts / Stopwatch.GetElapsedTime(began).TotalSeconds]);
        var (_, took) = await Programs.RunAsync(cancel, "audit", "--data", folder.Path);
        figures.Say("audit_facts", facts);
        figures.Add(Audit, [took.TotalSeconds * 10_000_000 / facts]);
    }

    /// <summary>One of a hundred persons with 10,000 acts each is forgotten: from the call until nothing of him is left on the disk.</summary>
    public static async Task ShredAsync(Figures figures, int rounds, CancellationToken cancel)
    {
        const int persons = 100, acts = 10_000, together = 1_000;
        using var folder = new BenchFolder();
        await using var store = EmbeddedStore.Open(folder.Path, TimeProvider.System).Value;
        var subjects = Enumerable.Range(0, persons).Select(i => new ActSubject(string.Create(CultureInfo.InvariantCulture, $"person {i}"), """{"field":"income"}"""u8.ToArray())).ToArray();
        for (var n = 0; n < acts; n += together)
        {
            await Task.WhenAll(Enumerable.Range(0, together).Select(async _ =>
            {
                if ((await store.Acts.RecordAsync(new Act("DataAccessed", """{"office":"health"}"""u8.ToArray()) { Subjects = subjects }, cancel)).Problem is { } refused)
                    throw new InvalidOperationException(refused.Detail);
            }));
        }

        _ = store.Acts.Of(subjects[0].Id).Count();
        var took = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            if (!(await store.Acts.ForgetAsync(subjects[round].Id, cancel)).Value)
                throw new InvalidOperationException("Nobody was forgotten.");
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        figures.Add(Shred, took);
    }

    private static async Task MeasureAsync(Figures figures, HubProcess hub, string folder, int rounds, int receipts, CancellationToken cancel)
    {
        using var http = Client(hub);
        using var create = Json("""{"id":"urn:ngsi-ld:Lamp:1","type":"Lamp","power":{"type":"Property","value":0}}""");
        (await http.PostAsync("/ngsi-ld/v1/entities", create, cancel)).EnsureSuccessStatusCode();
        var (p50, p99, cold) = (new List<double>(), new List<double>(), new List<double>());
        var receipt = "";
        for (var round = 0; round < rounds; round++)
        {
            var waits = new List<double>();
            for (var i = 0; i < receipts; i++)
            {
                using var patch = Json($$$"""{"power":{"type":"Property","value":{{{(round * receipts) + i + 1}}}}}""");
                (await http.PatchAsync("/ngsi-ld/v1/entities/urn:ngsi-ld:Lamp:1/attrs", patch, cancel)).EnsureSuccessStatusCode();
                var answered = Stopwatch.GetTimestamp();
                using var state = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync("/status", cancel));
                var position = state.RootElement.GetProperty("figures").GetProperty("facts").GetInt64();
                receipt = await http.GetStringAsync(string.Create(CultureInfo.InvariantCulture, $"/ledger/receipts/{position}"), cancel);
                waits.Add(Stopwatch.GetElapsedTime(answered).TotalMilliseconds);
            }

            waits.Sort();
            p50.Add(waits[waits.Count / 2]);
            p99.Add(waits[(int)(waits.Count * 0.99)]);
        }

        var policy = await http.GetStringAsync("/ledger/policy", cancel);
        var (receiptFile, policyFile) = (Path.Combine(folder, "1.tlog-proof"), Path.Combine(folder, "published.policy"));
        await File.WriteAllTextAsync(receiptFile, receipt, cancel);
        await File.WriteAllTextAsync(policyFile, policy, cancel);
        for (var round = 0; round < rounds; round++)
            cold.Add((await Programs.RunAsync(cancel, "verify", receiptFile, "--policy", policyFile)).Took.TotalMilliseconds);
        figures.Add("witnessed_p50_ms", p50);
        figures.Add(Witnessed, p99);
        figures.Add("receipt_bytes", [receipt.Length]);
        figures.Add(Receipt, cold);
        figures.Add("verify_quorum_us", [.. Enumerable.Range(0, rounds).Select(_ => VerifyUs(LogProof.Parse(Encoding.UTF8.GetBytes(receipt)), WitnessPolicy.Parse(policy)))]);
    }

    /// <summary>One verification on one core: leaf, path, every signature of the checkpoint.</summary>
    public static double VerifyUs(LogProof receipt, WitnessPolicy policy)
    {
        const int times = 2_000;
        for (var i = 0; i < times / 10; i++)
            Check();
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < times; i++)
            Check();
        return Stopwatch.GetElapsedTime(began).TotalMicroseconds / times;

        void Check()
        {
            var verdict = receipt.VerifyEntry(receipt.Extra ?? [], policy);
            if (!verdict.Accepted)
                throw new InvalidOperationException(verdict.Why);
        }
    }

    private static async Task FillAsync(string folder, long facts, CancellationToken cancel)
    {
        const int group = 4_096;
        await using var store = EmbeddedStore.Open(folder, TimeProvider.System).Value;
        var under = new Queue<Task>();
        for (long n = 0; n < facts; n += group)
        {
            var batch = new NewFact[Math.Min(group, facts - n)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = new NewFact("Measured", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"n\":{n + i},\"text\":\"{new string('m', 230)}\"}}")));
            under.Enqueue(Task.Run(async () =>
            {
                if ((await store.Log.AppendAsync(new Append("measurements", batch, TimeProvider.System.GetUtcNow()), cancel)).Problem is { } refused)
                    throw new InvalidOperationException(refused.Detail);
            }, cancel));
            while (under.Count > 8)
                await under.Dequeue();
        }

        await Task.WhenAll(under);
    }

    private static HttpClient Client(HubProcess hub) => new() { BaseAddress = new Uri($"http://{hub.Address}") };

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
