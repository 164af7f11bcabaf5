namespace CityHub.Sharing.Releases;

/// <summary>So many releases run for the public at once: whoever gives no name cannot keep the hub from those who do.</summary>
internal sealed class PublicTurns(int most)
{
    private int _free = most;

    /// <summary>Null: none is free. Disposed when the release is over.</summary>
    public IDisposable? Take()
    {
        if (Interlocked.Decrement(ref _free) >= 0)
            return new Turn(this);
        Interlocked.Increment(ref _free);
        return null;
    }

    private sealed class Turn(PublicTurns of) : IDisposable
    {
        private int _over;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _over, 1) == 0)
                Interlocked.Increment(ref of._free);
        }
    }
}
