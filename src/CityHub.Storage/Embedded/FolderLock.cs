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

    /// <summary>What the system answers when somebody else has the lock, and only then.</summary>
    const int WouldBlock = 11, WouldBlockOnMac = 35, SharingViolation = unchecked((int)0x80070020);

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
        catch (IOException refused) when (refused.HResult is WouldBlock or WouldBlockOnMac or SharingViolation)
        {
            return FactProblems.StorageLocked.Because(
                $"{folder} is in use by {(Owner(folder) is { } owner ? $"process {owner}" : "another process")}.",
                "Stop the other hub, or start this one with a data folder of its own.");
        }

        try
        {
            File.WriteAllText(Path.Combine(folder, OwnerName), string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} since {time.GetUtcNow():u}\n"));
        }
        catch (IOException)
        {
            // A full disk: the lock holds all the same.
        }

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
}
