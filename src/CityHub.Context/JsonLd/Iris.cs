using System.Collections.Concurrent;
using System.Text;

namespace CityHub.Context.JsonLd;

/// <summary>
/// Interns IRIs to dense int32 ids of this process (never stored: facts and snapshots carry the text). Append-only, lock-free reads.
/// </summary>
public static class Iris
{
    private static readonly ConcurrentDictionary<string, int> Ids = new(StringComparer.Ordinal);
    private static readonly Lock Gate = new();
    private static volatile Entry[] _entries = new Entry[1024];
    private static int _count;

    public static int Count => Volatile.Read(ref _count);

    /// <summary>The id of an IRI; the same text always has the same id.</summary>
    public static int Intern(string iri)
    {
        if (Ids.TryGetValue(iri, out var id))
            return id;
        lock (Gate)
        {
            if (Ids.TryGetValue(iri, out id))
                return id;
            id = _count;
            if (id == _entries.Length)
            {
                var larger = new Entry[_entries.Length * 2];
                Array.Copy(_entries, larger, _entries.Length);
                _entries = larger;
            }

            _entries[id] = new Entry(iri, Encoding.UTF8.GetBytes(iri));
            Volatile.Write(ref _count, id + 1);
            Ids[iri] = id;
            return id;
        }
    }

    /// <summary>The id when the IRI has been seen before. A query for a word that no entity uses matches nothing and must not fill the table.</summary>
    public static bool TryFind(string iri, out int id) => Ids.TryGetValue(iri, out id);

    public static string Text(int id) => _entries[id].Text;

    public static ReadOnlySpan<byte> Utf8(int id) => _entries[id].Utf8;

    private readonly record struct Entry(string Text, byte[] Utf8);
}
