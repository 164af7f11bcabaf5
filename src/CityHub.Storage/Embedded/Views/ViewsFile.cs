using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Views;

/// <summary>
/// views.db: every view's position and its keyed values, one table for all. synchronous=NORMAL: a power failure may take the last
/// commits, whole ones and in order, never the file; the reader then goes on from the position before, as after any crash.
/// </summary>
internal sealed class ViewsFile : IViews, IDisposable
{
    public const string FileName = "views.db";
    const int ApplicationId = 0x43747656; // "CtvV"
    const int FormatVersion = 1;

    const string Schema = """
        CREATE TABLE views(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, position INTEGER NOT NULL) STRICT;
        CREATE TABLE entries(view INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(view, key)) WITHOUT ROWID, STRICT;
        """;

    readonly HashSet<string> _open = new(StringComparer.Ordinal);
    readonly SqliteDb _db;
    bool _closed;

    ViewsFile(SqliteDb db, EmbeddedOptions options)
    {
        (_db, Options) = (db, options);
        Begin = db.Prepare("BEGIN IMMEDIATE");
        CommitAll = db.Prepare("COMMIT");
        Rollback = db.Prepare("ROLLBACK");
        Put = db.Prepare("INSERT INTO entries(view, key, value) VALUES(?, ?, ?) ON CONFLICT(view, key) DO UPDATE SET value = excluded.value");
        Delete = db.Prepare("DELETE FROM entries WHERE view = ? AND key = ?");
        Clear = db.Prepare("DELETE FROM entries WHERE view = ?");
        Move = db.Prepare("UPDATE views SET position = ? WHERE id = ?");
        Get = db.Prepare("SELECT value FROM entries WHERE view = ? AND key = ?");
        From = db.Prepare("SELECT key, value FROM entries WHERE view = ? AND key >= ? ORDER BY key LIMIT ?");
        After = db.Prepare("SELECT key, value FROM entries WHERE view = ? AND key > ? ORDER BY key LIMIT ?");
    }

    public EmbeddedOptions Options { get; }

    /// <summary>One connection for all views; whoever uses a statement holds this.</summary>
    public Lock Gate { get; } = new();

    public SqliteStatement Begin { get; }

    public SqliteStatement CommitAll { get; }

    public SqliteStatement Rollback { get; }

    public SqliteStatement Put { get; }

    public SqliteStatement Delete { get; }

    public SqliteStatement Clear { get; }

    public SqliteStatement Move { get; }

    public SqliteStatement Get { get; }

    public SqliteStatement From { get; }

    public SqliteStatement After { get; }

    public bool InTransaction => _db.InTransaction;

    /// <param name="head">Of the log: a view beyond it proves that facts are missing.</param>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public static Result<ViewsFile> Open(string folder, long head, EmbeddedOptions options)
    {
        SqliteDb db = SqliteDb.Open(Path.Combine(folder, FileName));
        bool kept = false;
        try
        {
            bool empty = db.Scalar("SELECT count(*) FROM sqlite_schema") == 0;
            if (!empty && (db.Scalar("PRAGMA application_id") != ApplicationId || db.Scalar("PRAGMA user_version") > FormatVersion))
            {
                return FactProblems.StorageUnavailable.Because(
                    $"{db.Path} was not written by this version of CityHub.", "Start the newer version again, or remove the file: views are rebuilt from the log.");
            }

            db.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY");
            if (empty)
            {
                db.Execute($"BEGIN IMMEDIATE; {Schema} PRAGMA application_id={ApplicationId}; PRAGMA user_version={FormatVersion}; COMMIT");
            }

            using (SqliteStatement ahead = db.Prepare("SELECT name, position FROM views WHERE position > ? ORDER BY position DESC").Bind(1, head))
            {
                if (ahead.Step())
                {
                    return FactProblems.StorageDamaged.Because(
                        $"View {ahead.Text(0)} stands at fact {ahead.Long(1)}, but the log ends at {head}: facts are missing.",
                        "Keep a copy of the folder, then restore the last backup.");
                }
            }

            kept = true;
            return new ViewsFile(db, options);
        }
        finally
        {
            if (!kept)
            {
                db.Dispose();
            }
        }
    }

    public IView Open(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        lock (Gate)
        {
            ThrowIfClosed();
            if (!_open.Add(name))
            {
                throw new InvalidOperationException($"View {name} is open already; a view has one reader.");
            }

            using SqliteStatement insert = _db.Prepare("INSERT OR IGNORE INTO views(name, position) VALUES(?, 0)").Bind(1, name);
            insert.Run();
            using SqliteStatement find = _db.Prepare("SELECT id, position FROM views WHERE name = ?").Bind(1, name);
            if (!find.Step())
            {
                throw new StorageException(FactProblems.StorageDamaged.Because($"View {name} in {FileName} cannot be found after it was made."));
            }

            return new View(this, find.Long(0), find.Long(1));
        }
    }

    public void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_closed, this);

    public void Dispose()
    {
        lock (Gate)
        {
            _closed = true;
            _db.Dispose();
        }
    }
}
