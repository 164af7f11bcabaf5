using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Series.Codec;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Series;

/// <summary>
/// series.db: a record for each entity, the closed chunks beside, and the position of the log that all of it is as of. One writer; whoever
/// reads has a connection of his own. The file can always be made anew from the facts.
/// </summary>
internal sealed class SeriesFile : IDisposable
{
    public const string FileName = "series.db";
    public const string Cure = $"Remove {FileName}, its -wal and its -shm: history is rebuilt from the facts.";
    const int ApplicationId = 0x43747953; // "CtyS"
    const int FormatVersion = 1;

    const string Schema = """
        CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), position INTEGER NOT NULL, sequence INTEGER NOT NULL) STRICT;
        INSERT INTO state VALUES(1, 0, 0);
        CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
        CREATE TABLE records(tenant TEXT NOT NULL, entity TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY(tenant, entity)) WITHOUT ROWID, STRICT;
        CREATE TABLE bodies(id INTEGER PRIMARY KEY, summaries BLOB NOT NULL, body BLOB NOT NULL) STRICT;
        """;

    readonly SqliteDb _db;
    readonly ReaderPool<Reader> _readers;
    readonly SqliteStatement _begin, _commit, _rollback, _insert, _put, _delete, _addChunk, _dropChunk, _addName, _move, _changes;

    SeriesFile(SqliteDb db)
    {
        _db = db;
        _readers = new ReaderPool<Reader>(() => new Reader(db.Path));
        Position = db.Scalar("SELECT position FROM state");
        Sequence = db.Scalar("SELECT sequence FROM state");
        LastChunk = db.Scalar("SELECT max(id) FROM bodies");
        _begin = db.Prepare("BEGIN IMMEDIATE");
        _commit = db.Prepare("COMMIT");
        _rollback = db.Prepare("ROLLBACK");
        _insert = db.Prepare("INSERT OR IGNORE INTO records(tenant, entity, record) VALUES(?, ?, ?)");
        _put = db.Prepare("INSERT INTO records(tenant, entity, record) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record");
        _delete = db.Prepare("DELETE FROM records WHERE tenant = ? AND entity = ?");
        _addChunk = db.Prepare("INSERT OR REPLACE INTO bodies(id, summaries, body) VALUES(?, ?, ?)");
        _dropChunk = db.Prepare("DELETE FROM bodies WHERE id = ?");
        _addName = db.Prepare("INSERT INTO names(id, name) VALUES(?, ?)");
        _move = db.Prepare("UPDATE state SET position = ?, sequence = ?");
        _changes = db.Prepare("SELECT changes()");
    }

    public string Path => _db.Path;

    public long Position { get; private set; }

    /// <summary>The last that was given up to <see cref="Position"/>.</summary>
    public long Sequence { get; private set; }

    public long LastChunk { get; }

    /// <param name="head">Of the log: history beyond it proves that facts are missing.</param>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static Result<SeriesFile> Open(string folder, long head, NameTable names)
    {
        SqliteDb db = SqliteDb.Open(System.IO.Path.Combine(folder, FileName));
        bool kept = false;
        try
        {
            bool empty = db.Scalar("SELECT count(*) FROM sqlite_schema") == 0;
            if (!empty && (db.Scalar("PRAGMA application_id") != ApplicationId || db.Scalar("PRAGMA user_version") > FormatVersion))
            {
                return FactProblems.StorageUnavailable.Because($"{db.Path} was not written by this version of CityHub.", $"Start the newer version again. {Cure}");
            }

            // synchronous=NORMAL: a power failure may take the last flushes, whole ones and in order; the log has their facts.
            db.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=16777216");
            if (empty)
            {
                db.Execute($"BEGIN IMMEDIATE; {Schema} PRAGMA application_id={ApplicationId}; PRAGMA user_version={FormatVersion}; COMMIT");
            }

            var file = new SeriesFile(db);
            if (file.Position > head)
            {
                return FactProblems.StorageDamaged.Because(
                    $"The history stands at fact {file.Position}, but the log ends at {head}: facts are missing.", "Keep a copy of the folder, then restore the last backup.");
            }

            using (SqliteStatement all = db.Prepare("SELECT name FROM names ORDER BY id"))
            {
                var known = new List<string>();
                while (all.Step())
                {
                    known.Add(all.Text(0));
                }

                names.Load(known);
            }

            kept = true;
            return file;
        }
        finally
        {
            if (!kept)
            {
                db.Dispose();
            }
        }
    }

    public void Begin() => _begin.Run();

    /// <summary>Writes a record that the file should not have yet; false when it has one.</summary>
    public bool TryAdd(Book book, BookRecord record)
    {
        _insert.Bind(1, book.Tenant).Bind(2, book.Entity).RunWithBlob(3, record.Bytes);
        bool added = _changes.Step() && _changes.Long(0) > 0;
        _changes.Reset();
        return added;
    }

    public void Put(Book book, BookRecord record)
    {
        if (record.Bytes is null)
        {
            _delete.Bind(1, book.Tenant).Bind(2, book.Entity).Run();
        }
        else
        {
            _put.Bind(1, book.Tenant).Bind(2, book.Entity).RunWithBlob(3, record.Bytes);
        }
    }

    public void PutChunks(BookRecord record)
    {
        foreach (Chunk chunk in record.Chunks)
        {
            if (chunk.Held is { } held)
            {
                _addChunk.Bind(1, chunk.Id).Bind(2, held.SummaryBytes).RunWithBlob(3, held.Body);
            }
        }

        foreach (long id in record.Dropped)
        {
            _dropChunk.Bind(1, id).Run();
        }
    }

    public void Commit(long position, long sequence, NameTable names)
    {
        IReadOnlyList<(int Id, string Name)> unsaved = names.Unsaved();
        foreach ((int id, string name) in unsaved)
        {
            _addName.Bind(1, id).Bind(2, name).Run();
        }

        _move.Bind(1, position).Bind(2, sequence).Run();
        _commit.Run();
        names.Saved(unsaved);
        (Position, Sequence) = (position, sequence);
    }

    public void Rollback()
    {
        if (_db.InTransaction)
        {
            _rollback.Run();
        }
    }

    /// <summary>The record of an entity as it was last committed.</summary>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public byte[]? Read(string tenant, string entity) => With($"The history of {entity}", reader => Blob(reader.Find.Bind(1, tenant).Bind(2, entity)));

    /// <summary>The summaries of a chunk; null when it is not in the file.</summary>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public byte[]? ReadSummaries(Line line, Chunk chunk) => With($"The series {line}", reader => Blob(reader.Summaries.Bind(1, chunk.Id)));

    /// <summary>The blocks of a chunk; null when it is not in the file.</summary>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public byte[]? ReadBody(Line line, Chunk chunk) => With($"The series {line}", reader => Blob(reader.Body.Bind(1, chunk.Id)));

    /// <summary>Entities behind one, in order, at most so many.</summary>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public IReadOnlyList<(string Tenant, string Entity)> After(string tenant, string entity, int most) => With("The history", reader =>
    {
        SqliteStatement after = reader.After.Bind(1, tenant).Bind(2, entity).Bind(3, most);
        try
        {
            var found = new List<(string, string)>();
            while (after.Step())
            {
                found.Add((after.Text(0), after.Text(1)));
            }

            return found;
        }
        finally
        {
            after.Reset();
        }
    });

    public static StorageException Failed(string what, SqliteException failure) => new(
        failure.Damaged ? FactProblems.StorageDamaged.Because($"{what} cannot be read or written: {failure.Message}", Cure)
        : failure.DiskFull ? FactProblems.StorageFull.Because($"{what} cannot be written: {failure.Message}", "Free some space; nothing is lost, the facts are in the log.")
        : FactProblems.StorageUnavailable.Because($"{what} cannot be read or written: {failure.Message}"), failure);

    public static StorageException Damaged(Book book, DamageException damage) => new(
        FactProblems.StorageDamaged.Because($"The record of the history of {book.Entity} is damaged: {damage.Message}.", Cure), damage);

    public void Dispose()
    {
        _readers.Dispose();
        _db.Dispose();
    }

    static byte[]? Blob(SqliteStatement select)
    {
        try
        {
            return select.Step() ? select.Blob(0).ToArray() : null;
        }
        finally
        {
            select.Reset();
        }
    }

    T With<T>(string what, Func<Reader, T> use)
    {
        bool sound = false;
        Reader? reader = null;
        try
        {
            reader = _readers.Take();
            T answer = use(reader);
            sound = true;
            return answer;
        }
        catch (SqliteException failure)
        {
            throw Failed(what, failure);
        }
        finally
        {
            if (reader is not null)
            {
                _readers.GiveBack(reader, sound);
            }
        }
    }

    sealed class Reader : IDisposable
    {
        readonly SqliteDb _db;

        public Reader(string path)
        {
            _db = SqliteDb.Open(path, readOnly: true);
            _db.Execute("PRAGMA cache_size=-2048");
            Find = _db.Prepare("SELECT record FROM records WHERE tenant = ? AND entity = ?");
            Summaries = _db.Prepare("SELECT summaries FROM bodies WHERE id = ?");
            Body = _db.Prepare("SELECT body FROM bodies WHERE id = ?");
            After = _db.Prepare("SELECT tenant, entity FROM records WHERE (tenant, entity) > (?, ?) ORDER BY tenant, entity LIMIT ?");
        }

        public SqliteStatement Find { get; }

        public SqliteStatement After { get; }

        public SqliteStatement Summaries { get; }

        public SqliteStatement Body { get; }

        public void Dispose() => _db.Dispose();
    }
}
