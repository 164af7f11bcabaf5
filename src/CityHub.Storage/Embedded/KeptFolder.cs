using System.Security.Cryptography;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded;

/// <summary>kept/{name}: SHA-256 of the content, and the content. A file has its name only when all of it is on disk.</summary>
internal sealed class KeptFolder : IKept
{
    const string Unfinished = ".unfinished";

    readonly string _folder;
    readonly EmbeddedOptions _options;

    KeptFolder(string folder, EmbeddedOptions options) => (_folder, _options) = (folder, options);

    public IReadOnlyCollection<string> Names => [.. Directory.EnumerateFiles(_folder).Where(path => !path.EndsWith(Unfinished, StringComparison.Ordinal)).Select(path => Uri.UnescapeDataString(Path.GetFileName(path)))];

    /// <exception cref="IOException">The folder cannot be used.</exception>
    public static KeptFolder Open(string folder, EmbeddedOptions options)
    {
        folder = Path.Combine(folder, "kept");
        Folder.Create(folder);
        foreach (string left in Directory.EnumerateFiles(folder, "*" + Unfinished))
        {
            File.Delete(left); // a crash while it was written
        }

        return new KeptFolder(folder, options);
    }

    public Result<ReadOnlyMemory<byte>> Read(string name)
    {
        string path = PathOf(name);
        byte[] bytes;
        try
        {
            if (!File.Exists(path))
            {
                return ReadOnlyMemory<byte>.Empty;
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return FactProblems.StorageUnavailable.Because($"kept/{Path.GetFileName(path)} cannot be read: {failure.Message}", "Check that it belongs to the user the hub runs as, and the disk of the data folder.");
        }

        if (bytes.Length < SHA256.HashSizeInBytes || !SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes)))
        {
            return FactProblems.StorageDamaged.Because($"kept/{Path.GetFileName(path)} is not what was written.", "Check the disk of the data folder, and restore the file from a backup.");
        }

        return new ReadOnlyMemory<byte>(bytes)[SHA256.HashSizeInBytes..];
    }

    public Result<Done> Keep(string name, ReadOnlyMemory<byte> content)
    {
        string path = PathOf(name);
        string unfinished = path + Unfinished;
        try
        {
            _options.Fault?.Invoke(FaultPoint.KeptBeforeWrite); // What was kept before, and an unfinished file at most, which the next start removes.
            using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.Read, 0))
            {
                file.Write(SHA256.HashData(content.Span));
                file.Write(content.Span);
                _options.Fault?.Invoke(FaultPoint.KeptBeforeSync); // The same.
                file.Flush(flushToDisk: true);
            }

            _options.Fault?.Invoke(FaultPoint.KeptBeforeRename); // The same, though whole.
            File.Move(unfinished, path, overwrite: true);
            _options.Fault?.Invoke(FaultPoint.KeptBeforeFolderSync); // The new one or, after a power failure, the one before: nobody was answered yet.
            Folder.Sync(_folder);
            return Done.Value;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure is IOException full && Tables.TableProblems.IsFull(full)
                ? FactProblems.StorageFull.Because($"There is no room on the disk ({failure.Message}).", "Free some space and ask again.")
                : FactProblems.StorageUnavailable.Because($"The disk takes nothing: {failure.Message}", "Check the disk of the data folder and ask again.");
        }
    }

    public void Drop(string name) => File.Delete(PathOf(name)); // One that a power failure brings back is dropped again.

    string PathOf(string name) => Path.Combine(_folder, Uri.EscapeDataString(name));
}
