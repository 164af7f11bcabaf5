using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CityHub.Bench.Broker;
using CityHub.Ledger;

namespace CityHub.Bench.Kill;

/// <summary>
/// The whole hub over HTTP. What it acknowledges has a number of its own, told once: creations, updates, batches, recorded history and deletions. The next
/// start is asked for all of it, and killed in its turn.
/// </summary>
/// <param name="file">The hub's executable, or the runtime that runs it.</param>
/// <param name="arguments">What comes before the verb.</param>
public sealed class HubTarget(string file, IReadOnlyList<string> arguments) : IKillTarget
{
    private const int Writers = 3;
    private const int BatchSize = 20;

    /// <summary>How long a start may take on a busy machine before it counts as a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DateTime Epoch = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>What was acknowledged as deleted on each folder: it is present when it is not there.</summary>
    private readonly ConcurrentDictionary<string, ConcurrentBag<string>> _deleted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, string> _folders = new();

    /// <summary>What was seen of the ledger of each folder.</summary>
    private readonly ConcurrentDictionary<string, LedgerWatch> _ledgers = new(StringComparer.Ordinal);

    /// <summary>Checkpoints that were seen and held against what is there.</summary>
    public int CheckpointsSeen => _ledgers.Values.Sum(l => l.Seen);

    public ProcessStartInfo Start(string folder, int run)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (IEnumerable<string>)[.. arguments, "serve", "--open", "--urls", "http://127.0.0.1:0", "--mqtt", "off", "--data", folder, "--set", "limits.temporalInstances=10000000", "--set", "ledger.suites=gm+intl", "--set", "ledger.every=20ms"])
            start.ArgumentList.Add(argument);
        _folders[run] = folder;
        return start;
    }

    public async Task LoadAsync(Process child, int run, Acknowledged acknowledged, Action ready, CancellationToken cancel)
    {
        var errors = child.StandardError.ReadToEndAsync(cancel);
        if (await AddressAsync(child, cancel) is not { } address)
            return; // killed before it was ready
        var deleted = _deleted.GetOrAdd(_folders[run], static _ => []);
        var clients = new List<Task> { Client(address, _ledgers.GetOrAdd(_folders[run], static _ => new LedgerWatch()).LookAsync, static () => { }) };
        for (var writer = 0; writer < Writers; writer++)
        {
            var load = new HubLoad(run, writer, acknowledged, deleted);
            clients.AddRange([Client(address, load.CreateAsync, ready), Client(address, load.UpdateAsync, ready), Client(address, load.BatchAsync, ready), Client(address, load.RecordAsync, ready), Client(address, load.DeleteAsync, ready)]);
        }

        await Task.WhenAll(clients);
        await errors;
    }

    public async Task<IReadOnlyList<string>> InspectAsync(string folder, Action<string> present, CancellationToken cancel)
    {
        if (!Directory.Exists(folder))
            return []; // killed before it had made it
        using var hub = Process.Start(Start(folder, run: -1)) ?? throw new InvalidOperationException("The hub did not start.");
        var errors = hub.StandardError.ReadToEndAsync(cancel);
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Patience);
            if (await AddressAsync(hub, patience.Token) is not { } address)
                return [$"the hub does not start any more: {await errors}"];
            var wrong = new List<string>();
            using var connection = await HttpConnection.OpenAsync(address);
            await new HubInspection(connection, wrong, Writers, BatchSize).RunAsync(present, _deleted.GetValueOrDefault(folder) ?? []);
            if (await LedgerWatch.ReceiptAsync(connection) is { } missing)
                wrong.Add(missing);
            hub.Kill();
            await hub.WaitForExitAsync(cancel);
            var audit = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
            foreach (var argument in (IEnumerable<string>)[.. arguments, "audit", "--data", folder])
                audit.ArgumentList.Add(argument);
            wrong.AddRange(await _ledgers.GetOrAdd(folder, static _ => new LedgerWatch()).InspectAsync(folder, audit, cancel));
            return wrong;
        }
        catch (Exception failure) when (failure is IOException or SocketException or InvalidOperationException or LedgerException or FormatException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return [$"the hub could not be asked: {failure.Message}"];
        }
        finally
        {
            // Again without a good-bye: the next life starts on what this one left, too.
            if (!hub.HasExited)
                hub.Kill();
            await hub.WaitForExitAsync(cancel);
        }
    }

    /// <summary>Where it says that it listens; null when it ended before.</summary>
    internal static async Task<IPEndPoint?> AddressAsync(Process hub, CancellationToken cancel)
    {
        while (await hub.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            var at = line.IndexOf("http://", StringComparison.Ordinal);
            if (line.Contains("ready", StringComparison.Ordinal) && at >= 0)
                return new IPEndPoint(IPAddress.Loopback, new Uri(line[at..].Split(' ')[0]).Port);
        }

        return null;
    }

    /// <param name="answered">The load runs when there are answers: the first takes its time where the hub is compiled as it goes.</param>
    private static async Task Client(IPEndPoint address, Func<HttpConnection, int, Task> one, Action answered)
    {
        try
        {
            using var connection = await HttpConnection.OpenAsync(address);
            for (var n = 0; ; n++)
            {
                await one(connection, n);
                answered();
            }
        }
        catch (Exception killed) when (killed is IOException or SocketException)
        {
            // The kill: whatever was under way has no answer.
        }
    }

    /// <summary>What one writer does in one life. A number is never sent twice.</summary>
    private sealed class HubLoad(int run, int writer, Acknowledged acknowledged, ConcurrentBag<string> deleted)
    {
        public async Task CreateAsync(HttpConnection hub, int n)
        {
            var id = Text($"{run}-{writer}-{n}");
            if (await AskAsync(hub, "POST", "/ngsi-ld/v1/entities", Text($$$"""{"id":"urn:kill:created:{{{id}}}","type":"KillCreated","n":{"type":"Property","value":{{{n}}}}}""")) == 201)
                acknowledged.Add($"c:{id}");
        }

        /// <summary>An entity that lives through all lives: each value must be in its history once.</summary>
        public async Task UpdateAsync(HttpConnection hub, int n)
        {
            var value = Value(n);
            var body = n == 0
                ? Text($$"""[{"id":"urn:kill:updated:{{writer}}","type":"KillUpdated","n":{{Instance(value)}}}]""")
                : Text($$"""{"n":{{Instance(value)}}}""");
            var status = n == 0
                ? await AskAsync(hub, "POST", "/ngsi-ld/v1/entityOperations/upsert?options=update", body)
                : await AskAsync(hub, "PATCH", $"/ngsi-ld/v1/entities/urn:kill:updated:{writer}/attrs", body);
            if (status is 201 or 204)
                acknowledged.Add(Text($"u:{writer}:{value}"));
        }

        public async Task BatchAsync(HttpConnection hub, int n)
        {
            var value = Value(n);
            var batch = string.Join(',', Enumerable.Range(0, BatchSize).Select(i => Text($$"""{"id":"urn:kill:batch:{{writer}}:{{i}}","type":"KillBatch","n":{{Instance(value)}}}""")));
            if (await AskAsync(hub, "POST", "/ngsi-ld/v1/entityOperations/upsert?options=update", $"[{batch}]") is 201 or 204)
                for (var i = 0; i < BatchSize; i++)
                    acknowledged.Add(Text($"b:{writer}:{i}:{value}"));
        }

        public async Task RecordAsync(HttpConnection hub, int n)
        {
            var (first, second) = (Value(2 * n), Value(2 * n + 1));
            var instances = $"[{Instance(first)},{Instance(second)}]";
            var status = n == 0
                ? await AskAsync(hub, "POST", "/ngsi-ld/v1/temporal/entities", $$"""{"id":"urn:kill:recorded:{{writer}}","type":"KillRecorded","n":{{instances}}}""")
                : await AskAsync(hub, "POST", $"/ngsi-ld/v1/temporal/entities/urn:kill:recorded:{writer}/attrs", $$"""{"n":{{instances}}}""");
            if (status is not (201 or 204))
                return;
            acknowledged.Add(Text($"t:{writer}:{first}"));
            acknowledged.Add(Text($"t:{writer}:{second}"));
        }

        /// <summary>Created, then deleted: acknowledged as gone when both were.</summary>
        public async Task DeleteAsync(HttpConnection hub, int n)
        {
            var id = Text($"{run}-{writer}-{n}");
            if (await AskAsync(hub, "POST", "/ngsi-ld/v1/entities", Text($$$"""{"id":"urn:kill:deleted:{{{id}}}","type":"KillDeleted","n":{"type":"Property","value":{{{n}}}}}""")) == 201 &&
                await AskAsync(hub, "DELETE", $"/ngsi-ld/v1/entities/urn:kill:deleted:{id}", null) == 204)
            {
                deleted.Add(id);
                acknowledged.Add($"d:{id}");
            }
        }

        /// <summary>Rises through all lives; it is also the second at which it was observed.</summary>
        private long Value(int n) => run * 1_000_000L + n + 1;

        private static string Instance(long value) => Text($$"""{"type":"Property","value":{{value}},"observedAt":"{{Epoch.AddSeconds(value):yyyy-MM-dd'T'HH:mm:ss}}Z"}""");

        private static async Task<int> AskAsync(HttpConnection hub, string method, string path, string? body)
        {
            var (status, answer) = await hub.AskAsync(HttpLoad.Request(method, path, body));
            return status < 500 ? status : throw new InvalidOperationException($"{method} {path} answers {status}: {System.Text.Encoding.UTF8.GetString(answer)}");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
