namespace CityHub.Sensing.Import.Files;

/// <summary>A stream that is only read: what those below share.</summary>
internal abstract class ReadStream(Stream inner) : Stream
{
    protected Stream Inner { get; } = inner;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override int Read(Span<byte> buffer);

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Inner.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Counts what was read; can seek where the file can.</summary>
internal sealed class CountedStream(Stream inner, long length) : ReadStream(inner)
{
    private long _read;

    /// <summary>Bytes read so far (where the reader seeks: in all).</summary>
    public long Taken => Volatile.Read(ref _read);

    public override bool CanSeek => Inner.CanSeek;

    public override long Length { get; } = length;

    public override long Position
    {
        get => Inner.Position;
        set => Inner.Position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        var read = Inner.Read(buffer);
        Interlocked.Add(ref _read, read);
        return read;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await Inner.ReadAsync(buffer, cancellationToken);
        Interlocked.Add(ref _read, read);
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin) => Inner.Seek(offset, origin);
}

/// <summary>
/// For a library that believes what a file says of itself: reading on at the end, and reading far more than there is, are damage. Without it a number
/// that is cut off, or a page that lies before itself, is read for ever.
/// </summary>
internal sealed class BoundedStream(Stream inner) : ReadStream(inner)
{
    /// <summary>A whole file is read once; what a decoder reads ahead or twice is little.</summary>
    private readonly long _most = (2 * inner.Length) + (64 << 10);
    private long _read;
    private int _ends;

    public override bool CanSeek => true;

    public override long Length => Inner.Length;

    public override long Position
    {
        get => Inner.Position;
        set => Inner.Position = value;
    }

    public override int Read(Span<byte> buffer) => Counted(buffer.Length, Inner.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Counted(buffer.Length, await Inner.ReadAsync(buffer, cancellationToken));

    public override int ReadByte()
    {
        var value = Inner.ReadByte();
        Counted(1, value < 0 ? 0 : 1);
        return value;
    }

    public override long Seek(long offset, SeekOrigin origin) => Inner.Seek(offset, origin);

    private int Counted(int asked, int read)
    {
        if (asked > 0 && read == 0 && ++_ends > 8)
            throw new EndOfStreamException("It goes on behind the end of the file.");
        _read += Math.Max(read, 1);
        return _read <= _most ? read : throw new InvalidDataException("Parts of the file are said to lie on top of each other.");
    }
}

/// <summary>First what was peeked at, then the rest.</summary>
internal sealed class Prefixed(byte[] head, Stream inner) : ReadStream(inner)
{
    private int _used;

    public override int Read(Span<byte> buffer) => _used < head.Length ? Head(buffer) : Inner.Read(buffer);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _used < head.Length ? new ValueTask<int>(Head(buffer.Span)) : Inner.ReadAsync(buffer, cancellationToken);

    private int Head(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, head.Length - _used);
        head.AsSpan(_used, count).CopyTo(buffer);
        _used += count;
        return count;
    }
}

/// <summary>Without its first bytes: a byte order mark.</summary>
internal sealed class Tail(Stream inner, int skip) : ReadStream(inner)
{
    private int _left = skip;

    public override int Read(Span<byte> buffer)
    {
        Span<byte> mark = stackalloc byte[4];
        while (_left > 0)
        {
            var read = Inner.Read(mark[.._left]);
            if (read == 0)
                return 0;
            _left -= read;
        }

        return Inner.Read(buffer);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_left > 0)
        {
            var read = await Inner.ReadAsync(new byte[_left], cancellationToken);
            if (read == 0)
                return 0;
            _left -= read;
        }

        return await Inner.ReadAsync(buffer, cancellationToken);
    }
}
