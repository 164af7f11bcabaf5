using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded.Snapshots;

/// <summary>
/// snapshots/{name}-{position}.snapshot: a header (magic, position, length, SHA-256 of the body) and the body. A file has its name
/// only when all of it is on disk.
/// </summary>
internal sealed class SnapshotFolder : ISnapshots
{
    const string Suffix = ".snapshot";
    const string Unfinished = ".unfinished";
    const int Kept = 2;
    const int HeaderLength = 8 + 8 + 8 + SHA256.HashSizeInBytes;

    readonly string _folder;
    readonly EmbeddedOptions _options;

    SnapshotFolder(string folder, EmbeddedOptions options) => (_folder, _options) = (folder, options);

    static ReadOnlySpan<byte> Magic => "CityHub1"u8;

    /// <param name="head">Of the log: a snapshot beyond it proves that facts are missing.</param>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static Result<SnapshotFolder> Open(string folder, long head, EmbeddedOptions options)
    {
        folder = Path.Combine(folder, "snapshots");
        Embedded.Folder.Create(folder);
        foreach (string left in Directory.EnumerateFiles(folder, "*" + Unfinished))
        {
            File.Delete(left); // a crash while it was written
        }

        foreach (string path in Directory.EnumerateFiles(folder, "*" + Suffix))
        {
            if (PositionOf(path) is { } position && position > head)
            {
                return FactProblems.StorageDamaged.Because(
                    $"Snapshot {Path.GetFileName(path)} stands at fact {position}, but the log ends at {head}: facts are missing.",
                    "Keep a copy of the folder, then restore the last backup.");
            }
        }

        return new SnapshotFolder(folder, options);
    }

    public void Write(string name, long position, Action<Stream> write)
    {
        string path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{FileName(name)}-{position:D19}{Suffix}"));
        string unfinished = path + Unfinished;
        try
        {
            _options.Fault?.Invoke(FaultPoint.SnapshotBeforeWrite); // Nothing yet.
            using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 20))
            {
                file.Write(stackalloc byte[HeaderLength]);
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                var body = new HashingStream(file, hash);
                write(body);

                _options.Fault?.Invoke(FaultPoint.SnapshotBeforeHeader); // An unfinished file, removed at the next start.
                Span<byte> header = stackalloc byte[HeaderLength];
                Magic.CopyTo(header);
                BinaryPrimitives.WriteInt64LittleEndian(header[8..], position);
                BinaryPrimitives.WriteInt64LittleEndian(header[16..], body.Count);
                hash.GetHashAndReset(header[24..]);
                file.Position = 0;
                file.Write(header);
                _options.Fault?.Invoke(FaultPoint.SnapshotBeforeSync); // The same.
                file.Flush(flushToDisk: true);
            }

            _options.Fault?.Invoke(FaultPoint.SnapshotBeforeRename); // The same, though whole.
            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }

        _options.Fault?.Invoke(FaultPoint.SnapshotBeforeFolderSync); // Whole under its name, or after a power failure not there: the one before serves.
        Embedded.Folder.Sync(_folder);
        _options.Fault?.Invoke(FaultPoint.SnapshotBeforeTidy); // One old snapshot too many; the next write removes it.
        foreach ((_, string old) in Find(name).Skip(Kept))
        {
            File.Delete(old);
        }
    }

    public long ReadLatest(string name, Action<Stream> read)
    {
        foreach ((long position, string path) in Find(name))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 20, FileOptions.SequentialScan);
            if (Sound(file, position))
            {
                file.Position = HeaderLength;
                read(file);
                return position;
            }
        }

        return 0;
    }

    static bool Sound(FileStream file, long position)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength
            || !header[..8].SequenceEqual(Magic)
            || BinaryPrimitives.ReadInt64LittleEndian(header[8..]) != position
            || BinaryPrimitives.ReadInt64LittleEndian(header[16..]) != file.Length - HeaderLength)
        {
            return false;
        }

        SHA256.HashData(file, hash);
        return hash.SequenceEqual(header[24..]);
    }

    /// <summary>The snapshots of a name, newest first.</summary>
    List<(long Position, string Path)> Find(string name)
    {
        var found = new List<(long, string)>();
        foreach (string path in Directory.EnumerateFiles(_folder, FileName(name) + "-*" + Suffix))
        {
            // The pattern also finds names that continue with a dash: the name is what stands before the last one.
            if (PositionOf(path) is { } position && Path.GetFileName(path).LastIndexOf('-') == FileName(name).Length)
            {
                found.Add((position, path));
            }
        }

        found.Sort(static (a, b) => b.Item1.CompareTo(a.Item1));
        return found;
    }

    static long? PositionOf(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        return long.TryParse(name.AsSpan(name.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long position) ? position : null;
    }

    static string FileName(string name) => Uri.EscapeDataString(name).Replace("*", "%2A", StringComparison.Ordinal);

    /// <summary>Counts and hashes the body on its way to the file.</summary>
    sealed class HashingStream(FileStream file, IncrementalHash hash) : Stream
    {
        /// <summary>To the disk in small portions: one fsync of a large snapshot holds up the fact log's
        /// (p99 of an append beside it 37 ms instead of 21 ms on a busy machine).</summary>
        const int FlushEvery = 4 << 20;

        long _flushed;

        public long Count { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => Count;

        public override long Position
        {
            get => Count;
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            hash.AppendData(buffer);
            file.Write(buffer);
            Count += buffer.Length;
            if (Count - _flushed >= FlushEvery)
            {
                file.Flush(flushToDisk: true);
                _flushed = Count;
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
