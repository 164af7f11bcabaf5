using System.Globalization;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded;

/// <summary>
/// One process per data folder: an advisory lock on `hub.lock` that the kernel gives back however the process ends. `hub.pid`
/// beside it only tells people who holds it.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    const string LockName = "hub.lock";
    const string OwnerName = "hub.pid";

    readonly FileStream _lock;

    FolderLock(FileStream held) => _lock = held;

    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static Result<FolderLock> Take(string folder, TimeProvider time)
    {
        string path = Path.Combine(folder, LockName);
        FileStream held;
        try
        {
            held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException) when (File.Exists(path) && Owner(folder) is var owner && HeldByAnother(path))
        {
            return FactProblems.StorageLocked.Because(
                $"{folder} is in use by {(owner is null ? "another process" : $"process {owner}")}.",
                "Stop the other hub, or start this one with a data folder of its own.");
        }

        File.WriteAllText(Path.Combine(folder, OwnerName), string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} since {time.GetUtcNow():u}\n"));
        return new FolderLock(held);
    }

    public void Dispose() => _lock.Dispose();

    static string? Owner(string folder)
    {
        try
        {
            string owner = File.ReadAllText(Path.Combine(folder, OwnerName)).Trim();
            return owner.Length is > 0 and < 100 ? owner : null;
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Tells a held lock from a disk that cannot be read: a held lock refuses sharing at once, and only that.</summary>
    static bool HeldByAnother(string path)
    {
        try
        {
            using var probe = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return true; // let go in between; still, it was held a moment ago
        }
        catch (IOException refused)
        {
            const int wouldBlock = 11, sharingViolation = unchecked((int)0x80070020);
            return refused.HResult is wouldBlock or 35 or sharingViolation;
        }
    }
}
