using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>The governed list of purposes: a view over the stream <c>purposes</c>. No change without a second person of the authority.</summary>
public sealed class PurposeBook(IFactLog log, TimeProvider clock, IIdSource ids) : FactBook(log, clock, StreamName), IPurposes
{
    public const string StreamName = "purposes";
    public const string Proposed = "PurposeChangeProposed";
    public const string Approved = "PurposeChangeApproved";
    public const string Rejected = "PurposeChangeRejected";

    private readonly ConcurrentDictionary<string, PurposeChange> _changes = new(StringComparer.Ordinal);
    private volatile PurposeTree _tree = PurposeTree.Empty;
    private long _changed;

    /// <summary>As it stands now; for one decision ask one tree.</summary>
    public PurposeTree Tree => _tree;

    /// <summary>Counts approved changes.</summary>
    public long Version => Volatile.Read(ref _changed);

    public bool IsKnown(string code) => _tree.IsKnown(code);

    public bool Covers(string granted, string asked) => _tree.Covers(granted, asked);

    public Obligations Of(string code) => _tree.Of(code);

    public PurposeChange? Change(string id) => _changes.GetValueOrDefault(id);

    public IReadOnlyList<PurposeChange> Open => [.. _changes.Values.Where(change => change.State == PurposeChangeState.Proposed).OrderBy(change => change.Id, StringComparer.Ordinal)];

    public ValueTask<Result<PurposeChange>> ProposeAsync(Caller by, PurposeChangeKind kind, Purpose purpose) => RecordAsync<PurposeChange>(now =>
    {
        if (ProposePurpose.Decide(by, kind, purpose, _tree) is { } problem)
            return problem;
        var change = new PurposeChange(ids.Next().ToString("N"), kind, kind == PurposeChangeKind.Withdraw ? _tree.Find(purpose.Code) ?? purpose : purpose, by.Person, now);
        return ((IReadOnlyList<NewFact>)[Fact(Proposed, json =>
        {
            json.WriteString("id"u8, change.Id);
            json.WriteString("kind"u8, Refusals.Name(kind));
            json.WriteString("by"u8, change.ProposedBy);
            PurposeJson.WriteMembers(json, change.Purpose);
        })], change);
    });

    public ValueTask<Result<PurposeChange>> ApproveAsync(Caller by, string id) => SettleAsync(by, id, PurposeChangeState.Approved, null);

    public ValueTask<Result<PurposeChange>> RejectAsync(Caller by, string id, string reason) => SettleAsync(by, id, PurposeChangeState.Rejected, reason);

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        var id = root.GetProperty("id"u8).GetString() ?? "";
        if (type == Proposed)
        {
            var kind = root.GetProperty("kind"u8).GetString() == "withdraw" ? PurposeChangeKind.Withdraw : PurposeChangeKind.Define;
            _changes[id] = new(id, kind, PurposeJson.Read(root).Value, root.GetProperty("by"u8).GetString() ?? "", at);
            return;
        }

        var change = _changes[id] with
        {
            State = type == Approved ? PurposeChangeState.Approved : PurposeChangeState.Rejected,
            DecidedBy = root.GetProperty("by"u8).GetString(),
            Reason = root.TryGetProperty("reason"u8, out var reason) ? reason.GetString() : null,
        };
        if (type == Approved)
        {
            var purpose = change.Purpose with { Withdrawn = change.Kind == PurposeChangeKind.Withdraw, Version = (_tree.Find(change.Purpose.Code)?.Version ?? 0) + 1 };
            _tree = new PurposeTree([.. _tree.All.Where(known => known.Code != purpose.Code), purpose]);
            Interlocked.Increment(ref _changed);
        }

        _changes[id] = change;
    }

    private ValueTask<Result<PurposeChange>> SettleAsync(Caller by, string id, PurposeChangeState state, string? reason) => RecordAsync<PurposeChange>(_ =>
    {
        if (SettlePurpose.Decide(by, id, Change(id), state, _tree) is { } problem)
            return problem;
        return ((IReadOnlyList<NewFact>)[Fact(state == PurposeChangeState.Approved ? Approved : Rejected, json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("by"u8, by.Person);
            if (reason is not null)
                json.WriteString("reason"u8, reason);
        })], _changes[id] with { State = state, DecidedBy = by.Person, Reason = reason });
    });
}
