namespace CityHub.Sensing.Import.Files;

/// <summary>The part of a stream that is being looked at: grows to the longest record and no further. What was seen stays where it is until the next <see cref="FillAsync"/>.</summary>
internal sealed class ByteWindow(Stream stream, int first = 256 << 10, int most = ByteWindow.MostRecord) : IAsyncDisposable
{
    /// <summary>A longer record is no record.</summary>
    public const int MostRecord = 16 << 20;

    private byte[] _buffer = new byte[first];
    private int _start;
    private int _end;

    /// <summary>Nothing comes after what is in the window.</summary>
    public bool Final { get; private set; }

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(_start, _end - _start);

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, _end - _start);

    /// <summary>The window holds as much as it ever will.</summary>
    public bool IsFull => _end - _start >= most;

    public void Consume(int bytes) => _start += bytes;

    /// <summary>Reads on. False when nothing came: the stream has ended, or the window is full.</summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancel)
    {
        if (Final || IsFull)
            return false;
        if (_end == _buffer.Length)
        {
            var held = _end - _start;
            var target = held > _buffer.Length / 2 ? new byte[Math.Min(most, _buffer.Length * 2)] : _buffer;
            _buffer.AsSpan(_start, held).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, held);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancel);
        Final = read == 0;
        _end += read;
        return read > 0;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
