using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>facts.db as the writer sees it: schema, and one group's transaction.</summary>
internal sealed class FactFile : IDisposable
{
    public const string FileName = "facts.db";

    /// <summary>
    /// The log in stretches of 256 positions: `stretches` notes in which of them a stream has facts. Reading one stream looks only
    /// there; a stream with most of the facts costs one index row in 256 facts, where an index over every fact would halve the
    /// rate of the log.
    /// </summary>
    public const int StretchBits = 8;

    /// <summary>"CtyH", so that `file` and a stray connection know what this is.</summary>
    const int ApplicationId = 0x43747948;
    const int FormatVersion = 2;

    const string Schema = """
        CREATE TABLE facts(
            position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, version INTEGER NOT NULL, type INTEGER NOT NULL,
            at INTEGER NOT NULL, row_check INTEGER NOT NULL, salt BLOB NOT NULL, payload BLOB NOT NULL) STRICT;
        CREATE TABLE streams(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL) STRICT;
        CREATE TABLE types(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE stretches(stream INTEGER NOT NULL, stretch INTEGER NOT NULL, PRIMARY KEY(stream, stretch)) WITHOUT ROWID, STRICT;
        """;

    readonly SqliteDb _db;
    readonly FactNames _names;
    readonly SqliteStatement _begin, _commit, _rollback, _insert, _stream, _type, _stretch;

    FactFile(SqliteDb db, FactNames names)
    {
        (_db, _names) = (db, names);
        _begin = db.Prepare("BEGIN IMMEDIATE");
        _commit = db.Prepare("COMMIT");
        _rollback = db.Prepare("ROLLBACK");
        _insert = db.Prepare("INSERT INTO facts(position, stream, version, type, at, row_check, salt, payload) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
        _stream = db.Prepare("INSERT INTO streams(id, name, version) VALUES(?, ?, ?) ON CONFLICT(id) DO UPDATE SET version = excluded.version");
        _type = db.Prepare("INSERT INTO types(id, name) VALUES(?, ?)");
        _stretch = db.Prepare("INSERT OR IGNORE INTO stretches(stream, stretch) VALUES(?, ?)");
    }

    public string Path => _db.Path;

    public int WalFrames => _db.WalFrames;

    /// <summary>Position and time of the last fact at the time of opening.</summary>
    public (long Position, long At) Last { get; private set; }

    /// <summary>
    /// Opens or makes the file, lets SQLite repair a torn tail, and checks the last <see cref="EmbeddedOptions.TailFacts"/> facts.
    /// </summary>
    /// <exception cref="SqliteException">The file cannot be opened or is no database.</exception>
    public static Result<FactFile> Open(string folder, FactNames names, EmbeddedOptions options)
    {
        string path = System.IO.Path.Combine(folder, FileName);
        if (WalScan.Check(path) is { } lost)
        {
            return lost;
        }

        SqliteDb db = SqliteDb.Open(path);
        bool kept = false;
        try
        {
            if (Prepare(db, options) is { } problem)
            {
                return problem;
            }

            var file = new FactFile(db, names);
            file.LoadNames();
            options.Fault?.Invoke(FaultPoint.OpenBeforeTailCheck); // A crash here leaves what was there: opening has not written a fact.
            if (file.CheckTail(options.TailFacts) is { } damage)
            {
                return damage;
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

    static Problem? Prepare(SqliteDb db, EmbeddedOptions options)
    {
        long format = db.Scalar("PRAGMA user_version");
        long application = db.Scalar("PRAGMA application_id");
        bool empty = db.Scalar("SELECT count(*) FROM sqlite_schema") == 0;
        if (!empty && application != ApplicationId)
        {
            return FactProblems.StorageDamaged.Because($"{db.Path} is a SQLite database, but not a fact log.", "Give CityHub a folder of its own.");
        }

        if (format > FormatVersion)
        {
            return FactProblems.StorageUnavailable.Because(
                $"{db.Path} was written by a newer CityHub (format {format}; this one knows {FormatVersion}).", "Start the newer version again.");
        }

        if (!empty && format < FormatVersion)
        {
            return FactProblems.StorageUnavailable.Because(
                $"{db.Path} was written by a CityHub before its first release (format {format}; this one knows {FormatVersion}): its facts have no salts.",
                "Give CityHub a new folder and read the sources in again.");
        }

        // synchronous=FULL: COMMIT returns after the fsync of the write-ahead log. The writer checkpoints itself (WatchWal).
        db.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY");
        db.WatchWal();
        db.PersistWal();
        if (empty)
        {
            options.Fault?.Invoke(FaultPoint.OpenBeforeSchema); // A crash here leaves an empty database; the next start makes the tables.
            db.Execute($"BEGIN IMMEDIATE; {Schema} PRAGMA application_id={ApplicationId}; PRAGMA user_version={FormatVersion}; COMMIT");
        }

        return null;
    }

    /// <summary>
    /// Writes zeros behind the end of the write-ahead log until it has its working size. SQLite takes them for the end of the log
    /// (their salt is not the header's), and its commits overwrite blocks that exist instead of growing the file. What was recovered
    /// moves into the database first: the next commit begins the log anew, and <see cref="WalScan"/> never meets two torn ends.
    /// Before the first commit, on the log's thread: the start does not wait for it (20 ms).
    /// </summary>
    public void LayOutWal(int bytes)
    {
        try
        {
            _db.Checkpoint();
        }
        catch (SqliteException full) when (full.DiskFull)
        {
            return; // The hub starts all the same: it can be read, and says what it lacks at the first write.
        }

        using var wal = new FileStream(_db.Path + "-wal", FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        if (wal.Length >= bytes)
        {
            return;
        }

        try
        {
            byte[] zeros = new byte[1 << 20];
            for (wal.Seek(0, SeekOrigin.End); wal.Length < bytes;)
            {
                wal.Write(zeros, 0, (int)Math.Min(zeros.Length, bytes - wal.Length));
            }

            wal.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // No room to lay out: the log is slower, and says so itself when there is none for a fact.
        }
    }

    void LoadNames()
    {
        using (SqliteStatement streams = _db.Prepare("SELECT id, name, version FROM streams"))
        {
            while (streams.Step())
            {
                _names.LoadStream((int)streams.Long(0), streams.Text(1), streams.Long(2));
            }
        }

        using SqliteStatement types = _db.Prepare("SELECT id, name FROM types");
        while (types.Step())
        {
            _names.LoadType((int)types.Long(0), types.Text(1));
        }
    }

    /// <summary>The last facts check, are gapless, and the versions of their streams agree.</summary>
    Problem? CheckTail(int count)
    {
        long head = _db.Scalar("SELECT max(position) FROM facts");
        if (head == 0)
        {
            return null;
        }

        if (_db.Scalar("SELECT min(position) FROM facts") is var first && first != 1)
        {
            return RowReader.Damaged(1, $"the log begins at position {first}");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        using SqliteStatement rows = _db.Prepare($"{RowReader.Columns} WHERE position > ? ORDER BY position DESC");
        rows.Bind(1, head - count);
        for (long expected = head; rows.Step(); expected--)
        {
            if (RowReader.Read(rows, _names, expected, out Fact fact) is { } problem)
            {
                return problem;
            }

            if (expected == head)
            {
                Last = (head, fact.At.UtcTicks);
            }

            if (seen.Add(fact.Stream) && _names.VersionOf(fact.Stream) != fact.Version)
            {
                return RowReader.Damaged(expected, $"stream {fact.Stream} stands at version {_names.VersionOf(fact.Stream)}, its last fact at {fact.Version}");
            }
        }

        return null;
    }

    public void Begin() => _begin.Run();

    /// <summary>Stores one fact; new names of streams and types go with it.</summary>
    public void Insert(StreamState stream, in Fact fact)
    {
        int type = _names.TypeId(fact.Type, out bool newType);
        if (newType)
        {
            _type.Bind(1, type).Bind(2, fact.Type).Run();
        }

        long stretch = fact.Position >> StretchBits;
        if (stretch != stream.Stretch)
        {
            _stretch.Bind(1, stream.Id).Bind(2, stretch).Run();
            stream.Stretch = stretch;
        }

        ReadOnlySpan<byte> payload = fact.Payload.Span;
        long at = fact.At.UtcTicks;
        _insert.Bind(1, fact.Position)
            .Bind(2, stream.Id)
            .Bind(3, fact.Version)
            .Bind(4, type)
            .Bind(5, at)
            .Bind(6, RowCheck.Of(fact.Position, stream.Id, fact.Version, type, at, fact.Salt.Span, payload))
            .Bind(7, fact.Salt.Span)
            .RunWithBlob(8, payload);
    }

    /// <summary>Writes the versions of the streams that the group touched.</summary>
    public void InsertVersions()
    {
        foreach (StreamState stream in _names.Touched)
        {
            _stream.Bind(1, stream.Id).Bind(2, stream.Name).Bind(3, stream.Next).Run();
        }
    }

    public void Commit() => _commit.Run();

    /// <summary>Some errors have rolled back already.</summary>
    public void Rollback()
    {
        if (_db.InTransaction)
        {
            _rollback.Run();
        }
    }

    /// <returns>Whether the whole write-ahead log was moved into the database.</returns>
    public bool Checkpoint() => _db.Checkpoint();

    public void Dispose() => _db.Dispose();
}
