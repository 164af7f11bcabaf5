using System.Runtime.InteropServices;
using System.Text;

namespace CityHub.Storage.Embedded.Sqlite;

/// <summary>One connection to one SQLite file, used by one thread at a time (opened without a mutex of its own).</summary>
internal sealed unsafe class SqliteDb : IDisposable
{
    readonly List<SqliteStatement> _statements = [];
    nint _db;
    int* _frames;

    SqliteDb(string path, nint db) => (Path, _db) = (path, db);

    public string Path { get; }

    /// <summary>Frames in the write-ahead log after the last commit of this connection; see <see cref="WatchWal"/>.</summary>
    public int WalFrames => _frames == null ? 0 : *_frames;

    /// <exception cref="SqliteException">The file cannot be opened, or is not a database.</exception>
    public static SqliteDb Open(string path, bool readOnly = false, bool create = true)
    {
        int flags = Native.OpenNoMutex | Native.OpenExtendedResultCodes
            | (readOnly ? Native.OpenReadOnly : create ? Native.OpenReadWrite | Native.OpenCreate : Native.OpenReadWrite);
        int code = Native.sqlite3_open_v2(path, out nint handle, flags, 0);
        var db = new SqliteDb(path, handle);
        if (code != Native.Ok)
        {
            SqliteException failure = db.Failure(code);
            db.Dispose();
            throw failure;
        }

        _ = Native.sqlite3_busy_timeout(handle, 10_000);
        return db;
    }

    /// <summary>Compiles one statement; it is finalized with the connection.</summary>
    public SqliteStatement Prepare(string sql)
    {
        byte[] text = Encoding.UTF8.GetBytes(sql);
        nint statement;
        fixed (byte* p = text)
        {
            Check(Native.sqlite3_prepare_v3(_db, p, text.Length, Native.PreparePersistent, out statement, out _));
        }

        var prepared = new SqliteStatement(this, statement);
        _statements.Add(prepared);
        return prepared;
    }

    /// <summary>Runs a script of statements; rows are read past.</summary>
    public void Execute(string sql)
    {
        byte[] text = Encoding.UTF8.GetBytes(sql);
        fixed (byte* start = text)
        {
            byte* p = start, end = start + text.Length;
            while (p < end)
            {
                Check(Native.sqlite3_prepare_v3(_db, p, (int)(end - p), 0, out nint statement, out byte* tail));
                p = tail;
                if (statement == 0)
                {
                    continue; // white space or a comment
                }

                int code;
                do
                {
                    code = Native.sqlite3_step(statement);
                }
                while (code == Native.Row);
                SqliteException? failure = code == Native.Done ? null : Failure(code);
                _ = Native.sqlite3_finalize(statement);
                if (failure is not null)
                {
                    throw failure;
                }
            }
        }
    }

    /// <summary>The first column of the first row as a number; 0 when there is none or it is null.</summary>
    public long Scalar(string sql)
    {
        SqliteStatement statement = Prepare(sql);
        try
        {
            return statement.Step() ? statement.Long(0) : 0;
        }
        finally
        {
            _statements.Remove(statement);
            statement.Dispose();
        }
    }

    /// <summary>True inside BEGIN … COMMIT. SQLite rolls back by itself on some errors.</summary>
    public bool InTransaction => Native.sqlite3_get_autocommit(_db) == 0;

    /// <summary>From now on <see cref="WalFrames"/> follows the commits; SQLite no longer checkpoints by itself.</summary>
    public void WatchWal()
    {
        if (_frames == null)
        {
            _frames = (int*)NativeMemory.AllocZeroed(sizeof(int));
        }

        _ = Native.sqlite3_wal_hook(_db, &Native.WriteFrames, _frames);
    }

    /// <summary>Keeps the write-ahead log file when the last connection closes, so that its blocks stay allocated.</summary>
    public void PersistWal()
    {
        int on = 1;
        Check(Native.sqlite3_file_control(_db, null, Native.FileControlPersistWal, &on));
    }

    /// <summary>Moves what it can from the write-ahead log into the database without waiting for readers.</summary>
    /// <returns>Whether everything was moved, so that the next commit begins the log anew.</returns>
    public bool Checkpoint(int mode = Native.CheckpointPassive)
    {
        int code = Native.sqlite3_wal_checkpoint_v2(_db, null, mode, out int frames, out int done);
        if ((code & 0xff) == Native.Busy)
        {
            return false;
        }

        Check(code);
        return frames == done;
    }

    public void Check(int code)
    {
        if (code != Native.Ok)
        {
            throw Failure(code);
        }
    }

    public SqliteException Failure(int code)
    {
        string message = _db == 0 ? "no memory" : Marshal.PtrToStringUTF8((nint)Native.sqlite3_errmsg(_db)) ?? "";
        int errno = _db == 0 || (code & 0xff) is not (Native.IoError or Native.CannotOpen or Native.Full) ? 0 : Native.sqlite3_system_errno(_db);
        return new SqliteException(code, $"{message} [{System.IO.Path.GetFileName(Path)}]", errno);
    }

    public void Dispose()
    {
        foreach (SqliteStatement statement in _statements)
        {
            statement.Dispose();
        }

        _statements.Clear();
        if (_db != 0)
        {
            _ = Native.sqlite3_close_v2(_db);
            _db = 0;
        }

        if (_frames != null)
        {
            NativeMemory.Free(_frames);
            _frames = null;
        }
    }
}
