using System.Buffers;
using System.Security.Cryptography;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded;

namespace CityHub.Server.Export;

/// <summary>
/// Everything a data folder knows, in open formats: the log as lines of JSON, the ledger and the sealed segments as they lie (their formats are described), rows of tables that can
/// be read as CSV, and, if asked for, the secrets. What is computed from the log (views, history, snapshots) is not in it.
/// </summary>
internal sealed class ExportFolder(string data, string to, TimeProvider time)
{
    /// <summary>Files that are restored as they lie, below this folder of the export.</summary>
    public const string AsItLies = "hub";

    public const string Secrets = "secrets";

    public const string Rows = "rows";

    /// <summary>What lies in these is taken as it is: signed by others, sealed for them, or said by no fact.</summary>
    private static readonly string[] Folders = ["ledger", "tables", "kept"];

    /// <summary>Without these the hub elsewhere has another name, other pseudonyms, and cannot say which acts were about whom.</summary>
    private static readonly string[] SecretFiles = ["subjects.keys", "sharing.secret", "keys"];

    private readonly List<PackagedFile> _files = [];

    /// <param name="tables">The tables that can be read here; those of departments that have not unlocked them are not.</param>
    /// <param name="said">What is being written, for whoever waits.</param>
    public async Task<Result<Package>> WriteAsync(EmbeddedStore store, IEnumerable<ITable> tables, bool secrets, Action<string> said, CancellationToken cancel)
    {
        try
        {
            if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
                return ExportProblems.Unwritable.Because($"{to} is not empty.", "An export has a folder of its own.");
            Package.MakeFolder(to);
            var head = await FactsAsync(store, said, cancel);
            foreach (var table in tables)
            {
                cancel.ThrowIfCancellationRequested();
                said($"rows of {table.Name}");
                if (await RowsAsync(table, cancel) is { } unreadable)
                    return unreadable;
            }

            foreach (var folder in Folders)
                await CopyAsync(Path.Combine(data, folder), AsItLies, said, cancel);
            if (secrets)
                foreach (var secret in SecretFiles)
                    await CopyAsync(Path.Combine(data, secret), Secrets, said, cancel);
            var package = new Package(time.GetUtcNow(), head, _files);
            await PutAsync(Package.FileName, async file => await file.WriteAsync(package.Write(), cancel));
            return package;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ExportProblems.Unwritable.Because($"The export was not finished: {e.Message}", $"Remove {to} and export again; the data folder was only read.");
        }
        catch (StorageException damaged)
        {
            return damaged.Problem;
        }
    }

    private async Task<long> FactsAsync(EmbeddedStore store, Action<string> said, CancellationToken cancel)
    {
        const int Block = 1 << 16;
        var head = store.Log.Head;
        await PutAsync(FactArchive.FileName, async file =>
        {
            var block = new ArrayBufferWriter<byte>(Block * 2);
            foreach (var fact in store.Log.Read(0))
            {
                if (fact.Position > head)
                    break;
                if (fact.Position % 100_000 == 0)
                    said($"{fact.Position} of {head} facts");
                FactArchive.Write(block, fact);
                if (block.WrittenCount < Block)
                    continue;
                await file.WriteAsync(block.WrittenMemory, cancel);
                block.ResetWrittenCount();
            }

            await file.WriteAsync(block.WrittenMemory, cancel);
        });
        return head;
    }

    private async Task<Problem?> RowsAsync(ITable table, CancellationToken cancel)
    {
        if (!table.Scan(Enumerable.Range(0, table.Schema.Columns.Count).ToArray()).TryGet(out var rows, out var problem))
            return problem;
        await using (rows)
            await PutAsync($"{Rows}/{Uri.EscapeDataString(table.Name)}.csv", file => CsvRows.WriteAsync(rows, file, cancel), table.Schema);
        return null;
    }

    private async Task CopyAsync(string from, string below, Action<string> said, CancellationToken cancel)
    {
        IEnumerable<string> files = File.Exists(from) ? [from] : Directory.Exists(from) ? Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [];
        foreach (var path in files)
        {
            cancel.ThrowIfCancellationRequested();
            var relative = Path.GetRelativePath(data, path).Replace(Path.DirectorySeparatorChar, '/');
            said(relative);
            await PutAsync($"{below}/{relative}", async file =>
            {
                await using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                await source.CopyToAsync(file, cancel);
            });
        }
    }

    /// <summary>Writes one file, durable, and notes its size and its hash.</summary>
    private async Task PutAsync(string path, Func<Stream, Task> write, TableSchema? schema = null)
    {
        var target = Package.In(to, path);
        Package.MakeFolder(Path.GetDirectoryName(target));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var hash = SHA256.Create();
        await using var file = new FileStream(target, options);
        await using (var hashed = new CryptoStream(file, hash, CryptoStreamMode.Write, leaveOpen: true))
            await write(hashed);
        file.Flush(flushToDisk: true);
        if (path != Package.FileName)
            _files.Add(new PackagedFile(path, file.Length, Convert.ToHexStringLower(hash.Hash ?? [])) { Schema = schema });
    }
}
