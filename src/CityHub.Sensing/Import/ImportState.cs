using System.Buffers;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Import;

/// <summary>How far an import has come. Rows up to <see cref="Rows"/> are dealt with: recorded durably, known before, or refused and written down.</summary>
/// <param name="Id">Of the file's content together with its mapping: 64 hexadecimal digits.</param>
public sealed record ImportState(string Id, string File, long Bytes)
{
    private static readonly SearchValues<char> Hexadecimal = SearchValues.Create("0123456789abcdef");

    public long Rows { get; init; }

    /// <summary>Values that were new.</summary>
    public long Recorded { get; init; }

    /// <summary>Values that the history held already.</summary>
    public long Known { get; init; }

    /// <summary>Rows that were refused.</summary>
    public long Refused { get; init; }

    public bool Finished { get; init; }

    /// <summary>When the hub was last told; it fills this in.</summary>
    public DateTimeOffset At { get; init; }

    public static bool IsId(string id) => id.Length == 64 && !id.AsSpan().ContainsAnyExcept(Hexadecimal);

    internal void Write(Utf8JsonWriter json, bool withTime)
    {
        json.WriteString("id"u8, Id);
        json.WriteString("file"u8, File);
        json.WriteNumber("bytes"u8, Bytes);
        json.WriteNumber("rows"u8, Rows);
        json.WriteNumber("recorded"u8, Recorded);
        json.WriteNumber("known"u8, Known);
        json.WriteNumber("refused"u8, Refused);
        json.WriteBoolean("finished"u8, Finished);
        if (withTime)
            json.WriteString("at"u8, Http.SensingHttp.Time(At.UtcTicks));
    }

    /// <summary>Null: it is not one.</summary>
    internal static ImportState? Read(ReadOnlyMemory<byte> utf8, string? id = null)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var json = document.RootElement;
            long Count(ReadOnlySpan<byte> name) => json.TryGetProperty(name, out var value) && value.TryGetInt64(out var count) && count >= 0 ? count : 0;
            var named = id ?? json.GetProperty("id"u8).GetString() ?? "";
            return new ImportState(named, json.TryGetProperty("file"u8, out var file) ? file.GetString() ?? "" : "", Count("bytes"u8))
            {
                Rows = Count("rows"u8),
                Recorded = Count("recorded"u8),
                Known = Count("known"u8),
                Refused = Count("refused"u8),
                Finished = json.TryGetProperty("finished"u8, out var finished) && finished.GetBoolean(),
                At = json.TryGetProperty("at"u8, out var at) && at.TryGetDateTimeOffset(out var when) ? when : default,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}

/// <summary>Where an import writes to: a hub in this process or one over HTTP.</summary>
public interface IImportTarget : Core.Ports.IVocabulary
{
    /// <summary>What is known of an import; null when it is new.</summary>
    ValueTask<Result<ImportState?>> FindAsync(string id, CancellationToken cancel);

    /// <summary>Notes how far an import has come. Durable on return.</summary>
    ValueTask<Result<Done>> NoteAsync(ImportState state, CancellationToken cancel);

    /// <summary>Records a batch. Durable on return; the same batch once more changes nothing.</summary>
    /// <param name="context">In whose words the observations are, where <see cref="Core.Ports.IVocabulary.ExpandAsync"/> of this target left them as they were.</param>
    ValueTask<Result<Core.Ports.Filled>> RecordAsync(string? context, IReadOnlyList<Core.Ports.Observation> observations, CancellationToken cancel);
}
