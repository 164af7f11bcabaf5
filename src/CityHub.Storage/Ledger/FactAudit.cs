using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Storage.Ledger;

/// <summary>What differs, and where.</summary>
/// <param name="Position">Of the fact.</param>
public sealed record FactDivergence(long Position, string What);

/// <summary>
/// Log against ledger, whole: every fact is read and checked, its leaf is computed anew, and the entry in its place has to be that leaf. On all cores:
/// one thread reads, the others compute.
/// </summary>
public sealed class FactAudit(IFactLog log, string folder, IReadOnlyList<HashFunction> hashes)
{
    private const int BundlesAhead = 64;

    private long _done;
    private FactDivergence? _first;

    /// <param name="size">Entries of the ledger; the facts after it have no leaf yet.</param>
    /// <returns>Null: every entry is the leaf of its fact.</returns>
    public FactDivergence? Run(long size, IProgress<long>? progress = null, CancellationToken cancel = default)
    {
        if (size > log.Head)
            return new FactDivergence(log.Head + 1, FormattableString.Invariant($"the ledger has {size} entries and the log {log.Head} facts: facts are missing"));
        using var bundles = new BlockingCollection<(long Index, List<Fact> Facts)>(BundlesAhead);
        var workers = new Task[Math.Max(1, Environment.ProcessorCount)];
        for (var i = 0; i < workers.Length; i++)
            workers[i] = Task.Factory.StartNew(() => Work(bundles, size, progress), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        FactDivergence? read = null;
        try
        {
            Feed(bundles, size, cancel);
        }
        catch (Embedded.StorageException damage)
        {
            read = new FactDivergence(0, damage.Problem.Detail);
        }
        finally
        {
            bundles.CompleteAdding();
            Task.WaitAll(workers, CancellationToken.None);
        }

        cancel.ThrowIfCancellationRequested();
        return _first ?? read;
    }

    private void Feed(BlockingCollection<(long Index, List<Fact> Facts)> bundles, long size, CancellationToken cancel)
    {
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        var bundle = new List<Fact>(TilePath.FullWidth);
        foreach (var fact in log.Read(0))
        {
            if (fact.Position > size || Volatile.Read(ref _first) is not null)
                break;
            var before = versions.GetValueOrDefault(fact.Stream);
            if (fact.Version != before + 1)
            {
                Found(new FactDivergence(fact.Position, FormattableString.Invariant($"it has version {fact.Version} of stream {fact.Stream} after version {before}")));
                break;
            }

            versions[fact.Stream] = fact.Version;
            bundle.Add(fact);
            if (bundle.Count < TilePath.FullWidth)
                continue;
            bundles.Add(((fact.Position - 1) / TilePath.FullWidth, bundle), cancel);
            bundle = new List<Fact>(TilePath.FullWidth);
        }

        if (bundle.Count > 0)
            bundles.Add(((bundle[0].Position - 1) / TilePath.FullWidth, bundle), cancel);
    }

    private void Work(BlockingCollection<(long Index, List<Fact> Facts)> bundles, long size, IProgress<long>? progress)
    {
        var source = new FolderTileSource(folder);
        var leaf = new FactLeaf(hashes);
        var buffer = new ArrayBufferWriter<byte>(1024);
        foreach (var (index, facts) in bundles.GetConsumingEnumerable())
        {
            if (Volatile.Read(ref _first) is { } found && found.Position < facts[0].Position)
                continue;
            if (Compare(source, index, size, facts, leaf, buffer) is { } divergence)
                Found(divergence);
            progress?.Report(Interlocked.Add(ref _done, facts.Count));
        }
    }

    private static FactDivergence? Compare(FolderTileSource source, long index, long size, List<Fact> facts, FactLeaf leaf, ArrayBufferWriter<byte> buffer)
    {
        var path = TilePath.Bundle(index, (int)Math.Min(TilePath.FullWidth, size - (index * TilePath.FullWidth)));
        if (source.ReadAtLeast(path) is not { } bytes)
            return new FactDivergence(facts[0].Position, $"{path} is missing");
        ReadOnlySpan<byte> rest = bytes;
        foreach (var fact in facts)
        {
            if (!EntryBundle.TryNext(ref rest, out var entry))
                return new FactDivergence(fact.Position, $"{path} ends before its entry");
            buffer.ResetWrittenCount();
            try
            {
                leaf.Write(fact, buffer);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                return new FactDivergence(fact.Position, $"its content is no act any more, so that it was changed: {e.Message}");
            }

            if (!buffer.WrittenSpan.SequenceEqual(entry))
                return new FactDivergence(fact.Position, FormattableString.Invariant($"entry {fact.Position - 1} in {path} is not its leaf: the fact or the entry was changed"));
        }

        return null;
    }

    private void Found(FactDivergence divergence)
    {
        while (true)
        {
            var known = Volatile.Read(ref _first);
            if ((known is not null && known.Position <= divergence.Position) || Interlocked.CompareExchange(ref _first, divergence, known) == known)
                return;
        }
    }
}
