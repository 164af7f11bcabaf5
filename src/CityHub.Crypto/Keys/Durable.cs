using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CityHub.Crypto;

/// <summary>What a new key file needs and the platform's library has not: a name that replaces nothing, and a folder that has reached the disk.</summary>
internal static partial class Durable
{
    private const int Exists = 17; // EEXIST of Linux, macOS and the BSDs

    /// <summary>False where there is a file of this name.</summary>
    public static bool TryGiveName(string file, string name)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(file, name, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(name))
            {
                return false;
            }
        }

        if (Link(file, name) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == Exists ? false : throw Failed(error, name);
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

    private static IOException Failed(int error, string path) => new($"{path}: {new Win32Exception(error).Message}");

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Link(string file, string name);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [UnsupportedOSPlatform("windows")]
    private static partial int Close(int handle);
}
