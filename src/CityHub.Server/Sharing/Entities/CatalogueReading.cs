using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Server.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;

namespace CityHub.Server.Sharing.Entities;

/// <summary>
/// One request, or one notification, of one caller. Each dataset that it touches is decided once; before the answer leaves there is an act for each, and after it a closing one.
/// </summary>
/// <param name="guarded">IRI ids of the guarded types, each with its dataset.</param>
internal sealed class CatalogueReading(CatalogueGuard guard, FrozenDictionary<int, string> guarded, Caller caller, Func<string, Result<Ask>> ask, bool readsFree) : EntityReading, IEntityDispatch
{
    private readonly Dictionary<string, Touched> _touched = new(StringComparer.Ordinal);
    private IncrementalHash? _hash;
    private long _bytes;
    private Problem? _ended;
    private int[]? _lastTypes;
    private EntitySight? _lastSight;

    public Caller Caller => caller;

    public override IReadOnlyCollection<int> Guarded => guarded.Keys;

    public override bool ReadsFree => readsFree;

    public Result<Ask> AskOf(string dataset) => ask(dataset);

    public string? DatasetOf(int type) => guarded.GetValueOrDefault(type);

    /// <summary>Decides once. Null: the caller holds it.</summary>
    public Problem? Try(string dataset, int type)
    {
        if (!_touched.TryGetValue(dataset, out var touched))
            _touched[dataset] = touched = guard.Decide(dataset, type, caller, ask).TryGet(out var held, out var problem) ? new Touched(held, null) : new Touched(null, problem);
        return touched.Refused;
    }

    /// <summary>Null: the caller holds nothing of it.</summary>
    public Held? Held(string dataset) => _touched.TryGetValue(dataset, out var touched) ? touched.Held : guarded.FirstOrDefault(g => g.Value == dataset) is { Value: not null } known && Try(dataset, known.Key) is null ? _touched[dataset].Held : null;

    public override EntitySight? Of(int[] types)
    {
        // Entities of one type share the array of their types more often than not.
        if (ReferenceEquals(types, _lastTypes))
            return _lastSight;
        (_lastTypes, _lastSight) = (types, Sight(types));
        return _lastSight;
    }

    public override void Show(Entity entity)
    {
        foreach (var type in entity.Types)
        {
            if (!guarded.TryGetValue(type, out var dataset) || !_touched.TryGetValue(dataset, out var touched) || touched.Held is not { } held)
                continue;
            touched.Shown.Add(entity.Id);
            if (held.Fields.IndexOf(held.Dataset.Subject) is >= 0 and var subject && SubjectOf(held, subject, entity) is { Length: > 0 } person)
                touched.Subjects.Add(person);
        }
    }

    public override async ValueTask<Problem?> RecordAsync(string question, CancellationToken cancel)
    {
        foreach (var touched in _touched.Values)
        {
            if (touched.Held is not { } held)
                continue;
            if (held.Permit is not { } permit)
            {
                if (await guard.Releases.OwnAsync(caller, held.Dataset, question, touched.Rows, [.. touched.Subjects], cancel) is { } unrecorded)
                    return unrecorded;
                continue;
            }

            if (guard.Releases.StillHolds(permit) is { } ended)
                return await CloseAllAsync(ended);
            if (!(await guard.Releases.OpenAsync(permit, question, touched.Rows, [.. touched.Subjects], cancel)).TryGet(out var receipt, out var problem))
                return await CloseAllAsync(problem);
            touched.Receipt = receipt;
        }

        return null;
    }

    public override bool MaySend(ReadOnlySpan<byte> block)
    {
        foreach (var touched in _touched.Values)
            if (touched is { Held.Permit: { } permit } && (_ended = guard.Releases.StillHolds(permit) ?? (guard.Releases.Bytes(permit, block.Length) ? null : ReleaseProblems.QuotaUsedUp.Because("The day's bytes are used up."))) is not null)
                return false;
        if (_touched.Count > 0)
            (_hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256)).AppendData(block);
        _bytes += block.Length;
        return true;
    }

    public override async ValueTask CloseAsync(bool complete)
    {
        var hash = _hash?.GetHashAndReset() ?? EntityReleases.HashOf([]);
        foreach (var touched in _touched.Values)
            if (touched is { Held.Permit: { } permit, Receipt: > 0 })
                await guard.Releases.CloseAsync(permit, touched.Receipt, touched.Rows, _bytes, hash, complete, _ended);
        _hash?.Dispose();
    }

    public override ReadOnlyMemory<byte> Shown() => _touched.Values.All(t => t.Held is null || t.Rows == 0) ? default : Json.Bytes(json =>
    {
        json.WriteStartObject();
        foreach (var (dataset, touched) in _touched.Where(t => t.Value is { Held: not null, Rows: > 0 }))
        {
            json.WriteStartObject(dataset);
            json.WriteNumber("rows", touched.Rows);
            json.WriteStartArray("subjects");
            foreach (var subject in touched.Subjects)
                json.WriteStringValue(subject);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    });

    /// <summary>What a notification shows, as <see cref="Shown"/> gave it when it was written. False: not all of it is held any more.</summary>
    public bool Take(ReadOnlyMemory<byte> shown)
    {
        using var json = JsonDocument.Parse(shown);
        foreach (var dataset in json.RootElement.EnumerateObject())
        {
            if (Held(dataset.Name) is null)
                return false;
            var touched = _touched[dataset.Name];
            touched.Before = dataset.Value.GetProperty("rows"u8).GetInt32();
            foreach (var subject in dataset.Value.GetProperty("subjects"u8).EnumerateArray())
                touched.Subjects.Add(subject.GetString() ?? "");
        }

        return true;
    }

    private EntitySight? Sight(int[] types)
    {
        EntitySight? one = null;
        List<EntitySight>? several = null;
        foreach (var type in types)
        {
            if (!guarded.TryGetValue(type, out var dataset))
                continue;
            if (Try(dataset, type) is not null || _touched[dataset].Held is not { } held)
                return null;
            if (one is not null)
                (several ??= [one]).Add(held.Sight);
            one ??= held.Sight;
        }

        return several is not null ? new CommonSight(several) : one ?? (readsFree ? EntitySight.Everything : null);
    }

    private static string? SubjectOf(Held held, int field, Entity entity)
    {
        var cell = new BatchBuilder(new TableSchema([new TableColumn("subject", held.Fields.TypeOf(field))]), 1);
        held.Fields.Put(cell, field, entity);
        return cell.Batch.Columns[0].IsNull(0) ? null : CellText.TextOf(cell.Batch.Columns[0], 0);
    }

    /// <summary>What was opened before the one that was refused is closed: nothing left under it.</summary>
    private async ValueTask<Problem> CloseAllAsync(Problem problem)
    {
        _ended = problem;
        await CloseAsync(complete: false);
        return problem;
    }

    private sealed class Touched(Held? held, Problem? refused)
    {
        public Held? Held { get; } = held;

        public Problem? Refused { get; } = refused;

        public HashSet<string> Shown { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Subjects { get; } = new(StringComparer.Ordinal);

        /// <summary>Entities of a notification that was written earlier.</summary>
        public int Before { get; set; }

        public int Rows => Before + Shown.Count;

        public long Receipt { get; set; }
    }
}
