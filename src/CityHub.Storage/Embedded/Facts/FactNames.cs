using System.Collections.Concurrent;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>
/// The dictionaries of stream and fact names. The writer gives out ids within a group and takes them back when the group fails;
/// readers resolve ids of committed rows without a lock.
/// </summary>
internal sealed class FactNames
{
    readonly ConcurrentDictionary<string, StreamState> _streams = new(StringComparer.Ordinal);
    readonly Dictionary<string, int> _types = new(StringComparer.Ordinal);
    readonly List<StreamState> _touched = [];
    readonly List<string> _newTypes = [];
    string[] _streamNames = new string[16];
    string[] _typeNames = new string[16];
    int _lastStream;
    int _lastType;

    /// <summary>Streams that the running group appended to.</summary>
    public IReadOnlyList<StreamState> Touched => _touched;

    public IEnumerable<StreamState> Streams => _streams.Values;

    public long VersionOf(string stream) => _streams.TryGetValue(stream, out StreamState? state) ? state.Version : 0;

    public StreamState? Find(string stream) => _streams.GetValueOrDefault(stream);

    public string? StreamName(long id) => NameOf(Volatile.Read(ref _streamNames), id);

    public string? TypeName(long id) => NameOf(Volatile.Read(ref _typeNames), id);

    public void LoadStream(int id, string name, long version)
    {
        _streams[name] = new StreamState(id, name) { Version = version, Next = version };
        Put(ref _streamNames, id, name);
        _lastStream = Math.Max(_lastStream, id);
    }

    public void LoadType(int id, string name)
    {
        _types[name] = id;
        Put(ref _typeNames, id, name);
        _lastType = Math.Max(_lastType, id);
    }

    /// <summary>The stream as the running group sees it; null when it is new (see <see cref="Add"/>).</summary>
    public StreamState Add(string name)
    {
        var state = new StreamState(++_lastStream, name);
        _streams[name] = state;
        Put(ref _streamNames, state.Id, name);
        return state;
    }

    /// <summary>Remembers that the running group appends to the stream.</summary>
    public void Touch(StreamState state)
    {
        if (!state.Touched)
        {
            state.Touched = true;
            _touched.Add(state);
        }
    }

    /// <summary>The id of a fact's type; <paramref name="isNew"/> asks the caller to store it.</summary>
    public int TypeId(string name, out bool isNew)
    {
        isNew = !_types.TryGetValue(name, out int id);
        if (isNew)
        {
            id = ++_lastType;
            _types[name] = id;
            Put(ref _typeNames, id, name);
            _newTypes.Add(name);
        }

        return id;
    }

    /// <summary>The group is durable: its versions are what <see cref="VersionOf"/> answers.</summary>
    public void Keep()
    {
        foreach (StreamState state in _touched)
        {
            state.Version = state.Next;
            state.KeptStretch = state.Stretch;
            state.Touched = false;
        }

        _touched.Clear();
        _newTypes.Clear();
    }

    /// <summary>The group was rolled back: everything it gave out is taken back.</summary>
    public void Undo()
    {
        foreach (StreamState state in _touched)
        {
            state.Next = state.Version;
            state.Stretch = state.KeptStretch;
            state.Touched = false;
            if (state.Version == 0)
            {
                _streams.TryRemove(state.Name, out _);
                _lastStream = Math.Min(_lastStream, state.Id - 1);
            }
        }

        foreach (string type in _newTypes)
        {
            if (_types.Remove(type, out int id))
            {
                _lastType = Math.Min(_lastType, id - 1);
            }
        }

        _touched.Clear();
        _newTypes.Clear();
    }

    static string? NameOf(string[] names, long id) => (ulong)id < (ulong)names.Length ? names[id] : null;

    static void Put(ref string[] names, int id, string name)
    {
        string[] now = names;
        if (id >= now.Length)
        {
            Array.Resize(ref now, Math.Max(id + 1, now.Length * 2));
        }

        now[id] = name;
        Volatile.Write(ref names, now);
    }
}

/// <summary>Where one stream stands: for everyone (<see cref="Version"/>) and for the writer in the middle of a group.</summary>
internal sealed class StreamState(int id, string name)
{
    long _version;

    public int Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>Durable.</summary>
    public long Version
    {
        get => Volatile.Read(ref _version);
        set => Volatile.Write(ref _version, value);
    }

    /// <summary>Version after what the running group has inserted so far.</summary>
    public long Next { get; set; }

    /// <summary>The last stretch of the log that is noted for this stream, see <see cref="FactFile.StretchBits"/>.</summary>
    public long Stretch { get; set; } = -1;

    public long KeptStretch { get; set; } = -1;

    public bool Touched { get; set; }
}
