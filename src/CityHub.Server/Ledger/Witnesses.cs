using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Storage.Ledger;

namespace CityHub.Server.Ledger;

/// <summary>The newest checkpoint that the quorum has seen.</summary>
internal sealed record Witnessed(SignedNote Note, long Size, DateTimeOffset At);

/// <summary>
/// Shows each new checkpoint to the witnesses of the policy and keeps the newest one that enough of them have cosigned. Missing witnesses hold nothing up
/// here: who needs them asks <see cref="Unwitnessed"/>, or waits for a witnessed receipt.
/// </summary>
internal sealed partial class Witnesses : IWitnessed, IAsyncDisposable
{
    public const string FileName = "checkpoint.witnessed";

    /// <summary>How long a round waits for its quorum, for stragglers after it, and before it asks again those who did not answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Grace = TimeSpan.FromMilliseconds(100), Pause = TimeSpan.FromSeconds(1);

    private readonly FactLedger _ledger;
    private readonly TimeProvider _time;
    private readonly ILogger<Witnesses> _logger;
    private readonly string _file;
    private readonly Func<WitnessPolicy> _policy;
    private readonly TileCache _cache = new();
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _loop = Task.CompletedTask;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WitnessClient? _client;
    private WitnessPolicy? _clientOf;
    private Witnessed? _last;
    private DateTimeOffset _behindSince;
    private IReadOnlyList<WitnessOutcome> _outcomes = [];
    private string _said = "";

    public Witnesses(FactLedger ledger, Func<WitnessPolicy> policy, HttpClient http, TimeProvider time, ILogger<Witnesses> logger)
    {
        (_ledger, _policy, _http, _time, _logger) = (ledger, policy, http, time, logger);
        _file = Path.Combine(ledger.Folder, FileName);
        _behindSince = time.GetUtcNow();
        if (File.Exists(_file) && SignedNote.TryParse(File.ReadAllBytes(_file), out var note, out _) && Checkpoint.TryParse(note.Text, out var head, out _))
            _last = new Witnessed(note, head.Size, new DateTimeOffset(File.GetLastWriteTimeUtc(_file)));
    }

    /// <summary>Whether the policy asks for anybody.</summary>
    public bool Asked => _policy().Quorum != WitnessPolicy.None;

    public Witnessed? Last
    {
        get
        {
            lock (_gate)
                return _last;
        }
    }

    /// <summary>What became of each witness in the last round.</summary>
    public IReadOnlyList<WitnessOutcome> Outcomes
    {
        get
        {
            lock (_gate)
                return _outcomes;
        }
    }

    /// <summary>Names and reasons of those who did not cosign in the last round.</summary>
    public string Missing => string.Join("; ", Outcomes.Where(o => !o.Cosigned).Select(o => $"{o.Witness.Name}: {o.Why}"));

    public void Start()
    {
        if (_policy().Witnesses.Count > 0)
            _loop = Task.Run(RunAsync);
    }

    public Problem? Unwitnessed(TimeSpan most)
    {
        if (!Asked)
            return null;
        lock (_gate)
        {
            if ((_last?.Size ?? 0) >= _ledger.Head.Size || _time.GetUtcNow() - _behindSince <= most)
                return null;
            return LedgerProblems.NotWitnessed.Because(
                $"No quorum of witnesses has seen the log since {_behindSince.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z. {Missing}".TrimEnd(),
                $"This goes on when they are back, or when the rule that asks for witnesses within {Configuration.Durations.Text(most)} is changed.");
        }
    }

    /// <summary>A checkpoint with its quorum that covers a position.</summary>
    public async ValueTask<Witnessed> CoverAsync(long position, CancellationToken cancel)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_last is { } last && last.Size >= position)
                    return last;
                moved = _moved.Task;
            }

            await moved.WaitAsync(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var seen = Last?.Size ?? 0;
        var behind = false;
        try
        {
            while (true)
            {
                var head = await _ledger.NextAsync(seen, _stop.Token);
                if (!behind)
                    lock (_gate)
                        _behindSince = _time.GetUtcNow(); // from here on the log has something that nobody has seen
                behind = !await TryRoundAsync(head);
                if (behind)
                    await Task.Delay(Pause, _time, _stop.Token);
                else
                    seen = head.Size;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping. What is not witnessed is shown to them after the next start.
        }
    }

    private async Task<bool> TryRoundAsync(LedgerHead head)
    {
        try
        {
            var round = await RoundAsync(head);
            Say(round.Missing);
            return round.Met;
        }
        catch (Exception e) when (e is LedgerException or IOException or UnauthorizedAccessException)
        {
            Say(e.Message);
            return false;
        }
    }

    private async Task<WitnessRound> RoundAsync(LedgerHead head)
    {
        var note = head.Notes[0];
        var checkpoint = Checkpoint.Parse(note.Text);
        var tree = new Lazy<TileTree>(() => new TileTree(_ledger.Trees[0].Hash, new FolderTileSource(_ledger.Folder), checkpoint.Size, checkpoint.Root, _cache));
        var round = await Client().CosignAsync(note, old => tree.Value.Consistency(old, checkpoint.Size), _stop.Token);
        if (round.Met)
            DurableFiles.Replace(_file, round.Note.ToBytes());
        lock (_gate)
        {
            _outcomes = round.Outcomes;
            if (round.Met)
            {
                _last = new Witnessed(round.Note, checkpoint.Size, _time.GetUtcNow());
                _moved.TrySetResult();
                _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        return round;
    }

    /// <summary>A new one when a key was introduced or retired: the witnesses are the same, the log's vkeys are not.</summary>
    private WitnessClient Client()
    {
        var policy = _policy();
        if (_client is null || policy != _clientOf)
        {
            (_client, _clientOf) = (new WitnessClient(policy, _http, _time, Patience, Grace), policy);
            if (Last is { } last)
                _client.Remember(last.Note);
        }

        return _client;
    }

    private void Say(string missing)
    {
        if (missing == _said)
            return;
        _said = missing;
        if (missing.Length > 0)
            LogMissing(missing);
        else
            LogAll();
    }

    [LoggerMessage(LogLevel.Warning, "Witnesses are missing: {Who}")]
    private partial void LogMissing(string who);

    [LoggerMessage(LogLevel.Information, "All witnesses are there")]
    private partial void LogAll();
}
