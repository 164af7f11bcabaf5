using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Bench.Broker;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Bench.Kill;

/// <summary>
/// What a stranger sees of a hub's ledger through all its lives: every checkpoint that he was shown stays true, no size has two roots, every acknowledged fact has a
/// receipt, and the audit of what a kill has left finds nothing.
/// </summary>
internal sealed class LedgerWatch
{
    private readonly ConcurrentDictionary<(string Origin, long Size), byte[]> _seen = new();
    private readonly ConcurrentQueue<string> _wrong = new();

    public int Seen => _seen.Count;

    /// <summary>Looks at the newest checkpoint again and again, until the hub dies.</summary>
    public async Task LookAsync(HttpConnection hub, int n)
    {
        var (status, body) = await hub.AskAsync(HttpLoad.Request("GET", n % 2 == 0 ? "/ledger/checkpoint" : "/ledger/sm3/checkpoint"));
        if (status == 200)
            See(Checkpoint.Parse(SignedNote.Parse(body).Text));
        await Task.Delay(5);
    }

    /// <summary>On a hub that lives: the newest fact has a receipt, so all before it have leaves.</summary>
    public static async Task<string?> ReceiptAsync(HttpConnection hub)
    {
        var (_, status) = await hub.AskAsync(HttpLoad.Request("GET", "/status"));
        using var json = JsonDocument.Parse(status);
        var facts = json.RootElement.GetProperty("figures").GetProperty("facts").GetInt64();
        var (code, body) = await hub.AskAsync(HttpLoad.Request("GET", string.Create(CultureInfo.InvariantCulture, $"/ledger/receipts/{facts}")));
        if (code != 200)
            return $"no receipt for fact {facts}: {Encoding.UTF8.GetString(body)}";
        var (_, policy) = await hub.AskAsync(HttpLoad.Request("GET", "/ledger/policy"));
        var receipt = LogProof.Parse(body);
        var verdict = receipt.VerifyEntry(receipt.Extra ?? [], WitnessPolicy.Parse(policy));
        return verdict.Accepted ? null : $"the receipt of fact {facts} is not good: {verdict.Why}";
    }

    /// <summary>After the kill, on the files alone.</summary>
    public async Task<IReadOnlyList<string>> InspectAsync(string folder, ProcessStartInfo audit, CancellationToken cancel)
    {
        using (var process = Process.Start(audit) ?? throw new InvalidOperationException("The audit did not start."))
        {
            var errors = process.StandardError.ReadToEndAsync(cancel);
            var said = await process.StandardOutput.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode != 0)
                _wrong.Enqueue($"the audit ends with {process.ExitCode}: {said}{await errors}");
        }

        foreach (var (sub, hash) in new[] { ("", HashFunctions.Sha256), ("sm3", HashFunctions.Sm3) })
        {
            var files = Path.Combine(folder, "ledger", sub);
            if (!File.Exists(Path.Combine(files, "checkpoint")))
                continue;
            var newest = Checkpoint.Parse(SignedNote.Parse(await File.ReadAllBytesAsync(Path.Combine(files, "checkpoint"), cancel)).Text);
            See(newest);
            var tree = new TileTree(hash, new FolderTileSource(files), newest.Size, newest.Root);
            foreach (var ((origin, size), root) in _seen)
            {
                if (origin != newest.Origin)
                    continue;
                if (size > newest.Size)
                    _wrong.Enqueue($"a checkpoint of {size} entries was shown, and the log has {newest.Size}");
                else if (!tree.Root(size).AsSpan().SequenceEqual(root))
                    _wrong.Enqueue($"the checkpoint of {size} entries that was shown is not of this log any more");
            }
        }

        var all = new List<string>();
        while (_wrong.TryDequeue(out var one))
            all.Add(one);
        return all;
    }

    private void See(Checkpoint checkpoint)
    {
        var root = _seen.GetOrAdd((checkpoint.Origin, checkpoint.Size), checkpoint.Root);
        if (!root.AsSpan().SequenceEqual(checkpoint.Root))
            _wrong.Enqueue($"two roots for size {checkpoint.Size}");
    }
}
