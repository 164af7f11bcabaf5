using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CityHub.Ledger;

/// <summary>Files that are there, whole, after the power has failed.</summary>
public static partial class DurableFiles
{
    /// <summary>
    /// Puts <paramref name="content"/> in the place of what the file held. A crash leaves, after each step:
    /// 1 write the .new file – the old file and a .new that nobody reads; 2 sync it – the same; 3 rename – the old or the new file, each whole;
    /// 4 sync the folder – the new file. The .new file is overwritten by the next one who writes.
    /// </summary>
    /// <param name="step">Called before each step and in the middle of the first, with its name; tests end the process there.</param>
    public static void Replace(string file, ReadOnlySpan<byte> content, Action<string>? step = null)
    {
        var fresh = file + ".new";
        step?.Invoke("write");
        using (var handle = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            RandomAccess.Write(handle, content[..(content.Length / 2)], 0);
            step?.Invoke("half");
            RandomAccess.Write(handle, content[(content.Length / 2)..], content.Length / 2);
            step?.Invoke("sync");
            RandomAccess.FlushToDisk(handle);
        }

        step?.Invoke("rename");
        File.Move(fresh, file, overwrite: true);
        step?.Invoke("sync folder");
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/");
        step?.Invoke("done");
    }

    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            return; // NTFS writes its names ahead of time

        var handle = Open(folder, 0);
        if (handle < 0)
            throw Failed(Marshal.GetLastPInvokeError(), folder);
        try
        {
            if (Sync(handle) != 0)
                throw Failed(Marshal.GetLastPInvokeError(), folder);
        }
        finally
        {
            _ = Close(handle);
        }
    }

    /// <summary>Everything that anybody wrote to the file system of a folder. Linux only.</summary>
    internal static void SyncFileSystem(string folder)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        var handle = Open(folder, 0);
        if (handle < 0)
            throw Failed(Marshal.GetLastPInvokeError(), folder);
        try
        {
            if (SyncFs(handle) != 0)
                throw Failed(Marshal.GetLastPInvokeError(), folder);
        }
        finally
        {
            _ = Close(handle);
        }
    }

    private static IOException Failed(int error, string path) => new($"{path}: {new Win32Exception(error).Message}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    [UnsupportedOSPlatform("windows")]
    private static partial int SyncFs(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Close(int handle);
}
