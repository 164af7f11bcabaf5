using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Core.Facts;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Sharing.Deliveries;
using CityHub.Storage.Embedded;
using CityHub.Storage.Ledger;

namespace CityHub.Server.Ledger;

/// <summary>One question of an audit and its answer.</summary>
/// <param name="Divergence">The first thing that is wrong; null where nothing is.</param>
/// <param name="Found">What was looked at, in a few words.</param>
internal sealed record AuditStep(string Name, string Found, string? Divergence);

/// <summary>
/// Replays everything of a data folder: each fact against its leaf, the leaves against the trees, the trees against every checkpoint that is known, the
/// rows of tables and the views against the facts, and the acts of administrators against what they left behind. It changes nothing, and ends with the first step that does not check.
/// </summary>
internal sealed class HubAudit(EmbeddedStore store, TimeProvider time)
{
    private readonly string _folder = Path.Combine(store.Folder, LedgerRoom.FolderName);

    public IEnumerable<AuditStep> Run(IProgress<long>? progress, CancellationToken cancel)
    {
        var steps = new (string Name, Func<AuditStep> Look)[]
        {
            // First, so that what the other steps read in facts is what was recorded.
            ("log and ledger", () => Leaves(progress, cancel)),
            ("trees and checkpoints", () => Trees(cancel)),
            ("keys", KeyFiles),
            ("acts of administrators", Runs),
            ("acts by person", ActsView),
            ("tables", () => Tables(cancel)),
            ("entities", () => Entities(cancel)),
        };
        foreach (var (name, look) in steps)
        {
            AuditStep result;
            try
            {
                result = look();
            }
            catch (Exception e) when (e is LedgerException or StorageException or FormatException or JsonException or KeyNotFoundException or InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                result = new AuditStep(name, "", e is StorageException damage ? damage.Problem.Detail : e.Message);
            }

            yield return result;
            if (result.Divergence is not null)
                yield break;
        }
    }

    /// <summary>By its folder: the keys that say so are facts, which the first step has yet to look at.</summary>
    private List<LogTree> TreesInFolder() =>
        Directory.Exists(Path.Combine(_folder, LogTree.Chinese("").Folder)) ? [LogTree.International(""), LogTree.Chinese("")] : [LogTree.International("")];

    private AuditStep Leaves(IProgress<long>? progress, CancellationToken cancel)
    {
        var trees = TreesInFolder();
        var head = LedgerHead.Of(_folder, trees);
        var found = new FactAudit(store.Log, _folder, [.. trees.Select(t => t.Hash)]).Run(head.Size, progress, cancel);
        return new AuditStep(
            "log and ledger", $"{head.Size} facts, each with its leaf; {store.Log.Head - head.Size} wait for the next checkpoint",
            found is null ? null : $"fact {found.Position}: {found.What}");
    }

    private AuditStep Trees(CancellationToken cancel)
    {
        var keys = LedgerKeys.Read(store.Log).Select(k => VerifierKey.Parse(k.Vkey)).ToList();
        if (keys.Find(k => k.Hash == HashFunctions.Sha256) is not { } first)
            return new AuditStep("keys", "no key of a ledger", "the log has introduced no key: this folder has no ledger");
        var trees = new List<LogTree> { LogTree.International(first.Name) };
        if (keys.Find(k => k.Hash == HashFunctions.Sm3) is { } gm)
            trees.Add(LogTree.Chinese(gm.Name));
        var notes = Notes().ToList();
        var known = new List<CheckedTree>();
        foreach (var tree in trees)
        {
            List<VerifierKey> signers = [.. keys.Where(k => k.Name == tree.Origin && k.Hash == tree.Hash)];
            var checkpoints = new List<Checkpoint>();
            foreach (var (from, note) in notes)
            {
                var checkpoint = Checkpoint.Parse(note.Text);
                if (checkpoint.Origin != tree.Origin)
                    continue;
                if (!note.TryVerify(signers, out _, out var why))
                    return new AuditStep("trees and checkpoints", $"{notes.Count} checkpoints", $"{from}: {why}");
                checkpoints.Add(checkpoint);
            }

            known.Add(new CheckedTree(tree, signers, checkpoints));
        }

        var report = LogCheck.Run(_folder, known, cancel: cancel);
        return new AuditStep("trees and checkpoints", $"{trees.Count} trees over {report.Entries} entries, {notes.Count} checkpoints that were shown, bound, anchored or witnessed", report.First?.ToString());
    }

    /// <summary>Every checkpoint that left a trace: witnessed, anchored, bound into the log.</summary>
    private IEnumerable<(string From, SignedNote Note)> Notes()
    {
        var files = new List<string>();
        if (File.Exists(Path.Combine(_folder, Witnesses.FileName)))
            files.Add(Path.Combine(_folder, Witnesses.FileName));
        var anchors = Path.Combine(_folder, LedgerBookkeeper.AnchorFolder);
        if (Directory.Exists(anchors))
            files.AddRange(Directory.EnumerateFiles(anchors, "*.checkpoint").Order(StringComparer.Ordinal));
        foreach (var file in files)
            yield return (Path.GetFileName(file), SignedNote.Parse(File.ReadAllBytes(file)));
        foreach (var fact in store.Log.Read(0, LedgerKeys.Stream))
        {
            if (fact.Type is not (LedgerBookkeeper.Bound or LedgerBookkeeper.Anchored))
                continue;
            using var json = JsonDocument.Parse(fact.Payload);
            foreach (var note in json.RootElement.GetProperty("checkpoints").EnumerateArray())
                yield return (string.Create(CultureInfo.InvariantCulture, $"fact {fact.Position}"), SignedNote.Parse(Encoding.UTF8.GetBytes(note.GetString() ?? "")));
        }
    }

    /// <summary>A key that no fact has introduced could sign another log under this name.</summary>
    private AuditStep KeyFiles()
    {
        var introduced = LedgerKeys.Read(store.Log).Select(k => k.Name).ToHashSet(StringComparer.Ordinal);
        var folder = LedgerKeys.FolderIn(store.Folder);
        List<string> files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.key").Select(Path.GetFileNameWithoutExtension).OfType<string>()] : [];
        var stranger = files.Order(StringComparer.Ordinal).FirstOrDefault(f => !introduced.Contains(f));
        return new AuditStep("keys", $"{introduced.Count} keys introduced", stranger is null ? null : $"keys/ledger/{stranger}.key: no fact has introduced this key");
    }

    /// <summary>A hub that ran has said so before anything else it did; one that was killed has no stop.</summary>
    private AuditStep Runs()
    {
        var (runs, killed, running) = (0, 0, false);
        string? wrong = null;
        foreach (var fact in store.Log.Read(0, Acts.Stream))
        {
            if (fact.Type == HubActs.Started)
            {
                killed += running ? 1 : 0;
                runs++;
                running = true;
            }
            else if (fact.Type == HubActs.Stopped)
            {
                if (!running)
                    wrong ??= $"fact {fact.Position}: the hub stopped and had not been started";
                running = false;
            }
        }

        if (runs == 0)
            wrong ??= "the log has facts, and no start of a hub among them";
        return new AuditStep("acts of administrators", $"{runs} starts, {killed} without a stop (killed, or the power failed)", wrong);
    }

    private AuditStep ActsView()
    {
        var divergence = store.CheckActs();
        return new AuditStep("acts by person", "the list of acts by person is that of the facts", divergence);
    }

    /// <summary>The rows of datasets, each byte against the hash that the fact of its delivery has; needs no department's key.</summary>
    private AuditStep Tables(CancellationToken cancel)
    {
        using var book = new DeliveryBook(store.Log, time);
        book.Load();
        foreach (var (dataset, content) in book.Contents.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            if (store.CheckTable(content.Table, [.. content.Manifests.Select(m => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(m))]) is { } damage)
                return new AuditStep("tables", $"{book.Contents.Count} datasets", $"rows of {dataset}: {damage.Detail}");
        }

        return new AuditStep("tables", $"rows of {book.Contents.Count} datasets are those that were delivered", null);
    }

    /// <summary>What the hub would start with (its snapshot and the facts after it) against every fact replayed from the first.</summary>
    private AuditStep Entities(CancellationToken cancel)
    {
        var kept = new Broker(store.Log, store.Snapshots, time);
        kept.Start(long.MaxValue);
        cancel.ThrowIfCancellationRequested();
        var replayed = new Broker(store.Log, new NoSnapshots(), time);
        replayed.Start(0);
        var count = 0L;
        foreach (var tenant in replayed.Tenants.Union(kept.Tenants))
        {
            cancel.ThrowIfCancellationRequested();
            var (a, b) = (replayed.Table(tenant), kept.Table(tenant));
            if ((a?.Count ?? 0) != (b?.Count ?? 0))
                return new AuditStep("entities", $"tenant {Shown(tenant)}", $"tenant {Shown(tenant)}: the facts make {a?.Count ?? 0} entities, the snapshot has {b?.Count ?? 0}");
            foreach (var entity in a?.All() ?? [])
            {
                count++;
                if (b?.Find(entity.Id) is not { } other || !entity.Body.AsSpan().SequenceEqual(other.Body) || !entity.Types.AsSpan().SequenceEqual(other.Types))
                    return new AuditStep("entities", $"{count} entities", $"{entity.Id} of tenant {Shown(tenant)} is not what the facts make of it: remove the folder of snapshots, they are made again from the facts");
            }
        }

        return new AuditStep("entities", $"{count} entities are what the facts make of them", null);
    }

    private static string Shown(string tenant) => tenant.Length == 0 ? "(default)" : tenant;

    private sealed class NoSnapshots : ISnapshots
    {
        public void Write(string name, long position, Action<Stream> write)
        {
        }

        public long ReadLatest(string name, Action<Stream> read) => 0;
    }
}
