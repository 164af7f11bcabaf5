namespace CityHub.Tests.Storage.Embedded;

/// <summary>A folder of its own for one test, gone with it.</summary>
public sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cityhub-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>What another machine would find on this disk now: a copy of every file while the store is at work.</summary>
    public TestFolder Copy()
    {
        var copy = new TestFolder();
        CopyInto(Path, copy.Path);
        return copy;
    }

    static void CopyInto(string from, string to)
    {
        foreach (string folder in Directory.EnumerateDirectories(from))
        {
            CopyInto(folder, Directory.CreateDirectory(System.IO.Path.Combine(to, System.IO.Path.GetFileName(folder))).FullName);
        }

        foreach (string file in Directory.EnumerateFiles(from))
        {
            string name = System.IO.Path.GetFileName(file);
            if (name is "hub.lock" || name.EndsWith("-shm", StringComparison.Ordinal))
            {
                continue; // what a process holds in memory does not survive it
            }

            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = new FileStream(System.IO.Path.Combine(to, name), FileMode.Create, FileAccess.Write);
            source.CopyTo(target);
            if (!OperatingSystem.IsWindows())
            {
                System.IO.File.SetUnixFileMode(target.SafeFileHandle, System.IO.File.GetUnixFileMode(source.SafeFileHandle)); // keys stay their owner's
            }
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
