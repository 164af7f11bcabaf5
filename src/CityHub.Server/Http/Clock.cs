using System.Collections.Concurrent;

namespace CityHub.Server.Http;

/// <summary>A pooled deadline: cancels when the time is up or the client has gone. Pooled because each request has one.</summary>
internal sealed class Clock : IDisposable
{
    private const int MostPooled = 1024;
    private static readonly ConcurrentQueue<Clock> Pool = new();
    private static readonly Action<object?> Cancel = static clock => (clock as Clock)?._source.Cancel();

    private readonly CancellationTokenSource _source = new();
    private CancellationTokenRegistration _gone;

    public CancellationToken Token => _source.Token;

    public static Clock Rent(TimeSpan limit, CancellationToken gone)
    {
        if (!Pool.TryDequeue(out var clock))
            clock = new Clock();
        clock._source.CancelAfter(limit);
        clock._gone = gone.UnsafeRegister(Cancel, clock);
        return clock;
    }

    /// <summary>Only one that has not struck goes back into the pool.</summary>
    public void Dispose()
    {
        _gone.Dispose();
        if (_source.TryReset() && Pool.Count < MostPooled)
            Pool.Enqueue(this);
        else
            _source.Dispose();
    }
}
