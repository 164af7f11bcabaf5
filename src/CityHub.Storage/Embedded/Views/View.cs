using CityHub.Core.Facts;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Views;

/// <summary>One reader's part of views.db.</summary>
internal sealed class View(ViewsFile file, long id, long position) : IView
{
    const int PageEntries = 256;

    long _position = position;

    public long Position => Volatile.Read(ref _position);

    public ReadOnlyMemory<byte>? Get(string key)
    {
        lock (file.Gate)
        {
            file.ThrowIfClosed();
            SqliteStatement get = file.Get.Bind(1, id).Bind(2, key);
            try
            {
                return get.Step() ? get.Blob(0).ToArray() : default(ReadOnlyMemory<byte>?);
            }
            finally
            {
                get.Reset();
            }
        }
    }

    /// <remarks>Reads in pages: what is committed between two pages is seen or not, key by key.</remarks>
    public IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Scan(string from = "", string? prefix = null)
    {
        prefix ??= "";
        var page = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        string start = Utf8Order.Compare(prefix, from) > 0 ? prefix : from;
        for (bool first = true; first || page.Count == PageEntries; first = false)
        {
            ReadPage(page, first ? file.From : file.After, start);
            foreach (KeyValuePair<string, ReadOnlyMemory<byte>> entry in page)
            {
                if (!entry.Key.StartsWith(prefix, StringComparison.Ordinal))
                {
                    yield break;
                }

                yield return entry;
            }

            start = page.Count == 0 ? start : page[^1].Key;
        }
    }

    public void Commit(long position, IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>?>> changes)
    {
        if (position < Position)
        {
            throw new ArgumentOutOfRangeException(nameof(position), position, $"A view's position never goes back (it stands at {Position}); Reset() begins anew.");
        }

        InTransaction(() =>
        {
            file.Options.Fault?.Invoke(FaultPoint.ViewBeforeChanges); // A crash here leaves the view as it was; its reader reads again from its position.
            foreach ((string key, ReadOnlyMemory<byte>? value) in changes)
            {
                if (value is { } bytes)
                {
                    file.Put.Bind(1, id).Bind(2, key).RunWithBlob(3, bytes.Span);
                }
                else
                {
                    file.Delete.Bind(1, id).Bind(2, key).Run();
                }
            }

            file.Move.Bind(1, position).Bind(2, id).Run();
            file.Options.Fault?.Invoke(FaultPoint.ViewBeforeCommit); // The same.
        });
        Volatile.Write(ref _position, position);
        file.Options.Fault?.Invoke(FaultPoint.ViewAfterCommit); // Effect and position are both there: its reader goes on after it.
    }

    public void Reset()
    {
        InTransaction(() =>
        {
            file.Clear.Bind(1, id).Run();
            file.Move.Bind(1, 0).Bind(2, id).Run();
        });
        Volatile.Write(ref _position, 0);
    }

    void InTransaction(Action changes)
    {
        lock (file.Gate)
        {
            file.ThrowIfClosed();
            bool committed = false;
            file.Begin.Run();
            try
            {
                changes();
                file.CommitAll.Run();
                committed = true;
            }
            finally
            {
                if (!committed && file.InTransaction)
                {
                    file.Rollback.Run();
                }
            }
        }
    }

    void ReadPage(List<KeyValuePair<string, ReadOnlyMemory<byte>>> page, SqliteStatement rows, string start)
    {
        page.Clear();
        lock (file.Gate)
        {
            file.ThrowIfClosed();
            rows.Bind(1, id).Bind(2, start).Bind(3, PageEntries);
            try
            {
                while (rows.Step())
                {
                    page.Add(new(rows.Text(0), rows.Blob(1).ToArray()));
                }
            }
            finally
            {
                rows.Reset();
            }
        }
    }
}
