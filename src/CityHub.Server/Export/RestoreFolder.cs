using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Server.Ledger;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Facts;

namespace CityHub.Server.Export;

/// <summary>
/// Makes a data folder of an export: checks each file against its hash, writes the log anew, puts the rest where it lay, and audits the whole before the folder gets its name.
/// What is interrupted leaves only a folder that ends in <c>.restoring</c>.
/// </summary>
internal sealed class RestoreFolder(string from, string data, TimeProvider time)
{
    private readonly string _data = Path.TrimEndingDirectorySeparator(Path.GetFullPath(data));

    /// <returns>How many facts the new folder has.</returns>
    public Result<long> Run(Action<string> said, CancellationToken cancel)
    {
        if (!Package.Read(from).TryGet(out var package, out var problem))
            return problem;
        foreach (var file in package.Files)
        {
            cancel.ThrowIfCancellationRequested();
            said($"checking {file.Path}");
            if (Package.Check(from, file) is { } changed)
                return changed;
        }

        var fresh = _data + ".restoring";
        try
        {
            if (Directory.Exists(_data) && Directory.EnumerateFileSystemEntries(_data).Any())
                return ExportProblems.Unwritable.Because($"{_data} is not empty.", "A hub is restored into a folder of its own.");
            if (Directory.Exists(fresh))
                Directory.Delete(fresh, recursive: true); // Of a restore that was interrupted.
            Package.MakeFolder(fresh);
            if (Fill(package, fresh, said, cancel) is { } refused)
                return refused;
            foreach (var folder in Directory.EnumerateDirectories(fresh, "*", SearchOption.AllDirectories).Append(fresh))
                DurableFiles.SyncFolder(folder);
            if (Directory.Exists(_data))
                Directory.Delete(_data);
            Directory.Move(fresh, _data);
            DurableFiles.SyncFolder(Path.GetDirectoryName(_data) ?? "/");
            return package.Head;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ExportProblems.Unwritable.Because($"The hub was not restored: {e.Message}", $"Remove {fresh} and restore again.");
        }
    }

    private Problem? Fill(Package package, string fresh, Action<string> said, CancellationToken cancel)
    {
        said($"writing {package.Head} facts");
        using (var archive = new FileStream(Package.In(from, FactArchive.FileName), FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16))
        {
            try
            {
                if (!FactRestore.Write(fresh, FactArchive.Read(archive), cancel: cancel).TryGet(out var count, out var problem))
                    return problem;
                if (count != package.Head)
                    return ExportProblems.Unusable.Because($"The export says that it has {package.Head} facts and has {count}.");
            }
            catch (FormatException e)
            {
                return ExportProblems.Unusable.Because($"{FactArchive.FileName}, {e.Message}.");
            }
        }

        foreach (var file in package.Files)
        {
            cancel.ThrowIfCancellationRequested();
            if (file.Path.Split('/', 2) is [ExportFolder.AsItLies or ExportFolder.Secrets, var lies])
                Copy(Package.In(from, file.Path), Package.In(fresh, lies));
        }

        said("auditing what was restored");
        if (!EmbeddedStore.Open(fresh, time).TryGet(out var store, out var unopened))
            return unopened;
        using (store)
        {
            foreach (var step in new HubAudit(store, time).Run(null, cancel))
            {
                if (step.Divergence is not null)
                    return ExportProblems.Unusable.Because($"What was restored does not check: {step.Name}: {step.Divergence}", "cityhub audit on the folder that was exported tells whether the damage was there before.");
                said($"ok: {step.Name}: {step.Found}");
            }
        }

        return null;
    }

    private static void Copy(string source, string target)
    {
        Package.MakeFolder(Path.GetDirectoryName(target));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var read = new FileStream(source, FileMode.Open, FileAccess.Read);
        using var written = new FileStream(target, options);
        read.CopyTo(written);
        written.Flush(flushToDisk: true);
    }
}
