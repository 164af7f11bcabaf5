using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CityHub.Privacy;

/// <summary>The names in a folder are there after the power has failed.</summary>
internal static partial class FolderSync
{
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS writes its names ahead of time

        var handle = Open(folder, 0);
        var done = handle >= 0 && Flush(handle) == 0;
        var error = Marshal.GetLastPInvokeError();
        if (handle >= 0)
            _ = Close(handle);
        if (!done)
            throw new IOException($"{folder}: {new Win32Exception(error).Message}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Flush(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Close(int handle);
}
