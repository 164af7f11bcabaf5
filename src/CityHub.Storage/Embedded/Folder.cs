using System.Runtime.InteropServices;

namespace CityHub.Storage.Embedded;

/// <summary>What .NET does not offer for folders: making a rename or a new name durable.</summary>
internal static partial class Folder
{
    /// <summary>fsync of the folder itself: names that were created, renamed or removed in it survive a power failure.</summary>
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals its folders.
        }

        int handle = OpenFolder(folder, 0);
        if (handle < 0)
        {
            throw new IOException($"Cannot open the folder {folder} to sync it (errno {Marshal.GetLastPInvokeError()}).");
        }

        int outcome = SyncFolder(handle);
        int errno = Marshal.GetLastPInvokeError();
        _ = CloseFolder(handle);
        if (outcome != 0)
        {
            throw new IOException($"Cannot sync the folder {folder} (errno {errno}).");
        }
    }

    /// <summary>Makes the folder durable with every parent that had to be made.</summary>
    public static void Create(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(folder);
        if (parent is not null)
        {
            Create(parent);
        }

        Directory.CreateDirectory(folder);
        if (parent is not null)
        {
            Sync(parent);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFolder(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFolder(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFolder(int handle);
}
