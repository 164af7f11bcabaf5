using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Crypto;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;
using CityHub.Server.Export;
using CityHub.Server.Http;
using CityHub.Sharing.Deliveries;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Server.Verbs;

/// <summary>Writes everything that a hub knows into a folder in open formats; <see cref="Restore"/> makes a hub of it elsewhere.</summary>
internal sealed class Export : IVerb
{
    private const string Exported = "DataExported";
    private static readonly Option To = new("--to", "The folder to write; it has to be empty or new") { Value = "DIR" };
    private static readonly Option Secrets = new("--with-secrets", "Also the hub's keys, the keys of persons, the secret behind pseudonyms: keep such an export like the hub itself");
    private static readonly Option Keys = new("--keys", "A folder with data keys of departments: rows they seal are written in clear, too") { Value = "DIR" };

    public string Name => "export";

    public string Summary => "Write everything that a hub knows, in open formats, to restore it elsewhere";

    public IReadOnlyList<Option> Options => [To, Secrets, Keys, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub export --data /var/lib/cityhub --to /media/export", "log, ledger, sealed rows, open rows as CSV; the hub has to be stopped"),
        new("cityhub export --data /var/lib/cityhub --to /media/move --with-secrets", "with what the hub elsewhere needs to be the same one"),
        new("cityhub export --to civil-affairs --keys /media/safe", "with the rows of the departments whose data keys lie in that folder"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (call.Text(To.Name) is not { Length: > 0 } to)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--to is missing: which folder takes the export?"));
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        if (!Directory.Exists(config.Data))
            return call.Refuse(DoorProblems.NoHub.Because($"There is no data folder {config.Data}.", "--data names it."));
        var (time, target) = (call.Surroundings.Time, call.Surroundings.PathOf(to));
        using var keys = new DepartmentKeys();
        var departments = call.Text(Keys.Name) is { } folder ? Unlock(keys, call.Surroundings.PathOf(folder)) : [];
        var opened = await Task.Run(() => EmbeddedStore.Open(config.Data, time, new EmbeddedOptions { Tables = new TablesOptions { Keys = keys } }), cancel);
        if (!opened.TryGet(out var store, out problem))
            return call.Refuse(problem);
        await using (store)
        {
            // On record before the first byte; the hub that starts next brings it into the ledger.
            if (!(await store.Acts.RecordAsync(Act(departments, call.Has(Secrets.Name)), cancel)).TryGet(out _, out problem)
                || !Tables(store, time).TryGet(out var tables, out problem)
                || !(await new ExportFolder(config.Data, target, time).WriteAsync(store, tables.Where(t => !t.Locked), call.Has(Secrets.Name), call.Error.WriteLine, cancel)).TryGet(out var package, out problem))
                return call.Refuse(problem);
            call.Out.WriteLine($"{package.Head} facts, {tables.Count(t => !t.Locked)} tables in clear, {tables.Count(t => t.Locked)} sealed, {package.Files.Count} files, {package.Files.Sum(f => f.Bytes)} bytes in {target}");
        }

        return Exit.Done;
    }

    private static List<string> Unlock(DepartmentKeys keys, string folder)
    {
        var departments = new List<string>();
        foreach (var file in Directory.EnumerateFiles(folder, "*.data").Order(StringComparer.Ordinal))
        {
            var (department, key) = (Path.GetFileNameWithoutExtension(file), File.ReadAllBytes(file));
            if (key.Length != DepartmentKeys.KeyBytes)
                continue;
            keys.Unlock(department, key);
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(key);
            departments.Add(department);
        }

        return departments;
    }

    /// <summary>The tables that hold the rows of datasets now.</summary>
    private static Result<List<ITable>> Tables(EmbeddedStore store, TimeProvider time)
    {
        using var book = new DeliveryBook(store.Log, time);
        book.Load();
        var tables = new List<ITable>();
        foreach (var (_, content) in book.Contents.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            if (!store.Tables.Open(content.Table, content.Schema, content.Owner, [.. content.Manifests.Select(m => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(m))]).TryGet(out var table, out var problem))
                return problem;
            tables.Add(table);
        }

        return tables;
    }

    private static Act Act(List<string> departments, bool secrets) => new(Exported, Json.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("by", "cityhub export");
        json.WriteBoolean("secrets", secrets);
        json.WriteStartArray("unlocked");
        foreach (var department in departments)
            json.WriteStringValue(department);
        json.WriteEndArray();
        json.WriteEndObject();
    }));
}
