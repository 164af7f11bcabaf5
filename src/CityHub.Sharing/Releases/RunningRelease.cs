using System.Security.Cryptography;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Releases;

/// <summary>A release that was recorded. Each batch of rows and each block on the wire is held against the grant as it is then; persons are recorded before their rows leave.</summary>
internal sealed class RunningRelease : ReleaseStream
{
    public const int MostBlock = 64 << 10;

    private const int MostRemembered = 100_000;
    private static readonly TimeSpan Recheck = TimeSpan.FromMilliseconds(250);

    private readonly Releases _releases;
    private readonly Ask _ask;
    private readonly string _receiver;
    private readonly RowSource _rows;
    private readonly int _subject;
    private readonly Used _used;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly RowBatch _out;
    private readonly DateTimeOffset _until;
    private readonly IDisposable? _turn;
    private (long Grants, long Catalogue) _versions;
    private DateTimeOffset _checked;
    private long _rowsOut, _bytesOut;
    private Problem? _ended;
    private bool _complete, _disposed, _short;

    /// <param name="subject">Column of the rows with the person; −1: none, or recorded already.</param>
    /// <param name="versions">As of the decision: what has changed since is noticed by the first block.</param>
    /// <param name="turn">Given back when the release is over.</param>
    public RunningRelease(Releases releases, Ask ask, string receiver, Permit permit, TableSchema schema, RowSource rows, int subject, Used used, long receipt, long? total, (long, long) versions, IDisposable? turn)
    {
        (_releases, _ask, _receiver, Permit, Schema, _rows, _subject, _used, Receipt, Total) = (releases, ask, receiver, permit, schema, rows, subject, used, receipt, total);
        _out = new RowBatch(schema, new ColumnBatch[schema.Columns.Count]);
        _until = permit.Obligations.Expires is { } expires && expires < permit.Grant.Until ? expires : permit.Grant.Until;
        (_versions, _turn) = (versions, turn);
        _checked = releases.Clock.GetUtcNow();
    }

    public override TableSchema Schema { get; }

    public override long Receipt { get; }

    public override Permit Permit { get; }

    public override long? Total { get; }

    public override async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        Check();
        if (_short)
            throw End(RowsUsedUp()); // whoever takes a part for the whole would never ask for the rest
        var next = await _rows.NextAsync(cancel);
        if (await RecordAsync(_rows.Unseen(), cancel) is { } unrecorded)
            throw End(unrecorded);
        if (next is not { } batch)
            return null;
        var count = Permit.Obligations.Quota.RowsPerDay is { } most ? _used.Rows(batch.Rows, most) : batch.Rows;
        if (Permit.Obligations.Quota.RowsPerDay is null)
            _used.Rows(batch.Rows, null);
        _short = count < batch.Rows;
        if (count == 0 && batch.Rows > 0)
            throw End(RowsUsedUp());
        if (_subject >= 0 && await RecordAsync(PersonsOf(batch.Columns[_subject], count), cancel) is { } problem)
            throw End(problem);
        Array.Copy(batch.Columns, _out.Columns, _out.Columns.Length);
        _out.Rows = count;
        _rowsOut += count;
        return _out;
    }

    public override void Sending(ReadOnlySpan<byte> block)
    {
        if (block.Length > MostBlock)
            throw new ArgumentException($"A block has at most {MostBlock} bytes.", nameof(block));
        Check();
        if (!_used.Bytes(block.Length, Permit.Obligations.Quota.BytesPerDay))
            throw End(ReleaseProblems.QuotaUsedUp.Because($"The grant gives {Permit.Obligations.Quota.BytesPerDay} bytes a day, and they are used up.", "Go on tomorrow, or ask for a larger quota.", $"grant {Permit.Grant.Id}"));
        _hash.AppendData(block);
        _bytesOut += block.Length;
    }

    public override Task WaitAsync(Task writing) => WaitAsync(writing, _releases.Clock, Check);

    /// <param name="check">Asked every 250 ms; what it throws ends the waiting.</param>
    public static async Task WaitAsync(Task writing, TimeProvider clock, Action check)
    {
        while (!writing.IsCompleted)
        {
            using var enough = new CancellationTokenSource();
            await Task.WhenAny(writing, Task.Delay(Recheck, clock, enough.Token));
            await enough.CancelAsync();
            if (!writing.IsCompleted)
                check();
        }

        await writing;
    }

    public override void Complete() => _complete = _ended is null;

    /// <summary>A crash before the closing act leaves an opening one alone: an alarm at the next start. So does a disk that takes no more.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        _turn?.Dispose();
        await _rows.DisposeAsync();
        await _releases.CloseAsync(ReleaseActs.ClosedAfter(
            Receipt, Permit.Grant.Id, _receiver, _rowsOut, _bytesOut, _hash.GetHashAndReset(), _ended is not null ? "ended" : _complete ? "complete" : "cut", _ended?.Code));
        _hash.Dispose();
    }

    private void Check()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_ended is not null)
            throw new ReleaseEndedException(_ended);
        var now = _releases.Clock.GetUtcNow();
        var versions = _releases.Versions;
        if (now < _until && versions == _versions && now - _checked < Recheck)
            return;
        if (_releases.StillHolds(_ask, Permit, now) is { } problem)
            throw End(problem);
        (_versions, _checked) = (versions, now);
    }

    private Problem RowsUsedUp() => ReleaseProblems.QuotaUsedUp.Because($"The grant gives {Permit.Obligations.Quota.RowsPerDay} rows a day, and they are used up.", "Go on tomorrow, or ask for a larger quota.", $"grant {Permit.Grant.Id}");

    private ReleaseEndedException End(Problem problem) => new(_ended = problem);

    private static List<string> PersonsOf(ColumnBatch column, int rows)
    {
        var persons = new List<string>(rows);
        for (var row = 0; row < rows; row++)
            if (!column.IsNull(row) && CellText.TextOf(column, row) is { Length: > 0 } person)
                persons.Add(person);
        return persons;
    }

    private ValueTask<Problem?> RecordAsync(IReadOnlyCollection<string> persons, CancellationToken cancel)
    {
        if (persons.Count == 0)
            return default;
        if (_seen.Count > MostRemembered)
            _seen.Clear();
        return _releases.TellAsync(Receipt, [.. persons.Where(_seen.Add)], cancel);
    }
}
