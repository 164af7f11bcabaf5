using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Releases;

namespace CityHub.Sharing.Subscriptions;

/// <summary>The rows of a release as the body of a request, written while they are read.</summary>
internal sealed class PushBody : HttpContent
{
    private readonly SentRelease _release;
    private readonly PushFormat _format;
    private readonly CancellationTokenSource _patience;
    private readonly CancellationToken _cut;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Wire? _wire;
    private int _begun;

    /// <param name="patience">Runs out while the receiver is waited for, and rests while rows are read.</param>
    /// <param name="cut">Ends the reading of rows, too.</param>
    public PushBody(SentRelease release, PushFormat format, CancellationTokenSource patience, CancellationToken cut)
    {
        (_release, _format, _patience, _cut) = (release, format, patience, cut);
        Headers.ContentType = MediaTypeHeaderValue.Parse(format == PushFormat.Csv ? "text/csv; charset=utf-8" : "application/x-ndjson");
    }

    /// <summary>Why it was not written to its end; null: it was, or nobody asked for it.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>It was the connection that failed.</summary>
    public bool Broken => _wire is { Broken: true };

    /// <summary>Completes when nothing is read from the release any more, and never will be.</summary>
    public Task OverAsync() => Interlocked.CompareExchange(ref _begun, 1, 0) == 0 ? Task.CompletedTask : _over.Task;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Interlocked.CompareExchange(ref _begun, 1, 0) != 0)
            throw new InvalidOperationException("A release is sent once.");
        _wire = new Wire(stream, _patience);
        _patience.CancelAfter(Timeout.InfiniteTimeSpan);
        try
        {
            await (_format == PushFormat.Csv ? ReleaseCsv.WriteAsync(_release, _wire, _cut) : ReleaseJson.WriteLinesAsync(_release, _wire, _cut));
            _patience.CancelAfter(Push.NoProgress); // for the answer
        }
        catch (Exception e)
        {
            Failure = e;
            throw;
        }
        finally
        {
            _over.TrySetResult();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    /// <summary>Where a release is cut while a block waits to be written, the block's buffer serves somebody else at once, and the connection is closed a moment later: it writes from one of its own.</summary>
    private sealed class Wire(Stream to, CancellationTokenSource patience) : Stream
    {
        private readonly byte[] _block = new byte[RunningRelease.MostBlock];

        public bool Broken { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.CopyTo(_block);
            patience.CancelAfter(Push.NoProgress);
            try
            {
                await to.WriteAsync(_block.AsMemory(0, buffer.Length), cancellationToken);
                await to.FlushAsync(cancellationToken); // a receiver may begin with what is there
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Broken = true;
                throw;
            }

            patience.CancelAfter(Timeout.InfiniteTimeSpan);
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

/// <summary>A release on its way to a receiver: counted, held against the office of whoever subscribed, and complete only when the receiver says so.</summary>
/// <param name="office">Null while it is his.</param>
internal sealed class SentRelease(ReleaseStream release, Func<Problem?> office) : ReleaseStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override TableSchema Schema => release.Schema;

    public override long Receipt => release.Receipt;

    public override Permit Permit => release.Permit;

    public override long? Total => release.Total;

    public long Rows { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Everything was written.</summary>
    public bool Whole { get; private set; }

    /// <summary>Of the body, SHA-256, lower-case hexadecimal.</summary>
    public string Hash() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public override async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        var batch = await release.NextAsync(cancel);
        Rows += batch?.Rows ?? 0;
        return batch;
    }

    public override void Sending(ReadOnlySpan<byte> block)
    {
        if (office() is { } left)
            throw new ReleaseEndedException(left);
        release.Sending(block);
        _hash.AppendData(block);
        Bytes += block.Length;
    }

    public override Task WaitAsync(Task writing) => release.WaitAsync(writing);

    public override void Complete() => Whole = true;

    public void Acknowledge() => release.Complete();

    public override async ValueTask DisposeAsync()
    {
        await release.DisposeAsync();
        _hash.Dispose();
    }
}
