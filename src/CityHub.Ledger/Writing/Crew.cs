using System.Runtime.ExceptionServices;

namespace CityHub.Ledger;

/// <summary>
/// Threads of our own that share the parts of one piece of work with the caller. Not the pool's: they wait for the disk most of the time,
/// and a pool that waits starves a server.
/// </summary>
internal sealed class Crew : IDisposable
{
    private readonly Thread[] helpers;
    private readonly SemaphoreSlim wake = new(0);
    private readonly SemaphoreSlim finished = new(0);
    private Action<int>? work;
    private int count, next;
    private ExceptionDispatchInfo? failure;
    private volatile bool leaving;

    /// <param name="threads">The caller's among them.</param>
    public Crew(string name, int threads)
    {
        helpers = new Thread[Math.Max(0, threads - 1)];
        for (var i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(Help) { IsBackground = true, Name = FormattableString.Invariant($"{name} {i + 1}") };
            helpers[i].Start();
        }
    }

    /// <summary>Does the parts 0 to <paramref name="parts"/> - 1 and returns when all are done; after a failure the rest is left out and the first one thrown.</summary>
    public void Run(int parts, Action<int> part)
    {
        (work, count, next, failure) = (part, parts, 0, null);
        var woken = Math.Min(helpers.Length, parts - 1);
        if (woken > 0)
            wake.Release(woken);
        TakePart();
        for (var i = 0; i < woken; i++)
            finished.Wait();
        work = null;
        failure?.Throw();
    }

    public void Dispose()
    {
        leaving = true;
        if (helpers.Length > 0)
            wake.Release(helpers.Length);
        foreach (var one in helpers)
            one.Join();
        wake.Dispose();
        finished.Dispose();
    }

    private void Help()
    {
        while (true)
        {
            wake.Wait();
            if (leaving)
                return;
            TakePart();
            finished.Release();
        }
    }

    private void TakePart()
    {
        while (work is { } part && failure is null)
        {
            var i = Interlocked.Increment(ref next) - 1;
            if (i >= count)
                return;
            try
            {
                part(i);
            }
            catch (Exception e)
            {
                // Thrown again on the caller's thread.
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }
    }
}
