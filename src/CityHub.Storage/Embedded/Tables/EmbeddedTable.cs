using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>
/// One table: its versions, its readers and its writer. What a version is, manifests say; which rows are superseded and where a key's row lies is read from the segments
/// when the table is first used, and forgotten with the keys when its owner locks it.
/// </summary>
internal sealed partial class EmbeddedTable : ITable, IDisposable
{
    readonly Lock _gate = new();
    readonly string _folder;
    readonly string? _owner;
    readonly EmbeddedOptions _options;
    readonly IDataKeys _keys;
    readonly ChunkCache _cache;
    readonly ulong[] _seeds;
    TableVersion _now;
    KeyIndex? _index;
    Projection? _last;
    byte[]? _probe;
    long _places;

    /// <summary>The segments of this version have their keys and directories.</summary>
    bool _opened;

    bool _closed;

    EmbeddedTable(string folder, string name, TableSchema schema, string? owner, EmbeddedOptions options)
    {
        (_folder, Name, Schema, _owner, _options, _keys) = (folder, name, schema, owner, options, options.Tables.Keys);
        _cache = new ChunkCache(options.Tables.CacheBytes);
        _seeds = KeyIndex.Seeds(options.Entropy);
        _now = new TableVersion(0, 0, [], Known: true);
    }

    public string Name { get; }

    public TableSchema Schema { get; }

    public string? Owner => _owner;

    public long Version => Now.Number;

    public long Content => Now.Content;

    public long Rows => Now.Rows;

    public bool Locked => _owner is not null && Ready(index: false)?.Kind == TableProblems.Locked;

    /// <summary>Rows on disk that a later row took the place of; as far as is known.</summary>
    public long Superseded => Now is var now ? now.Written - now.Rows : 0;

    TableVersion Now
    {
        get
        {
            lock (_gate)
            {
                return _now;
            }
        }
    }

    /// <summary>The table as its manifests say, and nothing else in its folder.</summary>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static Result<EmbeddedTable> Open(string folder, string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests, EmbeddedOptions options)
    {
        if (!Living(name, manifests).TryGet(out (List<SegmentName> Segments, TableManifest? Last) living, out Problem? refused))
        {
            return refused;
        }

        var table = new EmbeddedTable(folder, name, schema, owner, options);
        (List<SegmentName> live, TableManifest? last) = living;
        Embedded.Folder.Create(folder);
        foreach (SegmentName segment in live)
        {
            if (new Segment(folder, name, owner, segment, 0).Present() is { } missing)
            {
                return missing;
            }
        }

        options.Fault?.Invoke(FaultPoint.TableBeforeTidy); // Files that no manifest needs; the next start removes them.
        var named = live.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(folder, "*" + Segment.Suffix))
        {
            if (!named.Contains(Path.GetFileName(path)))
            {
                File.Delete(path);
            }
        }

        if (last is not null)
        {
            TablePart[] parts = [.. live.Select(s => new TablePart(table.NewSegment(s), null, 0))];
            table._now = new TableVersion(last.Version, last.Total, parts, Known: false) { Content = last.Content };
            if (table._now.Written == last.Total)
            {
                table._now = table._now with { Known = true }; // every row is alive
            }
        }

        return table;
    }

    /// <summary>Whether the last of these manifests is what it has.</summary>
    public bool IsAt(IReadOnlyList<ReadOnlyMemory<byte>> manifests) =>
        manifests.Count == 0 ? Version == 0 : TableManifest.Read(Name, manifests[^1]).TryGet(out TableManifest? last, out _) && last.Version == Version;

    /// <summary>Every byte of every segment against the hashes of the manifests; needs no key and changes nothing.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Problem? Check(string folder, string name, IReadOnlyList<ReadOnlyMemory<byte>> manifests) =>
        Living(name, manifests).TryGet(out (List<SegmentName> Segments, TableManifest? Last) living, out Problem? refused)
            ? living.Segments.Select(s => new Segment(folder, name, null, s, 0).CheckBytes()).FirstOrDefault(damage => damage is not null)
            : refused;

    /// <summary>What the owner's key opened leaves the memory.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            if (_owner is null)
            {
                return;
            }

            foreach (TablePart part in _now.Parts)
            {
                part.Segment.Forget();
            }

            (_opened, _index, _probe) = (false, null, null);
            _cache.Clear();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            foreach (TablePart part in _now.Parts)
            {
                part.Segment.Release();
            }

            _draft?.Segment?.Release();
            _index = null;
            _cache.Clear();
        }
    }

    /// <summary>Null where the owner has unlocked its data, or there is no owner.</summary>
    internal Problem? Refusal()
    {
        if (_owner is null)
        {
            return null;
        }

        // A wrapped nothing tells whether the key is at hand. It is wrapped once: a key may wrap 2^32 times (NIST SP 800-38D, 8.3).
        byte[]? probe = _probe;
        if (probe is not null && _keys.Unwrap(_owner, probe) is not null)
        {
            return null;
        }

        probe = _keys.Wrap(_owner, "probe"u8);
        Forget();
        if (probe is null)
        {
            return TableProblems.LockedBy(Name, _owner, wrongKey: false);
        }

        _probe = probe;
        return null;
    }

    /// <summary>Makes ready for reading: keys, directories, superseded rows, and the index where it is asked for.</summary>
    Problem? Ready(bool index)
    {
        if (Refusal() is { } locked)
        {
            return locked;
        }

        lock (_gate)
        {
            return ReadyHere(index);
        }
    }

    Problem? ReadyHere(bool index)
    {
        if (_closed)
        {
            return TableProblems.Superseded.Because($"Other rows took the place of {Name} while it was asked for.", "Ask again: the new ones are there.");
        }

        if (_opened && (!index || _index is not null))
        {
            return null;
        }

        try
        {
            foreach (TablePart part in _opened ? [] : _now.Parts)
            {
                if (part.Segment.Open(_keys, Schema) is { } refused)
                {
                    return refused;
                }
            }

            _opened = true;
            _now = _now.Known ? _now : Marked(_now);
            _index = index && _index is null ? Indexed(_now) : _index;
            return null;
        }
        catch (StorageException refused)
        {
            return refused.Problem;
        }
    }

    /// <summary>Reads from the segments which rows they superseded.</summary>
    TableVersion Marked(TableVersion version)
    {
        TablePart[] parts = [.. version.Parts];
        var byName = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int p = 0; p < parts.Length; p++)
        {
            Segment segment = parts[p].Segment;
            byName.Add(segment.Name.Name, p);
            foreach ((string name, int[] rows) in segment.ReadSuperseded(DirectoryOf(segment)))
            {
                if (byName.TryGetValue(name, out int at)) // otherwise dropped
                {
                    if (rows.Length > 0 && rows[^1] >= parts[at].Segment.Rows)
                    {
                        throw segment.Damaged("it supersedes rows that are not there");
                    }

                    parts[at] = parts[at].Without(rows);
                }
            }
        }

        version = version with { Parts = parts, Known = true };
        if (version.Alive > version.Rows && Schema.Key >= 0)
        {
            // Earlier releases dropped segments with their lists. Of the rows with one key the last is the living one.
            var dead = new List<long>();
            Indexed(version, dead);
            ILookup<int, long> byPart = dead.ToLookup(version.PartOf);
            version = version with { Parts = [.. parts.Select((part, p) => part.Without(byPart[p].Select(place => (int)(place - part.Segment.FirstPlace))))] };
        }

        return version.Alive == version.Rows ? version
            : throw new StorageException(TableProblems.Damaged(parts[0].Segment.Name.Name, $"the table has {version.Alive} rows where its manifest says {version.Rows}"));
    }

    /// <param name="earlier">Given the places of rows that a later one has the key of.</param>
    KeyIndex Indexed(TableVersion version, List<long>? earlier = null)
    {
        var index = new KeyIndex(_seeds, (int)Math.Min(version.Rows, 1 << 28));
        var column = new ColumnBatch(Schema.Columns[Schema.Key].Type) { Integers = new long[RowBatch.Usual], Numbers = new double[RowBatch.Usual], Offsets = new int[RowBatch.Usual + 1] };
        ulong[] spare = new ulong[RowBatch.Usual / 64];
        Span<byte> eight = stackalloc byte[8];
        byte[] bytes = [];
        var chunk = new Chunk();
        foreach (TablePart part in version.Parts)
        {
            Segment segment = part.Segment;
            SegmentDirectory directory = DirectoryOf(segment);
            int key = segment.Map[Schema.Key];
            using Seal seal = segment.NewSeal();
            for (int g = 0; key >= 0 && g < directory.Groups.Length; g++)
            {
                SegmentDirectory.Group group = directory.Groups[g];
                try
                {
                    int length = segment.Read(seal, directory, g, key, ref bytes);
                    chunk.Load(bytes, length, column.Type, group.Rows);
                    for (int row = 0; row < group.Rows; row += RowBatch.Usual)
                    {
                        int count = Math.Min(RowBatch.Usual, group.Rows - row);
                        chunk.Decode(row, count, column, spare);
                        for (int i = 0; i < count; i++)
                        {
                            int at = group.First + row + i;
                            if (!part.IsDead(at) && !column.IsNull(i))
                            {
                                long before = index.Put(index.Hash(KeyText.Of(column, i, eight)), segment.FirstPlace + at);
                                if (before >= 0)
                                {
                                    earlier?.Add(before);
                                }
                            }
                        }
                    }
                }
                catch (DamageException damage)
                {
                    throw segment.Damaged(damage.Message);
                }
            }
        }

        return index;
    }

    /// <summary>The segments that the manifests leave, oldest first, and the last manifest; null: there is none.</summary>
    static Result<(List<SegmentName> Segments, TableManifest? Last)> Living(string name, IReadOnlyList<ReadOnlyMemory<byte>> manifests)
    {
        var live = new List<SegmentName>();
        TableManifest? last = null;
        foreach (ReadOnlyMemory<byte> bytes in manifests)
        {
            if (!TableManifest.Read(name, bytes).TryGet(out TableManifest? manifest, out Problem? refused))
            {
                return refused;
            }

            if (manifest.Whole)
            {
                live.Clear();
            }

            if (manifest.Version != (last?.Version ?? 0) + 1 && !(last is null && manifest.Whole))
            {
                return TableProblems.Damaged($"The list of manifests of table {name}", $"version {manifest.Version} comes after version {last?.Version ?? 0}");
            }

            live.RemoveAll(s => manifest.Drops.Contains(s.Name, StringComparer.Ordinal));
            live.AddRange(manifest.Segments);
            last = manifest;
        }

        return (live, last);
    }

    static SegmentDirectory DirectoryOf(Segment segment) => segment.Directory ?? throw segment.NotOpen();

    Segment NewSegment(SegmentName name)
    {
        var segment = new Segment(_folder, Name, _owner, name, _places);
        _places += name.Rows;
        return segment;
    }

    /// <summary>The version of now; its segments stay until <see cref="LetGo"/>.</summary>
    TableVersion Held()
    {
        lock (_gate)
        {
            return HeldHere();
        }
    }

    TableVersion HeldHere()
    {
        foreach (TablePart part in _now.Parts)
        {
            part.Segment.Hold();
        }

        return _now;
    }

    internal static void LetGo(TableVersion version)
    {
        foreach (TablePart part in version.Parts)
        {
            part.Segment.Release();
        }
    }

    /// <summary>The columns that are asked for, as a schema of their own; the one of before serves again.</summary>
    Projection Project(ReadOnlySpan<int> columns)
    {
        Projection? last = _last;
        if (last is null || !columns.SequenceEqual(last.Columns))
        {
            int[] wanted = columns.ToArray();
            _last = last = new(wanted, new TableSchema([.. wanted.Select(c => Schema.Columns[c])], Array.IndexOf(wanted, Schema.Key), Schema.Version));
        }

        return last;
    }

    sealed record Projection(int[] Columns, TableSchema Schema);
}
