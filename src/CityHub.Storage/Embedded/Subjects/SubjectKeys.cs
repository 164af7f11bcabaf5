using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded.Subjects;

/// <summary>
/// One key for each person, in a file of its own that is overwritten in place when a key is destroyed: no write-ahead log, no free page and no snapshot
/// ever holds one. The file names nobody; a person is found by an HMAC of their id. Leave it out of backups that live longer than the right to be
/// forgotten takes.
/// </summary>
/// <remarks>A header (magic, format, the key of the HMAC), then slots of 72 bytes: id, key, CRC-32C, zeros. A destroyed slot is all zeros.</remarks>
internal sealed class SubjectKeys : IDisposable
{
    public const string FileName = "subjects.keys";
    public const int KeyBytes = 32;

    const int IdBytes = 32;
    const int SlotBytes = 72;
    const int HeaderBytes = 72;

    static ReadOnlySpan<byte> Magic => "CityHub subjects 1\n"u8;

    readonly Lock _gate = new();
    readonly FileStream _file;
    readonly Action<byte[]> _entropy;
    readonly Dictionary<Id, (long At, byte[] Key)> _keys = [];
    readonly Stack<long> _free = new();
    readonly byte[] _master;
    long _end;

    SubjectKeys(FileStream file, byte[] master, Action<byte[]> entropy) => (_file, _master, _entropy) = (file, master, entropy);

    /// <summary>Slots that do not check.</summary>
    public int Damaged { get; private set; }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _keys.Count;
            }
        }
    }

    public static Result<SubjectKeys> Open(string folder, EmbeddedOptions options)
    {
        string path = Path.Combine(folder, FileName);
        if (!OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
        {
            return FactProblems.StorageUnavailable.Because($"Others may read {path}.", $"chmod 600 {path}");
        }

        var how = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(path, how);
        bool kept = false;
        try
        {
            byte[] header = new byte[HeaderBytes];
            int read = file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
            if (read < HeaderBytes)
            {
                // New, or a crash cut its first write: no key was handed out before the header was durable.
                byte[] fresh = new byte[KeyBytes];
                options.Entropy(fresh);
                Magic.CopyTo(header);
                fresh.CopyTo(header, HeaderBytes - KeyBytes);
                RandomAccess.Write(file.SafeFileHandle, header, 0);
                file.Flush(flushToDisk: true);
                Embedded.Folder.Sync(folder);
            }
            else if (!header.AsSpan().StartsWith(Magic))
            {
                return FactProblems.StorageDamaged.Because($"{path} is not a file of subjects' keys.", "Restore it: without it what acts say of persons cannot be read.");
            }

            var keys = new SubjectKeys(file, header[^KeyBytes..], options.Entropy);
            keys.Load();
            kept = true;
            return keys;
        }
        finally
        {
            if (!kept)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>The person's key, made durable before it is handed out when it is new.</summary>
    public byte[] KeyOf(string subject) => KeysOf([subject])[0];

    /// <summary>The keys of several persons, each once; those that are new share one flush, because 500 of them would take a quarter of a second one by one.</summary>
    public byte[][] KeysOf(IReadOnlyList<string> subjects)
    {
        Id[] ids = [.. subjects.Select(Named)];
        byte[][] found = new byte[ids.Length][];
        var made = new List<(Id Id, long At, byte[] Key)>();
        lock (_gate)
        {
            long end = _end;
            long[] free = [.. _free];
            for (int i = 0; i < ids.Length; i++)
            {
                if (_keys.TryGetValue(ids[i], out (long At, byte[] Key) known))
                {
                    found[i] = known.Key;
                    continue;
                }

                byte[] key = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
                _entropy(key);
                long at = made.Count < free.Length ? free[made.Count] : end;
                end += made.Count < free.Length ? 0 : SlotBytes;
                WriteSlot(ids[i], key, at); // A crash here leaves a slot that does not check, or a key that nobody used: both are free, or found again.
                made.Add((ids[i], at, key));
                found[i] = key;
            }

            if (made.Count > 0)
            {
                _file.Flush(flushToDisk: true);
            }

            _end = end;
            foreach ((Id id, long at, byte[] key) in made)
            {
                if (_free.Count > 0)
                {
                    _free.Pop();
                }

                _keys.Add(id, (at, key));
            }
        }

        return found;
    }

    void WriteSlot(Id id, byte[] key, long at)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        slot.Clear();
        id.Write(slot);
        key.CopyTo(slot[IdBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[(IdBytes + KeyBytes)..], Series.Codec.Check.Of(slot[..(IdBytes + KeyBytes)]));
        RandomAccess.Write(_file.SafeFileHandle, slot, at);
        CryptographicOperations.ZeroMemory(slot);
    }

    public bool TryGet(string subject, [NotNullWhen(true)] out byte[]? key)
    {
        Id id = Named(subject);
        lock (_gate)
        {
            key = _keys.TryGetValue(id, out (long At, byte[] Key) known) ? known.Key : null;
            return key is not null;
        }
    }

    /// <summary>Overwrites the keys that a predicate picks, on the disk and in memory. Durable on return.</summary>
    public int Destroy(Func<byte[], bool> picked)
    {
        lock (_gate)
        {
            int destroyed = 0;
            foreach ((Id id, (long at, byte[] key)) in _keys.ToList())
            {
                if (!picked(key))
                {
                    continue;
                }

                RandomAccess.Write(_file.SafeFileHandle, new byte[SlotBytes], at);
                _keys.Remove(id);
                _free.Push(at);
                CryptographicOperations.ZeroMemory(key);
                destroyed++;
            }

            if (destroyed > 0)
            {
                _file.Flush(flushToDisk: true);
            }

            return destroyed;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach ((_, byte[] key) in _keys.Values)
            {
                CryptographicOperations.ZeroMemory(key);
            }

            _keys.Clear();
            CryptographicOperations.ZeroMemory(_master);
            _file.Dispose();
        }
    }

    void Load()
    {
        byte[] all = new byte[Math.Max(0, _file.Length - HeaderBytes)];
        RandomAccess.Read(_file.SafeFileHandle, all, HeaderBytes);
        int whole = all.Length / SlotBytes * SlotBytes;
        for (int from = 0; from < whole; from += SlotBytes)
        {
            ReadOnlySpan<byte> slot = all.AsSpan(from, SlotBytes);
            long at = HeaderBytes + from;
            if (!slot.ContainsAnyExcept((byte)0))
            {
                _free.Push(at);
                continue;
            }

            if (BinaryPrimitives.ReadUInt32LittleEndian(slot[(IdBytes + KeyBytes)..]) != Series.Codec.Check.Of(slot[..(IdBytes + KeyBytes)]))
            {
                Damaged++; // A crash cut its writing, and nobody used the key; or the disk lost it. The place is left as it is.
                continue;
            }

            byte[] key = GC.AllocateUninitializedArray<byte>(KeyBytes, pinned: true);
            slot.Slice(IdBytes, KeyBytes).CopyTo(key);
            _keys[Id.Read(slot)] = (at, key);
        }

        _end = HeaderBytes + whole;
        CryptographicOperations.ZeroMemory(all);
    }

    Id Named(string subject)
    {
        Span<byte> hash = stackalloc byte[IdBytes];
        HMACSHA256.HashData(_master, Encoding.UTF8.GetBytes(subject), hash);
        return Id.Read(hash);
    }

    readonly record struct Id(ulong A, ulong B, ulong C, ulong D)
    {
        public static Id Read(ReadOnlySpan<byte> from) => new(
            BinaryPrimitives.ReadUInt64LittleEndian(from), BinaryPrimitives.ReadUInt64LittleEndian(from[8..]), BinaryPrimitives.ReadUInt64LittleEndian(from[16..]), BinaryPrimitives.ReadUInt64LittleEndian(from[24..]));

        public void Write(Span<byte> into)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(into, A);
            BinaryPrimitives.WriteUInt64LittleEndian(into[8..], B);
            BinaryPrimitives.WriteUInt64LittleEndian(into[16..], C);
            BinaryPrimitives.WriteUInt64LittleEndian(into[24..], D);
        }
    }
}
