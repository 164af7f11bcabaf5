using System.Buffers.Binary;
using System.Security.Cryptography;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;
using Microsoft.Win32.SafeHandles;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>One file of a table's rows: written once, read by many, removed when it is dropped and its last reader is gone.</summary>
internal sealed class Segment
{
    public const string Suffix = ".segment";

    const int TrailerBytes = 8 + 4 + 4;
    const int MostWrapped = 4096;

    readonly Lock _gate = new();
    readonly string _path, _table;
    readonly string? _owner;
    SafeFileHandle? _file;
    byte[]? _key;
    int _holders = 1;
    bool _dropped;

    /// <param name="firstPlace">Of its rows among all rows of the table.</param>
    public Segment(string folder, string table, string? owner, SegmentName name, long firstPlace)
    {
        (_path, _table, _owner, Name, FirstPlace) = (Path.Combine(folder, name.Name), table, owner, name, firstPlace);
        Rows = checked((int)name.Rows);
    }

    public static ReadOnlySpan<byte> Magic => "CityHub table 1\n"u8;

    public SegmentName Name { get; }

    public int Rows { get; }

    public long FirstPlace { get; }

    /// <summary>Null until it is opened, and again when its owner locks it.</summary>
    public SegmentDirectory? Directory { get; private set; }

    /// <summary>For each column of the table which one of the segment it is; -1: the segment is older than the column.</summary>
    public int[] Map { get; private set; } = [];

    public bool Hold()
    {
        lock (_gate)
        {
            _holders += _holders > 0 ? 1 : 0;
            return _holders > 0;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_holders > 0)
            {
                return;
            }

            Forget();
            _file?.Dispose();
            _file = null;
        }

        if (_dropped)
        {
            File.Delete(_path); // A crash before leaves a file that no manifest needs: the next start removes it.
        }
    }

    /// <summary>No version has it any more.</summary>
    public void Drop()
    {
        _dropped = true;
        Release();
    }

    /// <summary>What can be seen without a key: that it is there, in its size.</summary>
    public Problem? Present()
    {
        var file = new FileInfo(_path);
        return !file.Exists ? TableProblems.Damaged(_path, "it is missing")
            : file.Length != Name.Bytes ? TableProblems.Damaged(_path, $"it has {file.Length} bytes instead of {Name.Bytes}")
            : null;
    }

    /// <summary>Every byte against the hash in its manifest; needs no key.</summary>
    public Problem? CheckBytes()
    {
        if (Present() is { } missing)
        {
            return missing;
        }

        using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.SequentialScan);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(file, hash);
        return hash.SequenceEqual(Name.Sha256) ? null : TableProblems.Damaged(_path, "its SHA-256 is another");
    }

    /// <summary>Unwraps the key and reads the directory. Null: done.</summary>
    public Problem? Open(IDataKeys keys, TableSchema schema)
    {
        lock (_gate)
        {
            if (Directory is not null)
            {
                return null;
            }

            try
            {
                if (OpenFile(out byte[] wrapped) is { } damage)
                {
                    return damage;
                }

                if (_owner is not null && (_key = keys.Unwrap(_owner, wrapped)) is null)
                {
                    return TableProblems.LockedBy(_table, _owner, keys.Wrap(_owner, Magic) is not null);
                }

                if (_key is { Length: not Seal.KeyBytes })
                {
                    return TableProblems.Damaged(_path, "its key is no key");
                }

                Span<byte> trailer = stackalloc byte[TrailerBytes];
                Fill(trailer, Name.Bytes - TrailerBytes);
                if (Check.Of(trailer[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(trailer[^4..]))
                {
                    return TableProblems.Damaged(_path, "its end does not check");
                }

                using Seal seal = NewSeal();
                byte[] directory = ReadChunk(seal, (BinaryPrimitives.ReadInt64LittleEndian(trailer), BinaryPrimitives.ReadInt32LittleEndian(trailer[8..])), Seal.Directory, 0);
                var read = SegmentDirectory.Read(directory.AsSpan(0, directory.Length - seal.Overhead), Rows);
                Map = [.. schema.Columns.Select(c => Array.FindIndex(read.Columns, one => one.Name == c.Name))];
                for (int c = 0; c < Map.Length; c++)
                {
                    if (Map[c] >= 0 && read.Columns[Map[c]].Type != schema.Columns[c].Type)
                    {
                        return TableProblems.RowsUnfit.Because(
                            $"{schema.Columns[c].Name} of {_table} is {schema.Columns[c].Type}, and {read.Columns[Map[c]].Type} in rows that were delivered earlier.", "Give the column another name, or deliver the whole table to a new dataset.");
                    }
                }

                Directory = read;
                return null;
            }
            catch (StorageException refused)
            {
                return refused.Problem;
            }
            catch (IOException damage)
            {
                return TableProblems.Damaged(_path, damage.Message);
            }
        }
    }

    /// <summary>The keys go, and what they opened.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            CryptographicOperations.ZeroMemory(_key);
            (_key, Directory) = (null, null);
        }
    }

    /// <exception cref="StorageException">The owner has locked it meanwhile.</exception>
    public Seal NewSeal()
    {
        lock (_gate)
        {
            return _owner is null || _key is not null ? new Seal(_table, Name.Name, _key) : throw new StorageException(TableProblems.LockedBy(_table, _owner, wrongKey: false));
        }
    }

    /// <summary>Rows of earlier segments, and of this one, that its rows took the place of.</summary>
    public List<(string Segment, int[] Rows)> ReadSuperseded(SegmentDirectory directory)
    {
        using Seal seal = NewSeal();
        byte[] bytes = ReadChunk(seal, directory.Superseded, Seal.Superseded, 0);
        try
        {
            var from = new ByteReader(bytes.AsSpan(0, bytes.Length - seal.Overhead));
            var all = new List<(string, int[])>();
            for (int left = from.Count(int.MaxValue); left > 0; left--)
            {
                string name = System.Text.Encoding.UTF8.GetString(from.Take(from.Count(from.Left)));
                int[] rows = new int[from.Count(from.Left)];
                for (int i = 0, last = 0; i < rows.Length; i++)
                {
                    rows[i] = last += from.Count(int.MaxValue - last);
                }

                all.Add((name, rows));
            }

            return all;
        }
        catch (DamageException damage)
        {
            throw Damaged(damage.Message);
        }
    }

    /// <summary>Reads a chunk and opens it in place.</summary>
    /// <returns>How many bytes it has, opened.</returns>
    public int Read(Seal seal, SegmentDirectory directory, int group, int column, ref byte[] buffer)
    {
        SegmentDirectory.Group one = directory.Groups[group];
        int length = one.Lengths[column];
        if (buffer.Length < length + Chunk.Slack)
        {
            buffer = new byte[length + length / 8 + Chunk.Slack];
        }

        Span<byte> bytes = buffer.AsSpan(0, length);
        Fill(bytes, one.At[column]);
        return seal.Open(bytes, (uint)group, (uint)column) ? length - seal.Overhead : throw Damaged($"column {column} of group {group} does not check");
    }

    /// <summary>Its directory is not there: its owner has locked it meanwhile.</summary>
    public StorageException NotOpen() => _owner is null ? Damaged("its directory is not open") : new(TableProblems.LockedBy(_table, _owner, wrongKey: false));

    public StorageException Damaged(string what) => new(TableProblems.Damaged(_path, what));

    byte[] ReadChunk(Seal seal, (long At, int Length) place, uint group, uint column)
    {
        if (place.At < 0 || place.Length < seal.Overhead || place.At + place.Length > Name.Bytes)
        {
            throw Damaged("a part of it lies beyond its end");
        }

        byte[] bytes = new byte[place.Length];
        Fill(bytes, place.At);
        return seal.Open(bytes, group, column) ? bytes : throw Damaged("its directory does not check");
    }

    Problem? OpenFile(out byte[] wrapped)
    {
        wrapped = [];
        _file ??= File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        byte[] start = new byte[(int)Math.Min(Magic.Length + 1 + 2 + MostWrapped + 4, Name.Bytes)];
        Fill(start, 0);
        if (!start.AsSpan().StartsWith(Magic))
        {
            return TableProblems.Damaged(_path, "it does not begin as a segment does");
        }

        var from = new ByteReader(start.AsSpan(Magic.Length));
        bool isSealed = from.Byte() != 0;
        wrapped = from.Take(from.Count(MostWrapped)).ToArray();
        int length = start.Length - from.Left;
        return from.Fixed32() != Check.Of(start.AsSpan(0, length)) ? TableProblems.Damaged(_path, "its header does not check")
            : isSealed != _owner is not null ? TableProblems.Damaged(_path, isSealed ? "it is sealed, and the table is open" : "it is open, and the table is sealed")
            : null;
    }

    void Fill(Span<byte> bytes, long at)
    {
        if (at < 0)
        {
            throw Damaged("it is too short");
        }

        SafeFileHandle file = _file ?? throw new InvalidOperationException($"{_path} is read after it was let go.");
        for (int got = 0; got < bytes.Length;)
        {
            int read = RandomAccess.Read(file, bytes[got..], at + got);
            got += read > 0 ? read : throw Damaged("it ends early");
        }
    }
}
