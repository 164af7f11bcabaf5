using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Crypto;

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
    public const int TagBytes = SubjectTag.Size;

    const int IdBytes = 32;
    const int SlotBytes = 72;
    const int HeaderBytes = 72;

    static ReadOnlySpan<byte> TagPurpose => "cityhub acts"u8;

    static ReadOnlySpan<byte> BoxPurpose => "cityhub acts box"u8;

    static ReadOnlySpan<byte> Magic => "CityHub subjects 1\n"u8;

    readonly Lock _gate = new();
    readonly FileStream _file;
    readonly Action<byte[]> _entropy;
    readonly Action<Exception> _stop;

    /// <summary>Of each person the place in the file, the key, and after it the tag (zeros: not made yet).</summary>
    readonly Dictionary<Id, (long At, byte[] Secret)> _keys = [];
    readonly Stack<long> _free = new();
    readonly byte[] _master;
    Group? _collecting;
    Group? _flushing;
    long _end;
    bool _disposed;

    SubjectKeys(FileStream file, byte[] master, EmbeddedOptions options) => (_file, _master, _entropy, _stop) = (file, master, options.Entropy, options.Stop);

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

            var keys = new SubjectKeys(file, header[^KeyBytes..], options);
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

    /// <summary>
    /// Tags and keys of the persons of one act. A person that is new is given a key, which is durable when <see cref="SubjectMarks.Durable"/> is done: who records an act waits
    /// for both, the key and the act, in whatever order they come. Persons that are new at the same time share one flush, whoever named them: on a disk that takes 4,900
    /// flushes of a slot a second, 19,700 acts that each name a new person are recorded (32 at once).
    /// </summary>
    public SubjectMarks MarksOf(IReadOnlyList<ActSubject> subjects)
    {
        Id[] ids = new Id[subjects.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = Named(subjects[i].Id);
        }

        byte[] tags = new byte[ids.Length * TagBytes];
        byte[]?[] boxKeys = new byte[ids.Length][];
        Task durable = Task.CompletedTask;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            int missing = 0;
            foreach (Id id in ids)
            {
                missing += _keys.ContainsKey(id) ? 0 : 1;
            }

            if (missing > 0)
            {
                Make(ids, missing);
            }

            for (int i = 0; i < ids.Length; i++)
            {
                byte[] secret = SecretOf(ids[i]);
                secret.AsSpan(KeyBytes).CopyTo(tags.AsSpan(i * TagBytes));
                boxKeys[i] = SubjectMarks.SaysNothing(subjects[i]) ? null : BoxKeyOf(secret);
                if (_collecting?.Has(ids[i]) == true)
                {
                    durable = _collecting.Done;
                }
                else if (_flushing?.Has(ids[i]) == true && durable.IsCompleted)
                {
                    durable = _flushing.Done; // a group that still collects is flushed after it
                }
            }
        }

        return new SubjectMarks(tags, boxKeys, durable);
    }

    /// <summary>Their slots are written here, and flushed by the group that collects.</summary>
    void Make(Id[] ids, int missing)
    {
        byte[] atEnd = new byte[Math.Max(0, missing - _free.Count) * SlotBytes];
        var made = new List<(Id Id, long At, byte[] Secret)>(missing);
        long end = _end;
        long[] free = [.. _free];
        try
        {
            foreach (Id id in ids)
            {
                if (_keys.ContainsKey(id))
                {
                    continue;
                }

                byte[] key = new byte[KeyBytes];
                _entropy(key);
                byte[] secret = GC.AllocateUninitializedArray<byte>(KeyBytes + TagBytes, pinned: true);
                key.CopyTo(secret, 0);
                CryptographicOperations.ZeroMemory(key);
                Tag(secret);
                if (made.Count < free.Length)
                {
                    made.Add((id, free[made.Count], secret));
                    byte[] slot = new byte[SlotBytes];
                    Fill(slot, id, secret);
                    RandomAccess.Write(_file.SafeFileHandle, slot, made[^1].At);
                    CryptographicOperations.ZeroMemory(slot);
                }
                else
                {
                    Fill(atEnd.AsSpan((int)(end - _end), SlotBytes), id, secret);
                    made.Add((id, end, secret));
                    end += SlotBytes;
                }
            }

            RandomAccess.Write(_file.SafeFileHandle, atEnd, _end); // A crash here leaves slots that do not check, or keys that nobody used: both are free, or found again.
        }
        catch
        {
            Unmake(made);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(atEnd);
        }

        _end = end;
        _collecting ??= new Group();
        foreach ((Id id, long at, byte[] secret) in made)
        {
            if (_free.Count > 0)
            {
                _free.Pop();
            }

            _keys.Add(id, (at, secret));
            _collecting.Add(id);
        }

        if (_flushing is null)
        {
            (_flushing, _collecting) = (_collecting, null);
            ThreadPool.UnsafeQueueUserWorkItem(static begun => begun.Keys.FlushGroups(begun.Group), (Keys: this, Group: _flushing), preferLocal: false);
        }
    }

    /// <summary>The disk is full: a place that is free holds no key, and nothing lies behind the end. Else a person who is given another key could be found with this one after a restart.</summary>
    void Unmake(List<(Id Id, long At, byte[] Secret)> made)
    {
        foreach ((_, long at, byte[] secret) in made)
        {
            CryptographicOperations.ZeroMemory(secret);
            if (at < _end)
            {
                RandomAccess.Write(_file.SafeFileHandle, new byte[SlotBytes], at);
            }
        }

        RandomAccess.SetLength(_file.SafeFileHandle, _end);
    }

    /// <summary>One flush after the other, each for all that were made before it began.</summary>
    void FlushGroups(Group first)
    {
        for (Group? group = first; group is not null;)
        {
            Exception? failure = null;
            try
            {
                RandomAccess.FlushToDisk(_file.SafeFileHandle);
            }
            catch (ObjectDisposedException closed)
            {
                failure = closed;
            }
            catch (IOException lost)
            {
                failure = lost;
                _stop(lost); // It is not known which keys are durable.
            }

            Group done = group;
            lock (_gate)
            {
                (_flushing, _collecting) = (_collecting, null);
                group = _flushing; // null: the next person who is new begins again
            }

            done.End(failure);
        }
    }

    byte[] SecretOf(Id id)
    {
        byte[] secret = _keys[id].Secret;
        if (!secret.AsSpan(KeyBytes).ContainsAnyExcept((byte)0))
        {
            Tag(secret);
        }

        return secret;
    }

    /// <summary>A person's tag is made once and kept beside the key: the HMAC takes 1.8 µs, and a bulk release names a person in every row.</summary>
    static void Tag(byte[] secret) => SubjectTag.Make(MacFunctions.HmacSha256, secret.AsSpan(0, KeyBytes), TagPurpose, secret.AsSpan(KeyBytes));

    static byte[] BoxKeyOf(byte[] secret) => HKDF.DeriveKey(HashAlgorithmName.SHA256, secret[..KeyBytes], KeyBytes, info: BoxPurpose.ToArray());

    static void Fill(Span<byte> slot, Id id, byte[] secret)
    {
        slot.Clear();
        id.Write(slot);
        secret.AsSpan(0, KeyBytes).CopyTo(slot[IdBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[(IdBytes + KeyBytes)..], Series.Codec.Check.Of(slot[..(IdBytes + KeyBytes)]));
    }

    /// <summary>What is needed to find and to open a person's acts.</summary>
    public bool TryGet(string subject, [NotNullWhen(true)] out byte[]? tag, [NotNullWhen(true)] out byte[]? boxKey)
    {
        Id id = Named(subject);
        lock (_gate)
        {
            (tag, boxKey) = _keys.ContainsKey(id) && SecretOf(id) is { } secret ? (secret[KeyBytes..], BoxKeyOf(secret)) : (null, null);
            return tag is not null && boxKey is not null;
        }
    }

    /// <summary>Overwrites the keys of the persons with these tags (in hexadecimal), on the disk and in memory. Durable on return.</summary>
    public int Destroy(IReadOnlySet<string> tags)
    {
        lock (_gate)
        {
            int destroyed = 0;
            foreach ((Id id, (long at, _)) in _keys.ToList())
            {
                byte[] secret = SecretOf(id);
                if (!tags.Contains(Convert.ToHexStringLower(secret.AsSpan(KeyBytes))))
                {
                    continue;
                }

                RandomAccess.Write(_file.SafeFileHandle, new byte[SlotBytes], at);
                _keys.Remove(id);
                _free.Push(at);
                CryptographicOperations.ZeroMemory(secret);
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
            _disposed = true;
            foreach ((_, byte[] secret) in _keys.Values)
            {
                CryptographicOperations.ZeroMemory(secret);
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

            byte[] secret = GC.AllocateArray<byte>(KeyBytes + TagBytes, pinned: true);
            slot.Slice(IdBytes, KeyBytes).CopyTo(secret);
            _keys[Id.Read(slot)] = (at, secret);
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

    /// <summary>Persons whose keys one flush makes durable.</summary>
    sealed class Group
    {
        readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly HashSet<Id> _ids = [];

        public Task Done => _done.Task;

        public void Add(Id id) => _ids.Add(id);

        public bool Has(Id id) => _ids.Contains(id);

        public void End(Exception? failure)
        {
            if (failure is null)
            {
                _done.SetResult();
            }
            else
            {
                _done.SetException(failure);
            }
        }
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

/// <summary>What an act needs to know of its persons.</summary>
/// <param name="tags">32 bytes each.</param>
/// <param name="boxKeys">Keys of the boxes; null where the act says nothing of the person.</param>
internal sealed class SubjectMarks(byte[] tags, byte[]?[] boxKeys, Task durable)
{
    public static readonly SubjectMarks Nobody = new([], [], Task.CompletedTask);

    public int Count => boxKeys.Length;

    /// <summary>Done when the keys of all are on the disk.</summary>
    public Task Durable => durable;

    public ReadOnlySpan<byte> Tag(int person) => tags.AsSpan(person * SubjectKeys.TagBytes, SubjectKeys.TagBytes);

    public byte[]? BoxKey(int person) => boxKeys[person];

    /// <summary>Of most persons an act says nothing but that it is about them; what is empty needs no box, whose key takes 4.7 µs and whose cipher another 4.7.</summary>
    public static bool SaysNothing(ActSubject subject) => subject.Fields.Span.SequenceEqual("{}"u8);
}
