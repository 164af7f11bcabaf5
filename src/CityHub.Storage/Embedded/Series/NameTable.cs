using System.Collections.Concurrent;

namespace CityHub.Storage.Embedded.Series;

/// <summary>Names of attributes as small numbers, first come first numbered; the file has them all before it has a record that uses one.</summary>
internal sealed class NameTable
{
    readonly ConcurrentDictionary<string, int> _ids = new(StringComparer.Ordinal);
    readonly Lock _gate = new();
    volatile string[] _names = new string[64];
    int _count, _saved;

    /// <summary>Read from the file.</summary>
    public void Load(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            IdOf(name);
        }

        _saved = _count;
    }

    public int IdOf(string name)
    {
        if (_ids.TryGetValue(name, out int known))
        {
            return known;
        }

        lock (_gate)
        {
            if (_ids.TryGetValue(name, out known))
            {
                return known;
            }

            if (_count == _names.Length)
            {
                string[] wider = _names;
                Array.Resize(ref wider, _count * 2);
                _names = wider;
            }

            _names[_count] = name;
            _ids[name] = _count;
            return _count++;
        }
    }

    public string? Find(int id) => id < Volatile.Read(ref _count) ? _names[id] : null;

    /// <summary>Those that the file does not have yet, with their ids.</summary>
    public IReadOnlyList<(int Id, string Name)> Unsaved()
    {
        lock (_gate)
        {
            return [.. Enumerable.Range(_saved, _count - _saved).Select(id => (id, _names[id]))];
        }
    }

    public void Saved(IReadOnlyList<(int Id, string Name)> names) => _saved += names.Count;
}
