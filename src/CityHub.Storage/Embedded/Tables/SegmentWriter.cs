using System.Security.Cryptography;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;
using Microsoft.Win32.SafeHandles;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>
/// Writes one segment: header (magic, whether sealed, rows of a group, the wrapped key, CRC-32C), chunks, the list of superseded rows, the directory, and a trailer that
/// says where the directory lies. Only what is sealed leaves the memory.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    /// <summary>To the disk in portions: one fsync of a large file holds up the fact log's.</summary>
    const int FlushEvery = 16 << 20;

    readonly string _path;
    readonly SafeFileHandle _file;
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly Seal _seal;
    readonly ByteWriter _bytes = new();
    readonly ChunkWriter _chunks = new();
    readonly List<SegmentDirectory.Group> _groups = [];
    readonly (string, ColumnType)[] _columns;
    readonly Action<FaultPoint>? _fault;
    long _flushed;
    bool _kept;

    public SegmentWriter(string folder, string table, string name, TableSchema schema, byte[]? key, ReadOnlySpan<byte> wrapped, Action<FaultPoint>? fault)
    {
        (_path, _fault) = (Path.Combine(folder, name), fault);
        _columns = [.. schema.Columns.Select(c => (c.Name, c.Type))];
        _seal = new Seal(table, name, key);
        _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        _bytes.Raw(Segment.Magic);
        _bytes.Byte(key is null ? (byte)0 : (byte)1);
        _bytes.Varint((ulong)wrapped.Length);
        _bytes.Raw(wrapped);
        _bytes.Fixed32(Check.Of(_bytes.Written));
        Put();
    }

    public long Bytes { get; private set; }

    public int Rows { get; private set; }

    public void Add(GroupBuffer group)
    {
        int columns = _columns.Length;
        var (at, lengths, stats) = (new long[columns], new int[columns], new ColumnStats[columns]);
        for (int c = 0; c < columns; c++)
        {
            stats[c] = _chunks.Write(_bytes, group.Column(c), group.Rows, group.NullsOf(c));
            (at[c], lengths[c]) = Close((uint)_groups.Count, (uint)c);
        }

        _groups.Add(new(Rows, group.Rows, at, lengths, stats));
        Rows = checked(Rows + group.Rows);
    }

    /// <param name="superseded">Segments and rows in them, in ascending order.</param>
    /// <returns>SHA-256 of the file. Durable on return, except for its name in the folder.</returns>
    public byte[] Finish(IReadOnlyList<(string Segment, int[] Rows)> superseded)
    {
        _bytes.Varint((ulong)superseded.Count);
        foreach ((string segment, int[] rows) in superseded)
        {
            byte[] utf8 = System.Text.Encoding.UTF8.GetBytes(segment);
            _bytes.Varint((ulong)utf8.Length);
            _bytes.Raw(utf8);
            _bytes.Varint((ulong)rows.Length);
            int last = 0;
            foreach (int row in rows)
            {
                _bytes.Varint((ulong)(row - last));
                last = row;
            }
        }

        (long At, int Length) list = Close(Seal.Superseded, 0);
        _fault?.Invoke(FaultPoint.TableBeforeDirectory); // A draft: no fact names it, and the next start removes it.
        new SegmentDirectory { Columns = _columns, Groups = [.. _groups], Superseded = list }.Write(_bytes);
        (long At, int Length) directory = Close(Seal.Directory, 0);
        _bytes.Fixed64((ulong)directory.At);
        _bytes.Fixed32((uint)directory.Length);
        _bytes.Fixed32(Check.Of(_bytes.Written));
        Put();
        _fault?.Invoke(FaultPoint.TableBeforeSync); // The same.
        RandomAccess.FlushToDisk(_file);
        return _hash.GetHashAndReset();
    }

    /// <summary>The file stays when the writer goes.</summary>
    public void Keep() => _kept = true;

    public void Dispose()
    {
        _seal.Dispose();
        _hash.Dispose();
        _file.Dispose();
        if (!_kept)
        {
            File.Delete(_path);
        }
    }

    (long At, int Length) Close(uint group, uint column)
    {
        _bytes.Take(_seal.Overhead);
        _seal.Close(_bytes.WrittenFrom(0), group, column);
        (long, int) place = (Bytes, _bytes.Length);
        Put();
        return place;
    }

    void Put()
    {
        _hash.AppendData(_bytes.Written);
        RandomAccess.Write(_file, _bytes.Written, Bytes);
        Bytes += _bytes.Length;
        _bytes.Clear();
        if (Bytes - _flushed >= FlushEvery)
        {
            RandomAccess.FlushToDisk(_file);
            _flushed = Bytes;
        }
    }
}
