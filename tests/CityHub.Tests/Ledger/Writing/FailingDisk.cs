using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Writing;

internal sealed class KilledException : Exception;

/// <summary>
/// Ends a writer at one of its steps, and then does to the files what a power failure may do: what was not synced is there, or cut, or zeroes, or
/// old, or without its name, each file by itself and in no order.
/// </summary>
internal sealed class FailingDisk(string root, int seed, int stepsToLive)
{
    private readonly Lock gate = new();
    private readonly Random dice = new(seed);
    private readonly HashSet<string> dirty = new(StringComparer.Ordinal), nameless = new(StringComparer.Ordinal);
    private int steps;
    private bool dead;
    private byte[]? oldHead;
    private (string Path, byte[]? Bytes)? oldCheckpoint;

    public bool Killed => dead;

    public int Steps => steps;

    public LogStep DiedAt { get; private set; }

    public void Step(LogStep step, string path)
    {
        lock (gate)
        {
            if (dead)
                throw new KilledException();
            if (steps++ == stepsToLive)
            {
                dead = true;
                DiedAt = step;
                throw new KilledException();
            }

            switch (step)
            {
                case LogStep.WriteFile:
                    dirty.Add(path);
                    nameless.Add(path);
                    break;
                case LogStep.FileSynced:
                    dirty.Remove(path);
                    break;
                case LogStep.MakeFolder:
                    nameless.Add(path);
                    break;
                case LogStep.FolderSynced:
                    nameless.RemoveWhere(one => Path.GetDirectoryName(one) == path);
                    break;
                case LogStep.WriteHead:
                    oldHead = File.ReadAllBytes(path);
                    break;
                case LogStep.HeadSynced:
                    oldHead = null;
                    break;
                case LogStep.ReplaceCheckpoint when !path.Contains(':', StringComparison.Ordinal):
                    oldCheckpoint = (path, File.Exists(path) ? File.ReadAllBytes(path) : null);
                    break;
                case LogStep.CheckpointReplaced:
                    oldCheckpoint = null;
                    break;
            }
        }
    }

    /// <summary>The power fails: after the writer is gone, before the next one opens.</summary>
    public void LosePower()
    {
        foreach (var file in dirty.Where(File.Exists))
        {
            switch (dice.Next(4))
            {
                case 0:
                    break;
                case 1:
                    using (var cut = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite))
                        RandomAccess.SetLength(cut, dice.NextInt64(RandomAccess.GetLength(cut) + 1));
                    break;
                case 2:
                    File.WriteAllBytes(file, new byte[new FileInfo(file).Length]);
                    break;
                default:
                    File.Delete(file);
                    break;
            }
        }

        foreach (var path in nameless)
        {
            if (dice.Next(2) == 0 || path.Length <= root.Length)
                continue;
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else if (File.Exists(path))
                File.Delete(path);
        }

        if (oldHead is not null)
        {
            var path = Path.Combine(root, "head");
            var now = File.ReadAllBytes(path);
            var kind = dice.Next(3);
            for (var i = 0; i < now.Length; i++)
            {
                // The old bytes, the new ones, or some of each.
                if (kind == 0 || (kind == 1 && now[i] != oldHead[i] && dice.Next(2) == 0))
                    now[i] = oldHead[i];
            }

            File.WriteAllBytes(path, now);
        }

        if (oldCheckpoint is { } there && dice.Next(2) == 0)
        {
            if (there.Bytes is null)
                File.Delete(there.Path);
            else
                File.WriteAllBytes(there.Path, there.Bytes);
        }
    }
}
