namespace CityHub.Ledger;

/// <summary>Writes a log's files and remembers which folders have new names in them. For many threads.</summary>
/// <param name="lazy">Nothing is synced by itself; <see cref="SyncAll"/> does.</param>
internal sealed class LogFiles(string root, bool lazy, Action<LogStep, string>? step)
{
    private readonly Lock gate = new();
    private readonly HashSet<string> folders = new(StringComparer.Ordinal);
    private readonly HashSet<string> unsynced = new(StringComparer.Ordinal);

    public string Root => root;

    public string PathOf(string file) => Path.Combine(root, file);

    /// <summary>Writes the file anew and syncs it. Its name is durable after <see cref="SyncFolders"/>.</summary>
    public void Write(string file, ReadOnlySpan<byte> bytes)
    {
        var path = PathOf(file);
        NeedFolder(Path.GetDirectoryName(path) ?? root);
        step?.Invoke(LogStep.WriteFile, path);
        using var handle = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        RandomAccess.Write(handle, bytes, 0);
        if (lazy)
            return;
        step?.Invoke(LogStep.SyncFile, path);
        RandomAccess.FlushToDisk(handle);
        step?.Invoke(LogStep.FileSynced, path);
    }

    /// <summary>Makes the names durable of everything that was written since the last time.</summary>
    public void SyncFolders()
    {
        if (lazy)
            return;
        string[] all;
        lock (gate)
            all = [.. unsynced];
        foreach (var folder in all)
        {
            step?.Invoke(LogStep.SyncFolder, folder);
            DurableFiles.SyncFolder(folder);
            step?.Invoke(LogStep.FolderSynced, folder);
        }

        lock (gate)
            unsynced.ExceptWith(all);
    }

    /// <summary>Everything that was written, here and before a crash, with its name.</summary>
    public void SyncAll()
    {
        step?.Invoke(LogStep.SyncAll, root);
        DurableFiles.SyncFileSystem(root);
        step?.Invoke(LogStep.AllSynced, root);
    }

    /// <summary>As <see cref="DurableFiles.Replace"/>: readers see the old file or the new one, also after a crash.</summary>
    public void Replace(string file, ReadOnlySpan<byte> bytes)
    {
        var path = PathOf(file);
        NeedFolder(Path.GetDirectoryName(path) ?? root);
        SyncFolders();
        step?.Invoke(LogStep.ReplaceCheckpoint, path);
        DurableFiles.Replace(path, bytes, step is null ? null : at => step(LogStep.ReplaceCheckpoint, $"{path}: {at}"));
        step?.Invoke(LogStep.CheckpointReplaced, path);
    }

    /// <summary>Removes a file that nobody needs any more. Whether it works does not matter; what is left is overwritten or stays beside the log.</summary>
    public void Remove(string file)
    {
        var path = PathOf(file);
        step?.Invoke(LogStep.Tidy, path);
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (IsIo(e))
        {
        }
    }

    /// <summary>As <see cref="Remove"/>, of a folder and everything in it.</summary>
    public void RemoveFolder(string folder)
    {
        var path = PathOf(folder);
        lock (gate)
        {
            folders.Remove(path);
            unsynced.Remove(path);
        }

        if (!Directory.Exists(path))
            return;
        step?.Invoke(LogStep.Tidy, path);
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (IsIo(e))
        {
        }
    }

    public static bool IsIo(Exception e) => e is IOException or UnauthorizedAccessException;

    private void NeedFolder(string folder)
    {
        lock (gate)
        {
            if (!folders.Contains(folder))
            {
                MakeFolder(folder);
                folders.Add(folder);
            }

            unsynced.Add(folder);
        }
    }

    /// <summary>
    /// One after the other from above, because the name of each is durable when the one above it is synced; also of those that are there
    /// already, since a crash may have come between.
    /// </summary>
    private void MakeFolder(string folder)
    {
        if (folder.Length <= root.Length)
            return;
        var above = Path.GetDirectoryName(folder) ?? root;
        MakeFolder(above);
        if (!Directory.Exists(folder))
        {
            step?.Invoke(LogStep.MakeFolder, folder);
            Directory.CreateDirectory(folder);
        }

        unsynced.Add(above);
    }
}
