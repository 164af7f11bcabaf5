using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Storage.Embedded;
using CityHub.Storage.Ledger;
using CityHub.Tests.Ledger.Writing;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Storage.Ledger;

public sealed class FactLedgerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The log's head moves before its observers are told; whoever asks for a receipt in between is answered from the log.</summary>
    [Fact]
    public async Task A_fact_that_is_told_after_its_checkpoint_does_not_keep_the_next_one_waiting()
    {
        using var folder = new TestFolder();
        await using var store = EmbeddedStore.Open(folder.File("data"), TimeProvider.System).Value;
        var log = new LateLog(store.Log);
        store.Log.Observe(log);
        var options = new FactLedgerOptions
        {
            Folder = Directory.CreateDirectory(folder.File("ledger")).FullName, Trees = [LogFolder.Tree], Signers = () => [LogFolder.Signer], Every = TimeSpan.FromMilliseconds(50),
        };
        using var ledger = FactLedger.Open(log, options, TimeProvider.System);
        for (var round = 0; round < 4; round++)
        {
            log.Late = true;
            await AppendAsync(store.Log);
            Assert.Equal(store.Log.Head, (await ledger.CoverAsync(store.Log.Head, Cancel)).Size);
            log.Tell();

            // Less than the five seconds after which the ledger looks by itself.
            log.Late = false;
            var before = store.Log.Head;
            await AppendAsync(store.Log);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            patience.CancelAfter(TimeSpan.FromSeconds(4));
            Assert.Equal(before + 1, (await ledger.NextAsync(before, patience.Token)).Size);
        }
    }

    private static async Task AppendAsync(IFactLog log) => Assert.True((await log.AppendAsync(new Append("s", [new NewFact("Said", "{}"u8.ToArray())], DateTimeOffset.UnixEpoch), Cancel)).Ok);

    /// <summary>Tells its observer when the test says so.</summary>
    private sealed class LateLog(IFactLog log) : IFactLog, IFactObserver
    {
        private readonly List<Fact> _held = [];
        private IFactObserver? _observer;

        public volatile bool Late;

        public long Head => log.Head;

        public long Epoch => log.Epoch;

        public void Tell()
        {
            lock (_held)
            {
                _observer?.Observed([.. _held], null);
                _observer?.GroupObserved();
                _held.Clear();
            }
        }

        public void Observed(ReadOnlySpan<Fact> facts, object? state)
        {
            lock (_held)
                _held.AddRange(facts);
            if (!Late)
                Tell();
        }

        public void Observe(IFactObserver observer) => _observer = observer;

        public ValueTask<Result<Appended>> AppendAsync(Append append, CancellationToken cancel = default) => log.AppendAsync(append, cancel);

        public IEnumerable<Fact> Read(long after, string? stream = null) => log.Read(after, stream);

        public ValueTask WaitAsync(long after, CancellationToken cancel) => log.WaitAsync(after, cancel);

        public long VersionOf(string stream) => log.VersionOf(stream);
    }
}
