using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Import;
using CityHub.Sensing.Import.Files;
using Microsoft.Extensions.Logging;

namespace CityHub.Sensing.Sources;

/// <summary>
/// Lets each source have its turn: opens it, hands its rows to the deliveries, and notes how far it came. A turn that fails is noted and tried again at the next; a source never has
/// two turns at once. Rows that were delivered before a crash are known by their content and not taken twice.
/// </summary>
internal sealed partial class SourceRunner : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    /// <summary>A turn that failed for something that passes comes again after this, then after twice, four times …; never later than it would anyway.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(15);

    /// <summary>What is wrong with a file itself. For everything else (locked keys, a full disk, a dataset that is not approved yet) it stays where it is and is tried again.</summary>
    private static readonly FrozenSet<string> OfTheFile = new[]
    {
        SourceProblems.FileUnreadable.Code, ImportProblems.FileUnreadable.Code, "table-rows-unfit", "delivery-unreadable", "sharing-too-large", "row-mapping-other-schema",
    }.ToFrozenSet(StringComparer.Ordinal);

    private readonly SourceBook _book;
    private readonly IDeliveries _deliveries;
    private readonly string _drops;
    private readonly HttpClient _http;
    private readonly AllowedAddresses _allowed;
    private readonly Func<string, string?> _secrets;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly PostgresReplication _replication;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _tried = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Problem> _told = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    /// <param name="drops">The folder in which each source of files has a folder of its name.</param>
    /// <param name="http">Made of the <see cref="AllowedAddresses.Handler"/> of <paramref name="allowed"/>.</param>
    /// <param name="secrets">The value of a named secret; null: there is none.</param>
    public SourceRunner(SourceBook book, IDeliveries deliveries, string drops, HttpClient http, AllowedAddresses allowed, Func<string, string?> secrets, TimeProvider clock, ILogger<SourceRunner> logger) =>
        (_book, _deliveries, _drops, _http, _allowed, _secrets, _clock, _logger, _replication) =
        (book, deliveries, drops, http, allowed, secrets, clock, logger, new PostgresReplication(book, deliveries, allowed, clock));

    public void Start() => _running = RunAsync();

    /// <summary>Rows of it cannot take the place of others. False also where the dataset is not known yet: then the turns say so.</summary>
    public bool KeylessDataset(string dataset) => _deliveries.SchemaOf(dataset).TryGet(out var schema, out _) && schema.Key < 0;

    public string DropFolder(string id) => Path.Combine(_drops, id);

    /// <summary>Why the last turn failed, in words that may hold values: for the officers of the source's department. Null: it did not, or that was before the hub was started.</summary>
    public Problem? Told(string id) => _told.GetValueOrDefault(id);

    /// <summary>One turn, now. Null: there was nothing new.</summary>
    public async ValueTask<Result<DeliveryOutcome?>> TurnAsync(string id, CancellationToken cancel)
    {
        var turn = _turns.GetOrAdd(id, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancel);
        try
        {
            if (!_book.Sources.TryGetValue(id, out var state))
                return SourceProblems.Unknown.Because($"There is no source {id}.", "GET /sources lists them.");
            _tried[id] = _clock.GetUtcNow();
            Result<DeliveryOutcome?> outcome;
            try
            {
                outcome = await ReadAsync(state, cancel);
            }
            catch (SourceException e)
            {
                outcome = e.Problem;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // One odd answer must not keep the others from their turn. Its text may hold what was in the rows, and stays out of the log.
                LogFailed(id, $"{e.GetType().FullName} {e.StackTrace}");
                outcome = SourceProblems.Unreachable.Because($"What the source gives cannot be read ({e.GetType().Name}).", "The log of the hub says more.");
            }

            Result<Done> noted;
            if (outcome.TryGet(out var delivered, out var problem))
            {
                _failures.TryRemove(id, out _);
                _told.TryRemove(id, out _);
                noted = delivered is null ? await _book.NothingAsync(id) : Done.Value;
            }
            else
            {
                _failures.AddOrUpdate(id, 1, (_, times) => times + 1);
                _told[id] = problem;
                noted = await _book.FailedAsync(id, SourceFailure.Of(problem));
            }

            return noted.Problem is { } unnoted ? unnoted : outcome;
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        foreach (var turn in _turns.Values)
            turn.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Look, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var (id, state) in _book.Sources)
                {
                    var last = _tried.TryGetValue(id, out var tried) ? tried : state.LastTried;
                    if (last is null || _clock.GetUtcNow() - last >= Pause(id, state.Source.Every))
                        await OneAsync(id);
                }

                foreach (var left in _book.Left)
                {
                    var slot = $"{left.SlotName} {left.Connection}";
                    if (!_tried.TryGetValue(slot, out var tried) || _clock.GetUtcNow() - tried >= Pause(slot, TimeSpan.FromDays(1)))
                        await ReleaseAsync(left, slot);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>From one turn to the next.</summary>
    internal TimeSpan Pause(string id, TimeSpan every) =>
        _failures.TryGetValue(id, out var times) && Again * Math.Pow(2, Math.Min(times - 1, 20)) is var again && again < every ? again : every;

    private async Task OneAsync(string id)
    {
        try
        {
            if ((await TurnAsync(id, _stop.Token)).Problem is { } problem)
                LogFailed(id, SourceFailure.Of(problem).ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogFailed(id, e.Message);
        }
    }

    /// <summary>One whose database is gone is tried once a day.</summary>
    /// <param name="name">Of the slot among all.</param>
    private async Task ReleaseAsync(SourceDeclaration left, string name)
    {
        _tried[name] = _clock.GetUtcNow();
        var turn = _turns.GetOrAdd(left.Id, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(_stop.Token);
        try
        {
            // Where it is declared again the slot is in use; its first turn makes it anew.
            var used = _book.Sources.Values.Any(s => s.Source.SharesSlot(left));
            var released = used ? Done.Value : await _replication.ReleaseAsync(left, left.Secret is { } secret ? _secrets(secret) : null, _stop.Token);
            if (released.Problem is null)
                released = await _book.ReleasedAsync(left);
            if (released.Problem is { } problem)
                LateSlot(left, name, problem);
            else
                Forget(name);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LateSlot(left, name, (e as SourceException)?.Problem ?? SourceProblems.Unreachable.Because(e.GetType().Name));
        }
        finally
        {
            turn.Release();
        }
    }

    private void Forget(string slot)
    {
        _failures.TryRemove(slot, out _);
        _tried.TryRemove(slot, out _);
    }

    private void LateSlot(SourceDeclaration left, string name, Problem problem)
    {
        if (_failures.AddOrUpdate(name, 1, (_, times) => times + 1) == 1)
            LogSlot(left.SlotName, left.Id, problem.Code);
    }

    private async ValueTask<Result<DeliveryOutcome?>> ReadAsync(SourceState state, CancellationToken cancel)
    {
        var source = state.Source;
        if (source.Unusable is { } unusable)
            return unusable;
        var secret = source.Secret is { } name ? _secrets(name) : null;
        if (source.Secret is not null && secret is null)
            return SourceProblems.Unreachable.Because($"The environment has no {source.Secret}.", "Set it where the hub is started; the hub keeps no secrets.");
        switch (source.Kind)
        {
            case SourceKind.Files:
                return await FilesAsync(source, cancel);
            case SourceKind.Postgres when source.Publication is not null:
                return await _replication.TurnAsync(source, secret, cancel);
            case SourceKind.Postgres:
                if (!(await PostgresLink.OpenAsync(source, secret, _allowed, cancel)).TryGet(out var link, out var problem))
                    return problem;
                await using (link)
                {
                    if (!(await PostgresRows.OpenAsync(link, source, state.Watermark, cancel)).TryGet(out var rows, out problem))
                        return problem;
                    await using (rows)
                        return await DeliverAsync(state, rows, () => rows.Watermark, $"postgres:{source.Table}", cancel);
                }

            default:
                await using (var pages = new RestRows(_http, source, secret, state.Watermark))
                    return await DeliverAsync(state, pages, () => pages.Watermark, "rest", cancel);
        }
    }

    private async ValueTask<Result<DeliveryOutcome?>> DeliverAsync(SourceState state, IRows rows, Func<string?> watermark, string from, CancellationToken cancel)
    {
        var (source, after) = (state.Source, state.Watermark);
        // What has nothing in it is no delivery.
        await using var first = await FirstRows.OfAsync(rows, cancel);
        if (first is null)
            return (DeliveryOutcome?)null;
        var now = _clock.GetUtcNow();
        var delivery = new Delivery(source.Dataset, source.Mode, $"source:{source.Id}", string.Create(CultureInfo.InvariantCulture, $"{from} after {after ?? "the beginning"} at {now:O}")) 
        {
            Mapping = source.Mapping, AsOf = now, OnlyChanges = source.Watermark is not null,
        };
        if (!(await _deliveries.DeliverAsync(delivery, first, cancel)).TryGet(out var outcome, out var problem))
            return problem;
        return await NotedAsync(source, watermark(), outcome);
    }

    /// <summary>What was known already is noted only where a crash kept it from being noted.</summary>
    private async ValueTask<Result<DeliveryOutcome?>> NotedAsync(SourceDeclaration read, string? upTo, DeliveryOutcome outcome)
    {
        if (outcome.Known && _book.Sources.TryGetValue(read.Id, out var state) && outcome.Position <= state.LastDelivery && (upTo is null || upTo == state.Watermark))
            return (DeliveryOutcome?)null;
        return (await _book.DeliveredAsync(read, upTo, outcome)).TryGet(out _, out var problem) ? outcome : problem;
    }

    /// <summary>
    /// In the order of their names; a delivered file goes to <c>done</c>, one that holds something wrong to <c>refused</c> with the reason beside it. Where the reason is none of the
    /// file's, it stays, and so do those behind it.
    /// </summary>
    private async ValueTask<Result<DeliveryOutcome?>> FilesAsync(SourceDeclaration source, CancellationToken cancel)
    {
        var folder = DropFolder(source.Id);
        Directory.CreateDirectory(folder);
        DeliveryOutcome? last = null;
        // A name that begins with a dot or ends in .part is still being written.
        foreach (var file in Directory.EnumerateFiles(folder).Where(f => Path.GetFileName(f) is var n && n[0] != '.' && !n.EndsWith(".part", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal))
        {
            var delivered = await FileAsync(source, file, cancel);
            if (!delivered.TryGet(out var outcome, out var problem))
            {
                if (OfTheFile.Contains(problem.Code))
                    Move(file, folder, "refused", problem);
                return problem;
            }

            // A crash before the file is put away has it delivered again, and known.
            if (!(await NotedAsync(source, Path.GetFileName(file), outcome)).TryGet(out _, out problem))
                return problem;
            Move(file, folder, "done", null);
            last = outcome;
        }

        return last;
    }

    private async ValueTask<Result<DeliveryOutcome>> FileAsync(SourceDeclaration source, string file, CancellationToken cancel)
    {
        // Who cannot read the bytes knows nothing of what they say: that is no fault of the file's.
        if (!(await ImportFile.HashAsync(file, cancel)).TryGet(out var hash, out var problem))
            return SourceProblems.Unreachable.Because(problem.Detail, "The hub tries again; look at the rights of the file and at the disk.");
        var opened = Path.GetExtension(file).Equals(".xlsx", StringComparison.OrdinalIgnoreCase)
            ? XlsxRows.Open(file, source.Sheet, source.Columns)
            : await RecordRows.OpenAsync(file, null, source.Encoding, source.Columns, cancel);
        if (!opened.TryGet(out var rows, out problem))
            return problem;
        try
        {
            await using (rows)
            {
                var delivery = new Delivery(source.Dataset, source.Mode, $"source:{source.Id}", $"file:{Path.GetFileName(file)}#{Convert.ToHexStringLower(hash)}")
                {
                    Mapping = source.Mapping, AsOf = new DateTimeOffset(File.GetLastWriteTimeUtc(file), TimeSpan.Zero),
                };
                return await _deliveries.DeliverAsync(delivery, rows, cancel);
            }
        }
        catch (SourceException e)
        {
            return e.Problem;
        }
    }

    private static void Move(string file, string folder, string to, Problem? problem)
    {
        var target = Path.Combine(folder, to);
        Directory.CreateDirectory(target);
        var name = Path.Combine(target, Path.GetFileName(file));
        File.Move(file, name, overwrite: true);
        if (problem is not null)
            File.WriteAllText(name + ".why.txt", problem + "\n");
    }

    [LoggerMessage(LogLevel.Warning, "The slot {Slot} of the source {Id}, which is read no more, could not be dropped, and the database keeps its log for it: {Why}")]
    private partial void LogSlot(string slot, string id, string why);

    [LoggerMessage(LogLevel.Warning, "Source {Id}: {Why}")]
    private partial void LogFailed(string id, string why);

    /// <summary>Rows whose first batch has been looked at already.</summary>
    private sealed class FirstRows(IRows rows, RowBatch? first) : IRows
    {
        private RowBatch? _first = first;

        public TableSchema Schema => rows.Schema;

        /// <summary>Null: there is no row.</summary>
        public static async ValueTask<FirstRows?> OfAsync(IRows rows, CancellationToken cancel) => await rows.NextAsync(cancel) is { } batch ? new FirstRows(rows, batch) : null;

        public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            if (_first is not { } batch)
                return rows.NextAsync(cancel);
            _first = null;
            return ValueTask.FromResult<RowBatch?>(batch);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
