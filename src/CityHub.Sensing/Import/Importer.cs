using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Import.Files;

namespace CityHub.Sensing.Import;

/// <summary>
/// One file into a hub: read and mapped on one side, recorded in batches on the other. Rows count as dealt with in the order of the file only: their
/// batch and all before it are durable, and what of them was refused is written down. Then, and not before, the hub is told how far the import has come.
/// A crash at any moment loses at most that note, and what is read again after it adds nothing.
/// </summary>
public sealed class Importer
{
    private readonly IImportTarget _target;
    private readonly ImportOptions _options;
    private readonly TimeProvider _clock;
    private readonly RejectsFile _rejects;
    private readonly ImportProgress _progress;

    public Importer(IImportTarget target, ImportOptions options, TimeProvider clock, RejectsFile rejects, ImportProgress progress) =>
        (_target, _options, _clock, _rejects, _progress) = (target, options, clock, rejects, progress);

    /// <summary>When all of the first rows are refused, the rest would be too.</summary>
    private const int Probe = 1000;

    /// <summary>Rows in a batch, whatever they hold.</summary>
    private const int BatchRows = 20_000;

    /// <summary>Imports one file.</summary>
    /// <param name="path"><c>-</c>: standard input, which cannot be resumed but is as idempotent as everything.</param>
    public async Task<Result<ImportSummary>> RunAsync(string path, CancellationToken cancel)
    {
        var name = path == ImportFile.StandardInput ? "standard input" : Path.GetFileName(path);
        _progress.File = name;
        _progress.At(null);
        string? id = null;
        if (path != ImportFile.StandardInput)
        {
            if (!(await ImportFile.HashAsync(path, cancel)).TryGet(out var hash, out var unreadable))
                return unreadable;
            id = Name(hash);
        }

        if (!(await ImportFile.OpenAsync(path, _options.Format, _options.Encoding, _options.Input, cancel)).TryGet(out var file, out var problem))
            return problem;
        await using (file)
        {
            ImportState? known = null;
            if (id is not null && !(await _target.FindAsync(id, cancel)).TryGet(out known, out problem) && problem is not null)
                return problem;
            var state = new ImportState(id ?? "", name, path == ImportFile.StandardInput ? 0 : new FileInfo(path).Length);
            if (known is { Finished: true } && !_options.Again)
                return new ImportSummary(known, known.Rows, 0) { WasDone = true };
            if (known is { Rows: > 0 } && !_options.Again)
            {
                state = known with { Finished = false };
                _rejects.GoOn();
            }

            if (!(await OpenAsync(file, Path.GetFileNameWithoutExtension(name), cancel)).TryGet(out var open, out problem))
                return problem;
            await using (open.Reader)
            {
                if (id is not null && !(await _target.NoteAsync(state, cancel)).TryGet(out _, out problem))
                    return problem;
                using var run = new Run(this, state, id is not null, cancel);
                return await run.GoAsync(file, open.Reader, open.Mapper);
            }
        }
    }

    /// <summary>Reads and maps a file without recording anything.</summary>
    public async Task<Result<ImportSummary>> TryAsync(string path, ShowObservation show, Action<Reject> refused, CancellationToken cancel)
    {
        var name = path == ImportFile.StandardInput ? "standard input" : Path.GetFileName(path);
        _progress.File = name;
        if (!(await ImportFile.OpenAsync(path, _options.Format, _options.Encoding, _options.Input, cancel)).TryGet(out var file, out var problem))
            return problem;
        await using (file)
        {
            if (!(await OpenAsync(file, Path.GetFileNameWithoutExtension(name), cancel)).TryGet(out var open, out problem))
                return problem;
            await using (open.Reader)
            {
                var state = new ImportState("", name, 0);
                var (empty, observations) = (0L, new List<Observation>());
                while (state.Rows < _options.MostRows)
                {
                    if (!(await ReadAsync(open.Reader, cancel)).TryGet(out var more, out problem))
                        return new ImportSummary(state, 0, empty) { Stopped = problem };
                    if (!more)
                        return new ImportSummary(state with { Finished = true }, 0, empty);
                    observations.Clear();
                    var fault = open.Mapper.Map(_clock.GetUtcNow(), observations, out var none);
                    empty += none;
                    state = state with { Rows = state.Rows + 1, Refused = state.Refused + (fault is null ? 0 : 1) };
                    if (fault is { } wrong)
                        refused(open.Mapper.Refuse(name, wrong));
                    foreach (var observation in observations)
                    {
                        state = state with { Recorded = state.Recorded + observation.Values.Count };
                        show(observation);
                    }

                    _progress.Add(1, fault is null ? 0 : 1);
                    if ((state.Rows & 1023) == 0)
                        _progress.At(open.Reader.Fraction ?? file.Fraction);
                }

                return new ImportSummary(state, 0, empty);
            }
        }
    }

    private async ValueTask<Result<(RecordReader Reader, RecordMapper Mapper)>> OpenAsync(ImportFile file, string name, CancellationToken cancel)
    {
        Result<RecordReader> opened;
        try
        {
            opened = await file.ReadAsync(_options.Mapping, cancel);
        }
        catch (Exception e) when (IsReading(e))
        {
            return Unreadable(e, 0);
        }

        if (!opened.TryGet(out var reader, out var problem))
            return problem;
        if ((await RecordMapper.BindAsync(_options.Mapping, reader, file.Format, name, _options.Entity, _target, cancel)).TryGet(out var mapper, out problem))
            return (reader, mapper);
        await reader.DisposeAsync();
        return problem;
    }

    private static async ValueTask<Result<bool>> ReadAsync(RecordReader reader, CancellationToken cancel)
    {
        try
        {
            return await reader.NextAsync(cancel);
        }
        catch (Exception e) when (IsReading(e))
        {
            return Unreadable(e, reader.Row);
        }
    }

    private static bool IsReading(Exception e) => e is IOException or InvalidDataException or DecoderFallbackException;

    private static Problem Unreadable(Exception e, long row) => e is DecoderFallbackException
        ? ImportProblems.FileUnreadable.Because($"After row {row} there are bytes that are none of the encoding.", $"--encoding says which it is: {string.Join(", ", ImportFile.Encodings)}")
        : ImportProblems.FileUnreadable.Because($"After row {row}: {e.Message}", "What came before is read.");

    /// <summary>The content, and how it is read: another mapping of the same file is another import.</summary>
    private string Name(byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(content);
        hash.AppendData(_options.Mapping.ToJson());
        hash.AppendData(Encoding.UTF8.GetBytes($"\n{_options.Entity}\n{_options.Format}\n{_options.Encoding}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record Batch(int Number, List<Observation> Observations, List<Reject> Refused)
    {
        /// <summary>All rows up to here are in this batch or one before it.</summary>
        public long Rows { get; set; }

        public long Empty { get; set; }

        public int Values { get; set; }

        public bool IsEmpty => Observations.Count == 0 && Refused.Count == 0;
    }

    /// <summary>One file's import while it runs.</summary>
    private sealed class Run : IDisposable
    {
        private readonly Importer _of;
        private readonly CancellationToken _asked;
        private readonly CancellationTokenSource _failed = new();
        private readonly CancellationTokenSource _stop;
        private readonly Channel<Batch> _batches;
        private readonly Channel<bool> _advanced = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private readonly Lock _gate = new();
        private readonly SortedDictionary<int, (Batch Batch, Filled Filled)> _early = [];
        private readonly bool _noted;
        private readonly long _from;
        private ImportState _state;
        private Problem? _problem;
        private long _empty;
        private int _due;

        public Run(Importer of, ImportState state, bool noted, CancellationToken asked)
        {
            (_of, _state, _from, _noted, _asked) = (of, state, state.Rows, noted, asked);
            _stop = CancellationTokenSource.CreateLinkedTokenSource(asked, _failed.Token);
            _batches = Channel.CreateBounded<Batch>(of._options.Parallel);
        }

        public async Task<Result<ImportSummary>> GoAsync(ImportFile file, RecordReader reader, RecordMapper mapper)
        {
            var noting = _noted ? NoteAsync() : Task.CompletedTask;
            Task[] sending = [.. Enumerable.Range(0, Math.Max(1, _of._options.Parallel)).Select(_ => Task.Run(SendAsync))];
            var ended = false;
            try
            {
                ended = await Task.Run(() => FeedAsync(file, reader, mapper));
            }
            catch (OperationCanceledException) when (_failed.IsCancellationRequested || _asked.IsCancellationRequested)
            {
                // What was read is still recorded below.
            }
            finally
            {
                _batches.Writer.Complete();
            }

            await Task.WhenAll(sending);
            _advanced.Writer.Complete();
            await noting;
            var whole = ended && _problem is null && !_asked.IsCancellationRequested;
            if (whole)
                _state = _state with { Finished = _of._options.MostRows == long.MaxValue };
            if (_noted && !(await _of._target.NoteAsync(_state, CancellationToken.None)).TryGet(out _, out var unnoted) && _problem is null)
                _problem = unnoted;
            return new ImportSummary(_state, _from, _empty) { Stopped = _problem, Cancelled = !whole && _problem is null };
        }

        public void Dispose()
        {
            _stop.Dispose();
            _failed.Dispose();
        }

        /// <returns>True when the file was read to its end.</returns>
        private async Task<bool> FeedAsync(ImportFile file, RecordReader reader, RecordMapper mapper)
        {
            var (rows, probed, refused, number) = (0L, 0, 0L, 0);
            var batch = new Batch(number, [], []);
            var began = _from;
            Reject? first = null;
            while (rows < _of._options.MostRows)
            {
                if (!(await ReadAsync(reader, _stop.Token)).TryGet(out var more, out var problem))
                {
                    await FlushAsync(batch with { Rows = rows });
                    Fail(problem, stop: false);
                    return false;
                }

                if (!more)
                    break;
                if (++rows <= _from)
                {
                    if ((rows & 0xFFFF) == 0)
                        _of._progress.At(reader.Fraction ?? file.Fraction);
                    continue;
                }

                if (probed == 0)
                    _of._progress.Add(rows - 1, 0);
                var before = batch.Observations.Count;
                if (mapper.Map(_of._clock.GetUtcNow(), batch.Observations, out var empty) is { } fault)
                {
                    refused++;
                    first ??= mapper.Refuse(_state.File, fault);
                    batch.Refused.Add(mapper.Refuse(_state.File, fault));
                }

                probed++;
                for (var i = before; i < batch.Observations.Count; i++)
                    batch.Values += batch.Observations[i].Values.Count + 1;
                batch.Empty += empty;
                batch.Rows = rows;
                if (first is not null && (probed == Probe && refused == Probe || refused > _of._options.MostRefused))
                {
                    // The rejects are kept for whoever mends the mapping; nothing more is recorded.
                    Fail(
                        ImportProblems.AllRefused.Because(
                            refused == probed ? $"All of the first {Probe} rows were refused; row {first.Row}: {first.Column}{(first.Column.Length > 0 ? ": " : "")}{first.Reason}." : $"More than {_of._options.MostRefused} rows were refused.",
                            $"The rows and reasons are in {_of._rejects.Path}. cityhub import --dry-run shows what a mapping makes of a file; --suggest writes one."),
                        stop: false);
                    await FlushAsync(batch);
                    return false;
                }

                if (batch.Values >= _of._options.BatchValues || rows - began >= BatchRows)
                {
                    _stop.Token.ThrowIfCancellationRequested();
                    began = rows;
                    _of._progress.At(reader.Fraction ?? file.Fraction);
                    await FlushAsync(batch);
                    batch = new Batch(++number, [], []);
                }
            }

            if (!batch.IsEmpty || batch.Empty > 0)
                await FlushAsync(batch);
            _of._progress.At(1);
            return true;
        }

        private async ValueTask FlushAsync(Batch batch)
        {
            if (batch.Rows > 0)
                await _batches.Writer.WriteAsync(batch, _failed.Token);
        }

        private async Task SendAsync()
        {
            await foreach (var batch in _batches.Reader.ReadAllAsync())
            {
                if (_failed.IsCancellationRequested)
                    continue;
                try
                {
                    var filled = batch.Observations.Count == 0 ? default(Filled) : await _of._target.RecordAsync(_of._options.Mapping.Context, batch.Observations, _failed.Token);
                    if (filled.TryGet(out var done, out var problem))
                        Done(batch, done);
                    else
                        Fail(problem, stop: true);
                }
                catch (OperationCanceledException) when (_failed.IsCancellationRequested)
                {
                    // Another batch has said why.
                }
            }
        }

        /// <summary>A batch is durable. What came early waits for those before it.</summary>
        private void Done(Batch batch, Filled filled)
        {
            lock (_gate)
            {
                _early.Add(batch.Number, (batch, filled));
                while (_early.Remove(_due, out var next))
                {
                    if (_of._rejects.Write(next.Batch.Refused) is { } unwritable)
                    {
                        Fail(unwritable, stop: true);
                        return;
                    }

                    _due++;
                    _empty += next.Batch.Empty;
                    _of._progress.Add(next.Batch.Rows - _state.Rows, next.Batch.Refused.Count);
                    _state = _state with
                    {
                        Rows = next.Batch.Rows, Recorded = _state.Recorded + next.Filled.Recorded, Known = _state.Known + next.Filled.Known, Refused = _state.Refused + next.Batch.Refused.Count,
                    };
                }
            }

            _advanced.Writer.TryWrite(true);
        }

        /// <summary>Tells the hub how far it is, one note at a time; notes that pile up become one.</summary>
        private async Task NoteAsync()
        {
            await foreach (var _ in _advanced.Reader.ReadAllAsync())
            {
                ImportState state;
                lock (_gate)
                    state = _state;
                if (!(await _of._target.NoteAsync(state, CancellationToken.None)).TryGet(out var _, out var problem))
                    Fail(problem, stop: true);
            }
        }

        /// <param name="stop">Nothing that is under way shall go on either.</param>
        private void Fail(Problem problem, bool stop)
        {
            Interlocked.CompareExchange(ref _problem, problem, null);
            if (stop)
                _failed.Cancel();
        }
    }
}
