using System.Diagnostics;

namespace CityHub.Bench.Kill;

/// <summary>
/// Something that can be killed: how to start it, how to load it and hear what it acknowledged, and how to look at what it left.
/// The store alone is one (<see cref="StoreTarget"/>), a whole hub behind its sockets another.
/// </summary>
public interface IKillTarget
{
    /// <summary>The process to be killed, on this data folder.</summary>
    ProcessStartInfo Start(string folder, int run);

    /// <summary>
    /// Puts load on the child until it is gone, and notes every id in <paramref name="acknowledged"/> after, and only after, the child
    /// has acknowledged it. Calls <paramref name="ready"/> when the load runs.
    /// </summary>
    Task LoadAsync(Process child, int run, Acknowledged acknowledged, Action ready, CancellationToken cancel);

    /// <summary>
    /// Looks at the folder as the next start finds it.
    /// </summary>
    /// <param name="present">Takes each id as often as it is there.</param>
    /// <returns>What else is wrong, a sentence each.</returns>
    Task<IReadOnlyList<string>> InspectAsync(string folder, Action<string> present, CancellationToken cancel);
}

/// <summary>The ids that were acknowledged on one data folder, over all the lives of the child.</summary>
public sealed class Acknowledged
{
    readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    readonly Lock _gate = new();

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _ids.Count;
            }
        }
    }

    public void Add(string id)
    {
        lock (_gate)
        {
            _ids.Add(id);
        }
    }

    internal string[] Without(IReadOnlySet<string> present)
    {
        lock (_gate)
        {
            return [.. _ids.Where(id => !present.Contains(id))];
        }
    }
}
