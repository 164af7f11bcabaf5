using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Sources;

/// <summary>Why a source last gave nothing, as a fact may say it: with no word of what was in its rows.</summary>
/// <param name="Code">Of the problem.</param>
/// <param name="Row">As whoever opens the file counts.</param>
/// <param name="Field">By its declared name.</param>
internal sealed record SourceFailure(string Code, long? Row = null, string? Field = null)
{
    public static SourceFailure Of(Problem problem) => new(problem.Code, problem.Row, problem.Field);

    public override string ToString() => Code + (Row is { } row ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", row {row}") : "") + (Field is { } field ? $", column {field}" : "");
}

/// <summary>A source as it stands: what was declared, how far it has been read, when it last gave rows and why it last did not.</summary>
internal sealed record SourceState(SourceDeclaration Source)
{
    public string DeclaredBy { get; init; } = "";

    /// <summary>Everything up to it has been delivered; null: nothing yet.</summary>
    public string? Watermark { get; init; }

    public DateTimeOffset? LastTried { get; init; }

    public DateTimeOffset? LastDelivered { get; init; }

    public long Rows { get; init; }

    /// <summary>Position of the last delivery: the lineage goes from there.</summary>
    public long LastDelivery { get; init; }

    public SourceFailure? LastFailure { get; init; }

    /// <summary>False: it has given nothing for twice as long as it should.</summary>
    public bool IsFresh(DateTimeOffset now) => LastDelivered is { } last && now - last <= 2 * Source.Every;
}

/// <summary>The sources of the city and how each stands.</summary>
internal sealed class SourceBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, "sources")
{
    public const string Declared = "SourceDeclared";
    public const string Withdrawn = "SourceWithdrawn";
    public const string Delivered = "SourceDelivered";
    public const string Quiet = "SourceHadNothing";
    public const string Failed = "SourceFailed";
    public const string Released = "SourceSlotReleased";

    private ImmutableSortedDictionary<string, SourceState> _sources = ImmutableSortedDictionary.Create<string, SourceState>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, SourceState> Sources => _sources;

    /// <summary>Sources that were followed by their changes and are so no more, oldest first: the slot of each may still be there, and the database keeps its log for it.</summary>
    public ImmutableList<SourceDeclaration> Left { get; private set; } = [];

    /// <param name="taken">Asked about the source that has the name already, at the moment at which it would be replaced; null: nobody else declares.</param>
    /// <returns>Whether it is new.</returns>
    public ValueTask<Result<bool>> DeclareAsync(SourceDeclaration source, string by, Func<SourceDeclaration, Problem?>? taken = null) => RecordAsync<bool>(_ =>
    {
        var known = _sources.GetValueOrDefault(source.Id);
        if (known is not null && taken?.Invoke(known.Source) is { } others)
            return others;
        return ((IReadOnlyList<NewFact>)[Fact(Declared, json =>
        {
            source.Write(json);
            json.WriteString("by", by);
        })], known is null);
    });

    /// <param name="taken">Asked about the source as it stands when it would go; null: nobody else declares.</param>
    public ValueTask<Result<Done>> WithdrawAsync(string id, string by, Func<SourceDeclaration, Problem?>? taken = null) => RecordAsync<Done>(_ => !_sources.TryGetValue(id, out var known)
        ? SourceProblems.Unknown.Because($"There is no source {id}.", "GET /sources lists them.")
        : taken?.Invoke(known.Source) is { } refused ? refused
        : ((IReadOnlyList<NewFact>)[Fact(Withdrawn, json =>
        {
            json.WriteString("id", id);
            json.WriteString("by", by);
        })], Done.Value));

    /// <summary>After the delivery: a crash between the two delivers the same rows again, and the delivery knows them by its source.</summary>
    /// <param name="read">As it was declared when its rows were read: declared anew meanwhile, it begins at the beginning.</param>
    public ValueTask<Result<Done>> DeliveredAsync(SourceDeclaration read, string? watermark, DeliveryOutcome outcome) => RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[Fact(Delivered, json =>
    {
        json.WriteString("id", read.Id);
        json.WriteString("watermark", _sources.TryGetValue(read.Id, out var known) && known.Source.CountsAs(read) ? watermark : null);
        json.WriteNumber("taken", outcome.Taken);
        json.WriteNumber("refused", outcome.Refused);
        json.WriteNumber("delivery", outcome.Position);
    })], Done.Value));

    /// <summary>A look that found nothing new; only the first in a row is a fact.</summary>
    public ValueTask<Result<Done>> NothingAsync(string id) => RecordAsync<Done>(_ => (
        _sources.TryGetValue(id, out var known) && known is { LastTried: not null, LastFailure: null } ? [] : (IReadOnlyList<NewFact>)[Fact(Quiet, json => json.WriteString("id", id))], Done.Value));

    /// <summary>A look that gave nothing to deliver, and yet leads further.</summary>
    /// <param name="read">As it was declared when it was looked at.</param>
    public ValueTask<Result<Done>> NothingAsync(SourceDeclaration read, string watermark) => RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[Fact(Quiet, json =>
    {
        json.WriteString("id", read.Id);
        if (_sources.TryGetValue(read.Id, out var known) && known.Source.CountsAs(read))
            json.WriteString("watermark", watermark);
    })], Done.Value));

    /// <summary>The slot is gone.</summary>
    public ValueTask<Result<Done>> ReleasedAsync(SourceDeclaration left) => RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[Fact(Released, json =>
    {
        json.WriteString("id", left.Id);
        json.WriteString("connection", left.Connection);
        json.WriteString("slot", left.SlotName);
    })], Done.Value));

    /// <summary>The same failure again is no new fact.</summary>
    public ValueTask<Result<Done>> FailedAsync(string id, SourceFailure failure) => RecordAsync<Done>(_ => (
        _sources.TryGetValue(id, out var known) && known.LastFailure == failure ? [] : (IReadOnlyList<NewFact>)[Fact(Failed, json =>
        {
            json.WriteString("id", id);
            json.WriteString("code", failure.Code);
            if (failure.Row is { } row)
                json.WriteNumber("row", row);
            if (failure.Field is { } field)
                json.WriteString("field", field);
        })], Done.Value));

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var json = JsonDocument.Parse(payload);
        var root = json.RootElement;
        var id = root.GetProperty("id").GetString() ?? "";
        if (type == Declared)
        {
            // "by" is not the declaration's.
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                foreach (var member in root.EnumerateObject().Where(m => m.Name != "by"))
                    member.WriteTo(writer);
                writer.WriteEndObject();
            }

            var known = _sources.GetValueOrDefault(id);
            if (!SourceDeclaration.Read(id, buffer.WrittenSpan, recorded: true).TryGet(out var source, out _))
                return;
            if (known is not null && !known.Source.CountsAs(source))
                Leave(known.Source);
            _sources = _sources.SetItem(id, (known ?? new SourceState(source)) with
            {
                Source = source, DeclaredBy = root.GetProperty("by").GetString() ?? "", Watermark = known is not null && known.Source.CountsAs(source) ? known.Watermark : null,
            });
            return;
        }

        if (type == Released)
        {
            Left = Left.RemoveAll(l => l.Id == id && l.Connection == root.GetProperty("connection").GetString() && l.SlotName == root.GetProperty("slot").GetString());
            return;
        }

        if (type == Withdrawn)
        {
            if (_sources.TryGetValue(id, out var gone))
                Leave(gone.Source);
            _sources = _sources.Remove(id);
            return;
        }

        if (!_sources.TryGetValue(id, out var state))
            return;
        _sources = _sources.SetItem(id, type switch
        {
            Delivered => state with
            {
                LastTried = at, LastDelivered = at, LastFailure = null, Watermark = root.GetProperty("watermark").GetString() ?? state.Watermark,
                Rows = state.Rows + root.GetProperty("taken").GetInt64(), LastDelivery = root.GetProperty("delivery").GetInt64() is > 0 and var delivery ? delivery : state.LastDelivery,
            },
            Quiet => state with { LastTried = at, LastFailure = null, Watermark = root.TryGetProperty("watermark", out var upTo) ? upTo.GetString() : state.Watermark },
            Failed => state with { LastTried = at, LastFailure = FailureOf(root) },
            _ => state,
        });
    }

    private void Leave(SourceDeclaration source)
    {
        if (source.Publication is not null)
            Left = Left.Add(source);
    }

    /// <summary>Facts of before said it in a sentence that begins with the code.</summary>
    private static SourceFailure FailureOf(JsonElement fact) => fact.TryGetProperty("why", out var why)
        ? new((why.GetString() ?? "").Split(':')[0])
        : new(fact.GetProperty("code").GetString() ?? "", fact.TryGetProperty("row", out var row) ? row.GetInt64() : null, fact.TryGetProperty("field", out var field) ? field.GetString() : null);
}
