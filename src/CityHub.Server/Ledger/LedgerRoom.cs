using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Server.Configuration;
using CityHub.Storage.Embedded;
using CityHub.Storage.Ledger;

namespace CityHub.Server.Ledger;

/// <summary>The ledger of this hub: its keys, the log of leaves that follows the facts, its witnesses, and where its checkpoints are anchored.</summary>
internal sealed class LedgerRoom : IReceipts, IAsyncDisposable
{
    public const string FolderName = "ledger";

    /// <summary>For how long a receipt waits for the ledger and for witnesses.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly LedgerPolicy _rules;
    private readonly IFactLog _log;
    private readonly TimeProvider _time;
    private readonly TileCache[] _caches;
    private readonly LedgerBookkeeper _books;
    private WitnessPolicy _policy;

    private LedgerRoom(LedgerKeys keys, LedgerPolicy rules, FactLedger ledger, HttpClient http, LedgerConfig config, IFactLog log, TimeProvider time, ILoggerFactory loggers)
    {
        (Keys, _rules, Ledger, _log, _time) = (keys, rules, ledger, log, time);
        _policy = rules.With(keys.Active);
        _caches = [.. ledger.Trees.Select(_ => new TileCache())];
        Witnesses = new Witnesses(ledger, () => Volatile.Read(ref _policy), http, time, loggers.CreateLogger<Witnesses>());
        IAnchor? anchor = config.TimeStamps is { } url ? new TimeStampAnchor(http, new Uri(url)) : null;
        _books = new LedgerBookkeeper(ledger, log, anchor, config.StampEvery, time, loggers.CreateLogger<LedgerBookkeeper>());
    }

    public LedgerKeys Keys { get; }

    public FactLedger Ledger { get; }

    public Witnesses Witnesses { get; }

    /// <summary>What others need to check receipts of this hub.</summary>
    public string PolicyText => _rules.Text(Keys.Active);

    public WitnessPolicy Policy => Volatile.Read(ref _policy);

    /// <summary>With the cosignatures of witnesses where it has them already.</summary>
    public SignedNote? NewestCheckpoint
    {
        get
        {
            var head = Ledger.Head;
            return Witnesses.Last is { } last && last.Size == head.Size ? last.Note : head.Notes.Count > 0 ? head.Notes[0] : null;
        }
    }

    public static async Task<Result<LedgerRoom>> OpenAsync(EmbeddedStore store, LedgerConfig config, HttpClient http, TimeProvider time, ILoggerFactory loggers, CancellationToken cancel)
    {
        if (!(await LedgerKeys.OpenAsync(store.Log, store.Folder, config, time, cancel)).TryGet(out var keys, out var problem))
            return problem;
        FactLedger? ledger = null;
        try
        {
            if (!(await LedgerPolicy.OpenAsync(config.Policy, store.Log, time, cancel)).TryGet(out var rules, out problem))
                return problem;
            var signing = keys;
            List<LogTree> trees = [LogTree.International(keys.Origin)];
            if (config.Suites.Suites.Contains(CryptoSuite.Gm))
                trees.Add(LogTree.Chinese(keys.Origin + LedgerKeys.GmSuffix));
            var options = new FactLedgerOptions
            {
                Folder = Path.Combine(store.Folder, FolderName),
                Trees = trees,
                Signers = () => [.. signing.Active.Select(k => k.Signer)],
                Every = config.Every,
            };
            ledger = await Task.Run(() => FactLedger.Open(store.Log, options, time), cancel);
            var room = new LedgerRoom(keys, rules, ledger, http, config, store.Log, time, loggers);
            (keys, ledger) = (null, null);
            room.Witnesses.Start();
            room._books.Start();
            return room;
        }
        catch (LedgerException e)
        {
            return LedgerProblems.Damaged.Because(e.Message, "Keep a copy of the data folder before anything else; cityhub explain ledger-damaged says what to do.");
        }
        finally
        {
            ledger?.Dispose();
            keys?.Dispose();
        }
    }

    /// <summary>A key was introduced or retired: the policy names others now, and the newest checkpoint is signed again.</summary>
    public void KeysChanged()
    {
        Volatile.Write(ref _policy, _rules.With(Keys.Active));
        Ledger.SignAgain();
    }

    public async ValueTask<Result<byte[]>> ReceiptAsync(long position, bool witnessed, CancellationToken cancel = default) =>
        (await ReceiptAsync(position, 0, witnessed, cancel)).Map(receipt => receipt.ToBytes());

    /// <summary>
    /// The receipt of the fact at a position: its leaf, its place in the tree, a checkpoint that covers it, and with <paramref name="witnessed"/> the
    /// cosignatures of the quorum.
    /// </summary>
    /// <param name="tree">0 for SHA-256, 1 for SM3, whose checkpoints no witness cosigns.</param>
    public async ValueTask<Result<LogProof>> ReceiptAsync(long position, int tree, bool witnessed, CancellationToken cancel)
    {
        if (position < 1 || position > _log.Head)
            return LedgerProblems.NotYet.Because($"The log has {_log.Head} facts; there is none at {position}.");
        using var over = new CancellationTokenSource(Patience, _time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
        try
        {
            var head = await Ledger.CoverAsync(position, patience.Token);
            var note = tree == 0 && witnessed && Witnesses.Asked ? (await Witnesses.CoverAsync(position, patience.Token)).Note : head.Notes[tree];
            return Receipt(position, tree, note);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Ledger.Head.Size < position
                ? LedgerProblems.NotYet.Because($"The ledger has {Ledger.Head.Size} of {_log.Head} facts. {Ledger.Trouble}".TrimEnd())
                : LedgerProblems.NotWitnessed.Because(
                    $"No quorum of witnesses has seen this fact yet. {Witnesses.Missing}".TrimEnd(),
                    "With witnessed=false the receipt shows the log's own signature only; ask again for the cosignatures later.");
        }
        catch (LedgerException e)
        {
            return LedgerProblems.Damaged.Because(e.Message);
        }
    }

    /// <summary>From the files of the ledger alone.</summary>
    /// <exception cref="LedgerException">They do not check.</exception>
    public LogProof Receipt(long position, int tree, SignedNote note)
    {
        var checkpoint = Checkpoint.Parse(note.Text);
        var kind = Ledger.Trees[tree];
        var tiles = new TileTree(kind.Hash, new FolderTileSource(Path.Combine(Ledger.Folder, kind.Folder)), checkpoint.Size, checkpoint.Root, _caches[tree]);
        var leaf = Entry(position, checkpoint.Size);
        if (!tiles.LeafHash(position - 1).AsSpan().SequenceEqual(MerkleTree.LeafHash(kind.Hash, leaf)))
            throw new LedgerException(FormattableString.Invariant($"Entry {position - 1} is not the one that its tile was made from."));
        return new LogProof(kind.Hash, leaf, position - 1, tiles.Inclusion(position - 1, checkpoint.Size), note);
    }

    public async ValueTask DisposeAsync()
    {
        await _books.DisposeAsync();
        await Witnesses.DisposeAsync();
        await Task.Run(Ledger.Dispose);
        Keys.Dispose();
    }

    private byte[] Entry(long position, long size)
    {
        var (bundle, inside) = Math.DivRem(position - 1, TilePath.FullWidth);
        var width = (int)Math.Min(TilePath.FullWidth, size - (bundle * TilePath.FullWidth));
        var bytes = new FolderTileSource(Ledger.Folder).ReadAtLeast(TilePath.Bundle(bundle, width)) ?? throw new LedgerException($"{TilePath.Bundle(bundle, width)} is missing.");
        return EntryBundle.Read(bytes, (int)inside + 1)[(int)inside];
    }
}
