using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

internal sealed partial class EmbeddedTable
{
    const int SaltBytes = 32;

    /// <summary>Beyond so many segments a scan opens more files than it reads groups.</summary>
    const int ManySegments = 64;

    /// <summary>Taken by who prepares, given back when his draft is published, abandoned or refused.</summary>
    readonly SemaphoreSlim _writer = new(1, 1);

    Draft? _draft;

    public bool Scattered => Now is var now && (now.Written - now.Rows > now.Rows || now.Parts.Length > ManySegments);

    public async ValueTask<Result<TableDraft>> PrepareAsync(IRows rows, WriteMode mode, CancellationToken cancel = default)
    {
        if (mode == WriteMode.Upsert && Schema.Key < 0)
        {
            return TableProblems.NoKey.Because($"The rows of {Name} have no key by which one could take the place of another.", "Append the rows, or replace all of them; or give the dataset a key.");
        }

        if (Misfit(rows.Schema) is { } misfit)
        {
            return misfit;
        }

        return await DraftedAsync(
            rows,
            mode switch
            {
                WriteMode.Replace => ManifestMode.Replace,
                WriteMode.Upsert => ManifestMode.Upsert,
                WriteMode.Append => ManifestMode.Append,
                _ => throw new ArgumentOutOfRangeException(nameof(mode)),
            },
            cancel);
    }

    public async ValueTask<Result<TableDraft?>> CompactAsync(CancellationToken cancel = default)
    {
        await _writer.WaitAsync(cancel);
        bool kept = false;
        try
        {
            if (!Scattered)
            {
                return (TableDraft?)null;
            }

            if (!Scan(Enumerable.Range(0, Schema.Columns.Count).ToArray()).TryGet(out IRows? rows, out Problem? refused))
            {
                return refused;
            }

            await using (rows)
            {
                Result<TableDraft> written = await WriteAsync(rows, ManifestMode.Compact, cancel);
                kept = written.Ok;
                return written.Map(draft => (TableDraft?)draft);
            }
        }
        finally
        {
            if (!kept)
            {
                _writer.Release();
            }
        }
    }

    public void Publish(TableDraft draft)
    {
        _options.Fault?.Invoke(FaultPoint.TableBeforePublish); // The fact is there: the next start has this version.
        var dropped = new List<Segment>();
        lock (_gate)
        {
            Draft mine = Mine(draft);
            if (mine.Manifest.Version != _now.Number + 1)
            {
                throw new InvalidOperationException($"Version {mine.Manifest.Version} of {Name} follows version {_now.Number}.");
            }

            var parts = new List<TablePart>();
            foreach (TablePart part in _now.Parts)
            {
                if (mine.Manifest.Drops.Contains(part.Segment.Name.Name, StringComparer.Ordinal))
                {
                    dropped.Add(part.Segment);
                }
                else
                {
                    parts.Add(mine.Superseded.TryGetValue(part.Segment, out int[]? rows) ? part.Without(rows) : part);
                }
            }

            if (mine.Segment is not null)
            {
                var part = new TablePart(mine.Segment, null, 0);
                parts.Add(mine.Own.Length == 0 ? part : part.Without(mine.Own));
                _opened = false; // the new one has still to be opened
            }

            if (mine.Index is not null && mine.Whole)
            {
                _index = mine.Index;
            }
            else if (mine.Index is not null)
            {
                _index?.Take(mine.Index);
            }

            bool known = _now.Known || mine.Whole;
            _now = new TableVersion(mine.Manifest.Version, mine.Manifest.Total, [.. parts], known) { Content = mine.Manifest.Content };
            _places += mine.Segment?.Rows ?? 0;
            _draft = null;
            if (dropped.Count > 0)
            {
                _cache.Clear(); // what it has of them nobody asks for again
            }
        }

        _writer.Release();
        _options.Fault?.Invoke(FaultPoint.TableBeforeDrop); // Files that no manifest needs; the next start removes them.
        foreach (Segment segment in dropped)
        {
            segment.Drop();
        }
    }

    public void Abandon(TableDraft draft)
    {
        Draft mine;
        lock (_gate)
        {
            mine = Mine(draft);
            _draft = null;
        }

        mine.Segment?.Drop();
        _writer.Release();
    }

    Draft Mine(TableDraft draft) => _draft is { } mine && draft.Manifest.Span.SequenceEqual(mine.Bytes)
        ? mine : throw new InvalidOperationException($"This is not the draft that was prepared for {Name}.");

    async ValueTask<Result<TableDraft>> DraftedAsync(IRows rows, ManifestMode mode, CancellationToken cancel)
    {
        await _writer.WaitAsync(cancel);
        bool kept = false;
        try
        {
            Result<TableDraft> written = await WriteAsync(rows, mode, cancel);
            kept = written.Ok;
            return written;
        }
        finally
        {
            if (!kept)
            {
                _writer.Release();
            }
        }
    }

    async ValueTask<Result<TableDraft>> WriteAsync(IRows rows, ManifestMode mode, CancellationToken cancel)
    {
        if (Ready(index: Schema.Key >= 0 && mode is ManifestMode.Upsert or ManifestMode.Append) is { } refused)
        {
            return refused;
        }

        byte[]? key = null;
        byte[] wrapped = [], salt = new byte[SaltBytes], kept = salt;
        _options.Entropy(salt);
        if (_owner is not null)
        {
            key = GC.AllocateUninitializedArray<byte>(Seal.KeyBytes, pinned: true);
            _options.Entropy(key);
            if (_keys.Wrap(_owner, key) is not { } mine || _keys.Wrap(_owner, salt) is not { } its)
            {
                return TableProblems.LockedBy(Name, _owner, wrongKey: false);
            }

            (wrapped, kept) = (mine, its);
        }

        using var delivery = new Delivery(this, mode, key, wrapped, salt);
        try
        {
            _options.Fault?.Invoke(FaultPoint.TableBeforeWrite); // Nothing yet.
            while (true)
            {
                RowBatch? batch;
                try
                {
                    batch = await rows.NextAsync(cancel);
                }
                catch (IOException failure) when (failure is not StorageException)
                {
                    throw new SourceException(failure);
                }

                if (Refusal() is { } locked)
                {
                    return locked; // what a department has locked does not go on
                }

                if (batch is null)
                {
                    break;
                }

                if (delivery.Add(batch) is { } unfit)
                {
                    return unfit;
                }
            }

            return Finish(delivery, mode, kept);
        }
        catch (StorageException failure)
        {
            return failure.Problem;
        }
        catch (SourceException failure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure.Cause);
            throw;
        }
        catch (IOException failure)
        {
            return TableProblems.NotWritten(Name, failure);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(key);
        }
    }

    TableDraft Finish(Delivery delivery, ManifestMode mode, byte[] salt)
    {
        TableVersion now = Now;
        bool whole = mode is ManifestMode.Replace or ManifestMode.Compact;
        (Segment, int[])[] superseded = delivery.Superseded(now);
        TablePart[] dropped = whole ? now.Parts : [.. superseded.Select(s => now.Parts[now.PartOf(s.Item1.FirstPlace)].Without(s.Item2)).Where(p => p.DeadRows == p.Segment.Rows)];
        string[] drops = [.. dropped.Select(p => p.Segment.Name.Name)];
        SegmentName? name = delivery.Finish(whole ? [] : Inherited(now, superseded, dropped, drops));
        long lost = superseded.Sum(s => (long)s.Item2.Length) + delivery.Own.Count;
        byte[] hash = delivery.Hash();
        var manifest = new TableManifest(
            Name, now.Number + 1, mode, Schema.Version, delivery.Rows, (whole ? 0 : now.Rows) + delivery.Rows - lost, name is null ? [] : [name], drops, hash, salt)
        {
            Content = mode == ManifestMode.Compact ? now.Content : now.Number + 1,
        };
        byte[] bytes = manifest.Write();
        if (name is not null)
        {
            _options.Fault?.Invoke(FaultPoint.TableBeforeFolderSync); // Whole, or after a power failure not there: a draft in either case.
            Embedded.Folder.Sync(_folder);
        }

        _options.Fault?.Invoke(FaultPoint.TableBeforeAnswer); // A draft that no fact names.
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this); // Who removes a table lets nobody write to it.
            Segment? segment = name is null ? null : new Segment(_folder, Name, _owner, name, _places);
            _draft = new Draft(manifest, bytes, segment, superseded.ToDictionary(s => s.Item1, s => s.Item2), [.. delivery.Own], delivery.Index, whole);
        }

        delivery.Keep();
        return new TableDraft(bytes, delivery.Rows, hash) { Gone = delivery.Gone };
    }

    /// <summary>
    /// The rows that the new segment says are dead, in ascending order: those that its delivery takes the place of or away, and those in living segments of which only a segment
    /// says so that goes.
    /// </summary>
    static (string Segment, int[] Rows)[] Inherited(TableVersion now, (Segment, int[])[] superseded, TablePart[] dropped, string[] drops)
    {
        var living = now.Parts.Select(p => p.Segment.Name.Name).Except(drops, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. dropped.SelectMany(p => p.Segment.ReadSuperseded(DirectoryOf(p.Segment)))
                .Concat(superseded.Select(s => (Segment: s.Item1.Name.Name, Rows: s.Item2)))
                .Where(s => living.Contains(s.Segment))
                .GroupBy(s => s.Segment, (segment, lists) => (segment, lists.SelectMany(l => l.Rows).Order().ToArray()), StringComparer.Ordinal),
        ];
    }

    Problem? Misfit(TableSchema given)
    {
        if (given.Columns.Count != Schema.Columns.Count)
        {
            return TableProblems.RowsUnfit.Because($"{Name} has {Schema.Columns.Count} columns, and the rows have {given.Columns.Count}.", "Deliver the columns of the dataset in its order.");
        }

        for (int c = 0; c < given.Columns.Count; c++)
        {
            (TableColumn here, TableColumn there) = (Schema.Columns[c], given.Columns[c]);
            if (here.Name != there.Name || here.Type != there.Type)
            {
                return TableProblems.RowsUnfit.Because(
                    $"Column {c + 1} of {Name} is {here.Name} ({here.Type}), and of the rows {there.Name} ({there.Type}).", "Deliver the columns of the dataset in its order.");
            }
        }

        return null;
    }

    string NewName() => string.Create(CultureInfo.InvariantCulture, $"{Now.Number + 1:D8}-{Convert.ToHexStringLower(Random(8))}{Segment.Suffix}");

    byte[] Random(int count)
    {
        byte[] bytes = new byte[count];
        _options.Entropy(bytes);
        return bytes;
    }

    /// <param name="Whole">What was before does not count any more.</param>
    sealed record Draft(TableManifest Manifest, byte[] Bytes, Segment? Segment, Dictionary<Segment, int[]> Superseded, int[] Own, KeyIndex? Index, bool Whole);

    /// <summary>The source of the rows failed, not our disk.</summary>
    sealed class SourceException(IOException cause) : Exception(cause.Message, cause)
    {
        public IOException Cause => cause;
    }

    /// <summary>The rows on their way into a segment.</summary>
    sealed class Delivery : IDisposable
    {
        readonly EmbeddedTable _table;
        readonly ManifestMode _mode;
        readonly byte[]? _key;
        readonly byte[] _wrapped;
        readonly RowHash _hash;
        readonly GroupBuffer _group;
        readonly KeyIndex? _known;
        readonly List<long> _superseded = [];
        readonly long _first;
        SegmentWriter? _writer;
        string _name = "";

        public Delivery(EmbeddedTable table, ManifestMode mode, byte[]? key, byte[] wrapped, byte[] salt)
        {
            (_table, _mode, _key, _wrapped) = (table, mode, key, wrapped);
            _hash = new RowHash(salt);
            TablesOptions options = table._options.Tables;
            int columns = table.Schema.Columns.Count;
            int rows = table.Schema.Key < 0 ? options.GroupRows : Math.Min(options.GroupRows, options.KeyedGroupRows);
            int fitting = Math.Max(1, options.GroupBytes / (8 * columns) / ChunkWriter.BlockRows) * ChunkWriter.BlockRows;
            _group = new GroupBuffer(table.Schema, Math.Min(rows, fitting), options.GroupBytes);
            lock (table._gate)
            {
                (_known, _first) = (mode is ManifestMode.Upsert or ManifestMode.Append ? table._index : null, table._places);
            }

            Index = table.Schema.Key >= 0 ? new KeyIndex(table._seeds) : null;
        }

        public long Rows { get; private set; }

        public long Gone { get; private set; }

        /// <summary>Where the delivery's own keys lie.</summary>
        public KeyIndex? Index { get; }

        /// <summary>Rows of this delivery that a later one of it has the key of, or takes away.</summary>
        public List<int> Own { get; } = [];

        public Problem? Add(RowBatch batch)
        {
            if (batch.Gone)
            {
                return Remove(batch);
            }

            if (Missing(batch) is { } missing)
            {
                return missing;
            }

            if (Index is not null && Keys(batch, Index) is { } taken)
            {
                return taken;
            }

            _hash.Add(batch);
            for (int from = 0; from < batch.Rows;)
            {
                from += _group.Add(batch, from);
                if (_group.Full)
                {
                    Flush();
                }
            }

            Rows += batch.Rows;
            return null;
        }

        /// <summary>The rows of each segment that the delivery takes the place of, or away.</summary>
        public (Segment, int[])[] Superseded(TableVersion now)
        {
            _superseded.Sort();
            return [.. _superseded.GroupBy(now.PartOf).Select(part => (now.Parts[part.Key].Segment, part.Select(place => (int)(place - now.Parts[part.Key].Segment.FirstPlace)).ToArray()))];
        }

        /// <returns>Null where there is nothing to say: no row came, and none went that still lies somewhere.</returns>
        public SegmentName? Finish((string Segment, int[] Rows)[] superseded)
        {
            if (_group.Rows > 0)
            {
                Flush();
            }

            if (_writer is null && superseded.Length == 0)
            {
                return null;
            }

            SegmentWriter writer = Writer();
            List<(string, int[])> all = [.. superseded];
            if (Own.Count > 0)
            {
                Own.Sort();
                all.Add((_name, [.. Own]));
            }

            byte[] hash = writer.Finish(all);
            return new SegmentName(_name, writer.Bytes, Rows, hash);
        }

        public byte[] Hash() => _hash.Finish();

        public void Keep() => _writer?.Keep();

        public void Dispose()
        {
            _writer?.Dispose();
            _hash.Dispose();
        }

        void Flush()
        {
            Writer().Add(_group);
            _group.Clear();
        }

        SegmentWriter Writer() => _writer ??= new SegmentWriter(_table._folder, _table.Name, _name = _table.NewName(), _table.Schema, _key, _wrapped, _table._options.Fault);

        Problem? Remove(RowBatch batch)
        {
            if (Index is null || _mode != ManifestMode.Upsert)
            {
                return TableProblems.RowsUnfit.Because($"Rows of {_table.Name} are taken away in the mode upsert, by their key, and in no other.", "Deliver all rows that there are with mode=replace.");
            }

            ColumnBatch column = batch.Columns[_table.Schema.Key];
            Span<byte> eight = stackalloc byte[8];
            for (int row = 0; row < batch.Rows; row++)
            {
                if (column.IsNull(row))
                {
                    string key = _table.Schema.Columns[_table.Schema.Key].Name;
                    return TableProblems.RowsUnfit.Because($"A row goes that has no {key}: which one of {_table.Name}?", "Give the key, or deliver all rows that there are with mode=replace.") with { Field = key };
                }

                KeyHash hash = Index.Hash(KeyText.Of(column, row, eight));
                long before = Index.Remove(hash);
                if (before >= 0)
                {
                    Own.Add((int)(before - _first));
                }
                else if (before == -1 && _known?.Find(hash) is { } known and >= 0)
                {
                    _superseded.Add(known);
                    Gone++;
                }
            }

            _hash.Add(column, batch.Rows);
            return null;
        }

        Problem? Missing(RowBatch batch)
        {
            for (int c = 0; _mode != ManifestMode.Compact && c < batch.Columns.Length; c++)
            {
                if ((_table.Schema.Columns[c].Nullable && c != _table.Schema.Key) || batch.Columns[c].Nulls is null)
                {
                    continue;
                }

                for (int row = 0; row < batch.Rows; row++)
                {
                    if (batch.Columns[c].IsNull(row))
                    {
                        return TableProblems.RowsUnfit.Because(
                            $"Row {Rows + row + 1} has no value for {_table.Schema.Columns[c].Name}, which every row of {_table.Name} must have.", "Give the value and deliver again; the table is what it was before.") with { Row = Rows + row + 1, Field = _table.Schema.Columns[c].Name };
                    }
                }
            }

            return null;
        }

        Problem? Keys(RowBatch batch, KeyIndex index)
        {
            ColumnBatch column = batch.Columns[_table.Schema.Key];
            Span<byte> eight = stackalloc byte[8];
            for (int row = 0; row < batch.Rows; row++)
            {
                if (column.IsNull(row))
                {
                    continue; // a row from before there was a key
                }

                KeyHash hash = index.Hash(KeyText.Of(column, row, eight));
                long before = index.Put(hash, _first + Rows + row);
                if (before >= 0 && _mode != ManifestMode.Append)
                {
                    Own.Add((int)(before - _first));
                    continue;
                }

                if (before == KeyIndex.Gone)
                {
                    continue; // the row of before went in this delivery
                }

                long known = before >= 0 ? before : _known?.Find(hash) ?? -1;
                if (known >= 0 && _mode == ManifestMode.Append)
                {
                    return TableProblems.RowsUnfit.Because($"Row {Rows + row + 1} has the key of a row that is there already.", $"Deliver in the mode upsert, so that it takes the other's place in {_table.Name}.") with { Row = Rows + row + 1 };
                }

                if (known >= 0)
                {
                    _superseded.Add(known);
                }
            }

            return null;
        }
    }
}
