using System.Security.Cryptography;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Server.Http;

namespace CityHub.Server.Export;

/// <summary>A file of an export.</summary>
/// <param name="Path">Below the export's folder, parts divided by <c>/</c>.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
internal sealed record PackagedFile(string Path, long Bytes, string Sha256)
{
    /// <summary>Columns with their types where the file is a table; null elsewhere.</summary>
    public Core.Tables.TableSchema? Schema { get; init; }
}

/// <summary>
/// What an export holds, as a Frictionless Data Package (<c>datapackage.json</c>): every file with its size and its hash. It is written last: a folder without it is no export.
/// </summary>
/// <param name="Head">The last fact.</param>
internal sealed record Package(DateTimeOffset Created, long Head, IReadOnlyList<PackagedFile> Files)
{
    public const string FileName = "datapackage.json";
    private const int Format = 1;

    public byte[] Write() => Json.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("profile", "data-package");
        json.WriteString("name", "cityhub-export");
        json.WriteString("created", Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteStartObject("cityhub");
        json.WriteNumber("format", Format);
        json.WriteNumber("head", Head);
        json.WriteEndObject();
        json.WriteStartArray("resources");
        foreach (var file in Files)
        {
            json.WriteStartObject();
            json.WriteString("name", NameOf(file.Path));
            json.WriteString("path", file.Path);
            json.WriteNumber("bytes", file.Bytes);
            json.WriteString("hash", "sha256:" + file.Sha256);
            if (file.Schema is { } schema)
                WriteSchema(json, schema);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>Reads what an export says of itself; nothing of its files is looked at yet.</summary>
    public static Result<Package> Read(string folder)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, FileName)));
            var own = document.RootElement.GetProperty("cityhub");
            if (own.GetProperty("format").GetInt32() != Format)
                return ExportProblems.Unusable.Because($"The export has format {own.GetProperty("format").GetInt32()}; this hub knows {Format}.", "Restore it with the version that made it, or with a newer one.");
            var files = document.RootElement.GetProperty("resources").EnumerateArray().Select(r =>
                new PackagedFile(r.GetProperty("path").GetString() ?? "", r.GetProperty("bytes").GetInt64(), (r.GetProperty("hash").GetString() ?? "").Replace("sha256:", "", StringComparison.Ordinal))).ToList();
            return files.Find(f => !IsBelow(f.Path)) is { } outside
                ? ExportProblems.Unusable.Because($"The export names a file outside itself: {outside.Path}.")
                : new Package(document.RootElement.GetProperty("created").GetDateTimeOffset(), own.GetProperty("head").GetInt64(), files);
        }
        catch (FileNotFoundException)
        {
            return ExportProblems.Unusable.Because($"{folder} has no {FileName}.", "It is written last: an export that was interrupted has none. Export again.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IOException or UnauthorizedAccessException)
        {
            return ExportProblems.Unusable.Because($"{FileName} cannot be read: {e.Message}");
        }
    }

    /// <summary>Whether the file is the one that was exported.</summary>
    public static Problem? Check(string folder, PackagedFile file)
    {
        try
        {
            using var stream = new FileStream(In(folder, file.Path), FileMode.Open, FileAccess.Read);
            var (bytes, hash) = (stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
            return bytes == file.Bytes && hash == file.Sha256 ? null : ExportProblems.Unusable.Because($"{file.Path} is not what was exported: its content has changed.", "Take the export from where it was made again.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ExportProblems.Unusable.Because($"{file.Path} cannot be read: {e.Message}", "Take the export from where it was made again.");
        }
    }

    public static string In(string folder, string path) => Path.Combine([folder, .. path.Split('/')]);

    /// <summary>Makes a folder that nobody but its owner may look into; keys lie in some.</summary>
    public static void MakeFolder(string? folder)
    {
        if (string.IsNullOrEmpty(folder))
            return;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static bool IsBelow(string path) =>
        path.Length > 0 && !path.Contains('\\', StringComparison.Ordinal) && !Path.IsPathRooted(path) && !path.Contains(':', StringComparison.Ordinal) && !path.Split('/').Any(part => part is "" or "." or "..");

    /// <summary>Names of resources are lower-case letters, digits, <c>-</c>, <c>_</c>, <c>.</c>.</summary>
    private static string NameOf(string path) => string.Concat(path.ToLowerInvariant().Select(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_' or '.' ? c : '-'));

    private static void WriteSchema(Utf8JsonWriter json, Core.Tables.TableSchema schema)
    {
        json.WriteString("profile", "tabular-data-resource");
        json.WriteString("mediatype", "text/csv");
        json.WriteString("encoding", "utf-8");
        json.WriteStartObject("schema");
        json.WriteStartArray("fields");
        foreach (var column in schema.Columns)
        {
            json.WriteStartObject();
            json.WriteString("name", column.Name);
            json.WriteString("type", column.Type switch
            {
                Core.Tables.ColumnType.Integer => "integer",
                Core.Tables.ColumnType.Number => "number",
                Core.Tables.ColumnType.Boolean => "boolean",
                Core.Tables.ColumnType.Date => "date",
                Core.Tables.ColumnType.Instant => "datetime",
                _ => "string",
            });
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (schema.Key >= 0)
            json.WriteString("primaryKey", schema.Columns[schema.Key].Name);
        json.WriteEndObject();
    }
}

internal static class ExportProblems
{
    public static readonly ProblemKind Unusable = new("export-unusable", "The export cannot be restored", 422);
    public static readonly ProblemKind Unwritable = new("export-unwritable", "The export cannot be written", 503);
}
