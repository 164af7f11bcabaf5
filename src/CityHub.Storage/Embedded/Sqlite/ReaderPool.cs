using System.Collections.Concurrent;

namespace CityHub.Storage.Embedded.Sqlite;

/// <summary>Connections for reading, each used by one caller at a time: as many as ever read at once.</summary>
internal sealed class ReaderPool<T>(Func<T> open) : IDisposable
    where T : class, IDisposable
{
    readonly ConcurrentBag<T> _idle = [];
    volatile bool _closed;

    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public T Take()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return _idle.TryTake(out T? idle) ? idle : open();
    }

    /// <param name="sound">False after a failure: the connection is not used again.</param>
    public void GiveBack(T reader, bool sound)
    {
        if (sound && !_closed)
        {
            _idle.Add(reader);
        }
        else
        {
            reader.Dispose();
        }
    }

    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out T? reader))
        {
            reader.Dispose();
        }
    }
}
