using System.Buffers;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>How a delivery changes a table's segments.</summary>
internal enum ManifestMode
{
    Replace,
    Upsert,
    Append,

    /// <summary>The same rows, written anew.</summary>
    Compact,
}

/// <param name="Sha256">Of the file, as it lies there: whoever holds no key can check it.</param>
internal sealed record SegmentName(string Name, long Bytes, long Rows, byte[] Sha256);

/// <summary>What a fact says of a delivery: names, sizes, counts and commitments; nothing of the content.</summary>
/// <param name="Total">Rows of the table after it, so that the count is known while the table is locked.</param>
/// <param name="Drops">Segments in which no row is left.</param>
/// <param name="Salt">Of the hash: wrapped under the owner's key, in clear for an open table.</param>
internal sealed record TableManifest(
    string Table, long Version, ManifestMode Mode, int Schema, long Rows, long Total, SegmentName[] Segments, string[] Drops, byte[] Hash, byte[] Salt)
{
    const int Format = 1;

    static readonly SearchValues<char> NameLetters = SearchValues.Create("0123456789abcdef-");

    /// <summary>The version that has the same rows in the same order: an earlier one where they were only written anew.</summary>
    public long Content { get; init; } = Version;

    /// <summary>It says all that the table holds; what was before does not count any more.</summary>
    public bool Whole => Mode is ManifestMode.Replace or ManifestMode.Compact;

    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("format"u8, Format);
            json.WriteString("table"u8, Table);
            json.WriteNumber("version"u8, Version);
            json.WriteString("mode"u8, NameOf(Mode));
            json.WriteNumber("schema"u8, Schema);
            json.WriteNumber("rows"u8, Rows);
            json.WriteNumber("total"u8, Total);
            json.WriteStartArray("segments"u8);
            foreach (SegmentName segment in Segments)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, segment.Name);
                json.WriteNumber("bytes"u8, segment.Bytes);
                json.WriteNumber("rows"u8, segment.Rows);
                json.WriteString("sha256"u8, Convert.ToHexStringLower(segment.Sha256));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("drops"u8);
            foreach (string name in Drops)
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
            json.WriteString("hash"u8, Convert.ToHexStringLower(Hash));
            json.WriteBase64String("salt"u8, Salt);
            if (Content != Version)
            {
                json.WriteNumber("content"u8, Content);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static Result<TableManifest> Read(string table, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            JsonElement root = document.RootElement;
            if (root.GetProperty("format"u8).GetInt32() != Format || root.GetProperty("table"u8).GetString() != table)
            {
                return Unreadable(table, "it is of another table or another release of the hub");
            }

            long version = root.GetProperty("version"u8).GetInt64();
            return new TableManifest(
                table,
                version,
                root.GetProperty("mode"u8).GetString() switch
                {
                    "replace" => ManifestMode.Replace,
                    "upsert" => ManifestMode.Upsert,
                    "append" => ManifestMode.Append,
                    "compact" => ManifestMode.Compact,
                    _ => throw new FormatException("its mode is unknown"),
                },
                root.GetProperty("schema"u8).GetInt32(),
                root.GetProperty("rows"u8).GetInt64(),
                root.GetProperty("total"u8).GetInt64(),
                [.. root.GetProperty("segments"u8).EnumerateArray().Select(s => new SegmentName(
                    Plain(s.GetProperty("name"u8).GetString()), s.GetProperty("bytes"u8).GetInt64(), s.GetProperty("rows"u8).GetInt64(), Convert.FromHexString(s.GetProperty("sha256"u8).GetString() ?? "")))],
                [.. root.GetProperty("drops"u8).EnumerateArray().Select(s => Plain(s.GetString()))],
                Convert.FromHexString(root.GetProperty("hash"u8).GetString() ?? ""),
                root.GetProperty("salt"u8).GetBytesFromBase64())
            {
                Content = root.TryGetProperty("content"u8, out JsonElement content) ? content.GetInt64() : version,
            };
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return Unreadable(table, failure.Message);
        }
    }

    public static string NameOf(ManifestMode mode) => mode switch
    {
        ManifestMode.Replace => "replace",
        ManifestMode.Upsert => "upsert",
        ManifestMode.Append => "append",
        ManifestMode.Compact => "compact",
        _ => throw new ArgumentOutOfRangeException(nameof(mode)),
    };

    /// <summary>A segment's name is never a way out of its folder.</summary>
    static string Plain(string? name) => name is { Length: > 0 } && name.EndsWith(Segment.Suffix, StringComparison.Ordinal) && name.AsSpan(0, name.Length - Segment.Suffix.Length).IndexOfAnyExcept(NameLetters) < 0
        ? name : throw new FormatException("a segment has no proper name");

    static Problem Unreadable(string table, string why) => TableProblems.Damaged($"A manifest of table {table}", why);
}
