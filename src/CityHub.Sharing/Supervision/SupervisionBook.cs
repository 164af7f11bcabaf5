using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Supervision;

internal enum ViolationState
{
    Detected,

    /// <summary>责令改正: the department was told to put it right, and by when.</summary>
    Notified,

    /// <summary>改正: the facts say that it is over.</summary>
    Rectified,

    /// <summary>移送处分: handed to whoever rules on persons (art. 39 and 40: refused to rectify, or grave). What is put right after that changes nothing.</summary>
    Referred,

    /// <summary>结案: the authority closed what it had referred.</summary>
    Closed,
}

/// <summary>A violation on its way: what was found, and what the authority did about it.</summary>
internal sealed record ViolationCase(Violation Violation, ViolationState State, DateTimeOffset FoundAt)
{
    public string? NotifiedBy { get; init; }

    public DateTimeOffset? RectifyBy { get; init; }

    public string? ReferredTo { get; init; }

    public string? Reason { get; init; }
}

/// <summary>Supervision's own evidence and its cases. A violation is found by the rules alone: nobody can enter one, and nobody can take one away.</summary>
internal sealed class SupervisionBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName)
{
    public const string StreamName = "supervision";
    public const string Found = "ViolationFound";
    public const string Notified = "ViolationNotified";
    public const string Rectified = "ViolationRectified";
    public const string Referred = "ViolationReferred";
    public const string Closed = "ViolationClosed";

    private ImmutableSortedDictionary<string, ViolationCase> _cases = ImmutableSortedDictionary.Create<string, ViolationCase>(StringComparer.Ordinal);
    private ImmutableList<Evidence> _evidence = [];

    /// <summary>By the id of the violation.</summary>
    public IReadOnlyDictionary<string, ViolationCase> Cases => _cases;

    /// <summary>What supervision recorded itself, in the order of the log.</summary>
    public IReadOnlyList<Evidence> Evidence => _evidence;

    public ValueTask<Result<long>> RecordAsync(Evidence evidence) => RecordAsync(_ =>
        (Result<(IReadOnlyList<NewFact>, Func<long>)>)(((IReadOnlyList<NewFact>)[Of(evidence)], () => Position)));

    /// <summary>What is seen of something that is no fact of its own: what was not there before is recorded, and what is not there any more is recorded to be over.</summary>
    /// <param name="seen">All that there is now.</param>
    /// <param name="keyOf">By which it is the same; null: evidence of another kind.</param>
    /// <param name="begin">What is recorded of something new; null: nothing yet, it is looked at again.</param>
    /// <param name="over">Says that it is over.</param>
    /// <returns>How many facts were recorded.</returns>
    public ValueTask<Result<int>> ObserveAsync<TBegin, TEnd>(Func<IEnumerable<TBegin>> seen, Func<Evidence, (string Department, string Matter)?> keyOf, Func<TBegin, DateTimeOffset, TBegin?> begin, Func<TBegin, TEnd> over)
        where TBegin : Evidence
        where TEnd : Evidence => RecordAsync<int>(now =>
    {
        var open = new Dictionary<(string, string), TBegin>();
        foreach (var known in _evidence)
        {
            if (known is TBegin began && keyOf(began) is { } begun)
                open.TryAdd(begun, began);
            else if (known is TEnd && keyOf(known) is { } ended)
                open.Remove(ended);
        }

        var facts = new List<NewFact>();
        foreach (var there in seen())
            if (keyOf(there) is { } key && !open.Remove(key) && begin(there, now) is { } began)
                facts.Add(Of(began));
        foreach (var gone in open.Values)
            facts.Add(Of(over(gone)));
        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    /// <summary>Compares what the rules find with what is known: new ones are found, those that are over are rectified; a case that was referred stays so. The same twice changes nothing.</summary>
    /// <param name="all">Of the whole city, in the order of the log; supervision's own among it.</param>
    public ValueTask<Result<int>> ReviewAsync(IReadOnlyList<Evidence> all) => RecordAsync<int>(now =>
    {
        var facts = new List<NewFact>();
        foreach (var violation in Violations.Find(all, now).DistinctBy(v => v.Id))
        {
            if (!_cases.TryGetValue(violation.Id, out var known))
                facts.Add(Fact(Found, json => Write(json, violation)));
            if (violation.RectifiedAt is { } at && known?.Violation.RectifiedAt is null && known?.State != ViolationState.Closed)
            {
                facts.Add(Fact(Rectified, json =>
                {
                    json.WriteString("id", violation.Id);
                    json.WriteString("at", at);
                }));
            }
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    /// <summary>责令改正.</summary>
    public ValueTask<Result<ViolationCase>> NotifyAsync(string id, string by, DateTimeOffset rectifyBy, string reason) => StepAsync(
        id,
        (known, now) => known.State is not (ViolationState.Detected or ViolationState.Notified)
            ? SupervisionProblems.NotPossible.Because($"The case is {known.State}.", "A case is notified while it goes on.", "decree 809, art. 39-41")
            : rectifyBy <= now
                ? SupervisionProblems.NotPossible.Because("The date by which it is to be put right has passed.", "Give the department time.", "decree 809, art. 39-41")
                : null,
        Notified,
        json =>
        {
            json.WriteString("by", by);
            json.WriteString("rectifyBy", rectifyBy);
            json.WriteString("reason", reason);
        });

    /// <summary>移送: only after the time to rectify has passed without it, or where it is said to be grave.</summary>
    public ValueTask<Result<ViolationCase>> ReferAsync(string id, string by, string to, bool grave, string reason) => StepAsync(
        id,
        (known, now) => known.State is ViolationState.Referred or ViolationState.Closed
            ? SupervisionProblems.NotPossible.Because($"It was referred to {known.ReferredTo} already.", "What becomes of it is theirs to say.", "decree 809, art. 39-41")
            : known.Violation.Item == Violations.Emergency
                ? SupervisionProblems.NotPossible.Because("An emergency access is reviewed, and is no violation of its own.", "POST /departments/emergencies/{id}/review says what was found; what went beyond the grant is a case of art. 40.", BreakGlass.Rule)
            : !grave && !(known.State == ViolationState.Notified && known.RectifyBy < now)
                ? SupervisionProblems.NotPossible.Because("The department has not yet refused to put it right.", "Notify it with a date first; refer it when the date has passed, or say that it is grave.", "decree 809, art. 39-41: 拒不改正或者情节严重")
                : null,
        Referred,
        json =>
        {
            json.WriteString("by", by);
            json.WriteString("to", to);
            json.WriteBoolean("grave", grave);
            json.WriteString("reason", reason);
        });

    /// <summary>结案: the only end of a case that was referred.</summary>
    public ValueTask<Result<ViolationCase>> CloseAsync(string id, string by, string reason) => StepAsync(
        id,
        (known, _) => known.State != ViolationState.Referred
            ? SupervisionProblems.NotPossible.Because($"The case is {known.State}.", "What was referred is closed by hand; everything else ends when the facts say that it is over.", "decree 809, art. 39-41")
            : string.IsNullOrWhiteSpace(reason) ? SharingProblems.BadRequest.Because("A case is closed with a reason.", "Say what was decided, and by whom.") : null,
        Closed,
        json =>
        {
            json.WriteString("by", by);
            json.WriteString("reason", reason);
        });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (EvidenceJson.Read(type, payload.Span) is { } evidence)
        {
            _evidence = _evidence.Add(evidence with { At = at, Position = Position });
            return;
        }

        using var json = JsonDocument.Parse(payload);
        var root = json.RootElement;
        var id = root.GetProperty("id").GetString() ?? "";
        if (type == Found)
        {
            _cases = _cases.SetItem(id, new ViolationCase(Read(root), ViolationState.Detected, at));
            return;
        }

        if (!_cases.TryGetValue(id, out var known))
            return;
        _cases = _cases.SetItem(id, type switch
        {
            Notified => known with { State = ViolationState.Notified, NotifiedBy = Text(root, "by"), RectifyBy = root.GetProperty("rectifyBy").GetDateTimeOffset(), Reason = Text(root, "reason") },
            Rectified => known with { State = known.State is ViolationState.Referred or ViolationState.Closed ? known.State : ViolationState.Rectified, Violation = known.Violation with { RectifiedAt = root.GetProperty("at").GetDateTimeOffset() } },
            Closed => known with { State = ViolationState.Closed, Reason = Text(root, "reason") },
            Referred => known with { State = ViolationState.Referred, ReferredTo = Text(root, "to"), Reason = Text(root, "reason") },
            _ => known,
        });
    }

    private ValueTask<Result<ViolationCase>> StepAsync(string id, Func<ViolationCase, DateTimeOffset, Problem?> refused, string type, Action<Utf8JsonWriter> write) => RecordAsync(now =>
    {
        if (!_cases.TryGetValue(id, out var known))
            return SupervisionProblems.Unknown.Because($"There is no case {id}.", "GET /sharing/violations lists them.", "decree 809, art. 39-41");
        if (refused(known, now) is { } problem)
            return problem;
        return (Result<(IReadOnlyList<NewFact>, Func<ViolationCase>)>)(((IReadOnlyList<NewFact>)[Fact(type, json =>
        {
            json.WriteString("id", id);
            write(json);
        })], () => _cases[id]));
    });

    /// <summary>Answers with what stands after the facts were applied.</summary>
    private async ValueTask<Result<T>> RecordAsync<T>(Func<DateTimeOffset, Result<(IReadOnlyList<NewFact>, Func<T>)>> decide) =>
        (await RecordAsync<Func<T>>(now => decide(now).Map(d => (d.Item1, d.Item2)))).Map(answer => answer());

    private static NewFact Of(Evidence evidence) => new(evidence.GetType().Name, EvidenceJson.Write(evidence));

    private static void Write(Utf8JsonWriter json, Violation violation)
    {
        json.WriteString("id", violation.Id);
        json.WriteString("item", violation.Item);
        json.WriteString("department", violation.Department);
        json.WriteString("matter", violation.Matter);
        json.WriteString("since", violation.Since);
        if (violation.Occurrence > 1)
            json.WriteNumber("occurrence", violation.Occurrence);
        json.WriteStartArray("because");
        foreach (var position in violation.Because)
            json.WriteNumberValue(position);
        json.WriteEndArray();
    }

    private static Violation Read(JsonElement root) => new(
        Text(root, "item") ?? "", Text(root, "department") ?? "", Text(root, "matter") ?? "", root.GetProperty("since").GetDateTimeOffset(), [.. root.GetProperty("because").EnumerateArray().Select(p => p.GetInt64())], null,
        root.TryGetProperty("occurrence", out var occurrence) ? occurrence.GetInt32() : 1);

    private static string? Text(JsonElement root, string member) => root.TryGetProperty(member, out var value) ? value.GetString() : null;
}

internal static class SupervisionProblems
{
    public static readonly ProblemKind Unknown = new("violation-unknown", "There is no such case", 404);
    public static readonly ProblemKind NotPossible = new("violation-step-not-possible", "The case does not stand there", 409);
}
