using System.Text;

namespace CityHub.Storage.Embedded.Sqlite;

/// <summary>A prepared statement. Indexes of parameters begin at 1, of columns at 0, as in SQLite.</summary>
internal sealed unsafe class SqliteStatement(SqliteDb db, nint statement) : IDisposable
{
    /// <summary>Half a surrogate pair is no text: replacing it would make two keys one.</summary>
    public static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    nint _statement = statement;

    public SqliteStatement Bind(int index, long value)
    {
        db.Check(Native.sqlite3_bind_int64(_statement, index, value));
        return this;
    }

    /// <summary>SQLite copies the text.</summary>
    /// <exception cref="ArgumentException">The text has half a surrogate pair in it.</exception>
    public SqliteStatement Bind(int index, string value)
    {
        int max = Strict.GetMaxByteCount(value.Length);
        Span<byte> utf8 = max <= 512 ? stackalloc byte[512] : new byte[max];
        int length = Strict.GetBytes(value, utf8);
        fixed (byte* p = utf8)
        {
            db.Check(Native.sqlite3_bind_text(_statement, index, p, length, -1));
        }

        return this;
    }

    /// <summary>SQLite copies the bytes.</summary>
    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        fixed (byte* p = value)
        {
            byte none;
            db.Check(Native.sqlite3_bind_blob64(_statement, index, p == null ? &none : p, (ulong)value.Length, -1));
        }

        return this;
    }

    /// <summary>Advances to the next row; false at the end.</summary>
    public bool Step()
    {
        int code = Native.sqlite3_step(_statement);
        return code switch
        {
            Native.Row => true,
            Native.Done => false,
            _ => throw Fail(code),
        };
    }

    /// <summary>Runs a statement that returns no rows and makes it ready for the next use.</summary>
    public void Run()
    {
        int code = Native.sqlite3_step(_statement);
        if (code is not (Native.Done or Native.Row))
        {
            throw Fail(code);
        }

        _ = Native.sqlite3_reset(_statement);
    }

    /// <summary>Runs with the last parameter left where it is in memory: no copy of the payload (8 % of a row of 300 bytes).</summary>
    public void RunWithBlob(int index, ReadOnlySpan<byte> value)
    {
        fixed (byte* p = value)
        {
            byte none;
            db.Check(Native.sqlite3_bind_blob64(_statement, index, p == null ? &none : p, (ulong)value.Length, 0));
            Run();
        }
    }

    public void Reset() => _ = Native.sqlite3_reset(_statement);

    public long Long(int column) => Native.sqlite3_column_int64(_statement, column);

    /// <summary>Valid until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column)
    {
        byte* p = Native.sqlite3_column_blob(_statement, column);
        return new ReadOnlySpan<byte>(p, p == null ? 0 : Native.sqlite3_column_bytes(_statement, column));
    }

    public string Text(int column) => Encoding.UTF8.GetString(Blob(column));

    SqliteException Fail(int code)
    {
        SqliteException failure = db.Failure(code);
        _ = Native.sqlite3_reset(_statement);
        return failure;
    }

    public void Dispose()
    {
        if (_statement != 0)
        {
            _ = Native.sqlite3_finalize(_statement);
            _statement = 0;
        }
    }
}
