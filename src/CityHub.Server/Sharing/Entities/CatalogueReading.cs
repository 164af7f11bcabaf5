using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Server.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;

namespace CityHub.Server.Sharing.Entities;

/// <summary>
/// One request, or one notification, of one caller. Each type that it touches is decided once; before the answer leaves there is an act for each, and after it a closing one.
/// </summary>
/// <param name="guarded">IRI ids of the guarded types of the tenant, each with its dataset.</param>
internal sealed class CatalogueReading(CatalogueGuard guard, string tenant, FrozenDictionary<int, string> guarded, Caller caller, Func<string, Result<Ask>> ask, bool readsFree) : EntityReading, IEntityDispatch
{
    private readonly Dictionary<int, Touched> _decided = [];
    private IncrementalHash? _hash;
    private long _bytes;
    private Problem? _ended;
    private int[]? _lastTypes;
    private EntitySight? _lastSight;

    public Caller Caller => caller;

    public override IReadOnlyCollection<int> Guarded => guarded.Keys;

    public override bool ReadsFree => readsFree;

    /// <summary>Those of which something was asked, and which the caller holds.</summary>
    private IEnumerable<(Touched Touched, Held Held)> Touching => TouchedBy(_decided.Keys);

    public Result<Ask> AskOf(string dataset) => ask(dataset);

    public string? DatasetOf(int type) => guarded.GetValueOrDefault(type);

    /// <summary>Null: the caller holds it. Something of the type is asked.</summary>
    public Problem? Try(int type)
    {
        var touched = Decided(type);
        touched.Asked = true;
        return touched.Refused;
    }

    /// <summary>Null: the caller holds nothing of it.</summary>
    public Held? Held(int type) => guarded.ContainsKey(type) ? Decided(type).Held : null;

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
        foreach (var (touched, held) in TouchedBy(entity.Types))
        {
            touched.Shown.Add(entity.Id);
            touched.Subjects.UnionWith(held.Fields.PersonsOf(entity));
        }
    }

    public override IReadOnlyCollection<int> SubjectsOf(int[] types) => [.. TouchedBy(types).Select(t => t.Held.Fields.Subject is >= 0 and var subject ? t.Held.Fields.AttributeOf(subject) : null).OfType<int>().Distinct()];

    public override void Tell(IEnumerable<Entity> entities, IReadOnlyList<Func<Entity, string?>> by)
    {
        var concerned = new Dictionary<Touched, Concerned>();
        foreach (var entity in entities)
        {
            byte[]? key = null;
            foreach (var (touched, held) in TouchedBy(entity.Types))
            {
                if (held.Fields.Subject < 0)
                    continue;
                if (!concerned.TryGetValue(touched, out var group))
                    concerned[touched] = group = new Concerned(held.Permit?.Plan.SmallestAnswer ?? ReleasePlan.UsualGroup, by.Count == 0);
                key ??= by.Count == 0 ? [] : Encoding.UTF8.GetBytes(string.Join('\u001f', by.Select(one => one(entity) ?? "\0")));
                foreach (var person in held.Fields.PersonsOf(entity))
                    group.Add(key, person);
            }

            if (concerned.Count > 0 && concerned.Count == _decided.Values.Count(t => t is { Asked: true, Held.Fields.Subject: >= 0 }) && concerned.Values.All(group => group.Enough))
                break;
        }

        foreach (var (touched, group) in concerned)
            touched.Subjects.UnionWith(group.Persons());
    }

    public override void Name(IReadOnlyCollection<int>? types, IReadOnlyCollection<string> ids, IReadOnlyCollection<(int Attribute, string Value)> values)
    {
        if (ids.Count == 0 && values.Count == 0)
            return;
        foreach (var type in guarded.Keys)
        {
            if ((types is not null && !types.Contains(type)) || Held(type) is not { Fields: { Subject: >= 0 and var subject } fields } held)
                continue;
            // What he does not see is not there for his question: the answer is the same whoever is named.
            IEnumerable<string> named = fields.AttributeOf(subject) is not { } attribute ? fields.IsId(subject) ? ids : []
                : held.Sight.Attributes?.Contains(attribute) != false ? values.Where(v => v.Attribute == attribute).Select(v => v.Value) : [];
            foreach (var person in named.Where(p => p.Length > 0))
            {
                Decided(type).Asked = true;
                Decided(type).Subjects.Add(person);
            }
        }
    }

    public override async ValueTask<Problem?> RecordAsync(string question, CancellationToken cancel)
    {
        var recorded = false;
        try
        {
            foreach (var (touched, held) in Touching)
                if ((_ended = await OpenAsync(touched, held, question, cancel)) is not null)
                    return _ended;
            recorded = true;
            return null;
        }
        finally
        {
            // Nothing left under what was opened before the one that failed.
            if (!recorded)
                foreach (var (touched, held) in Touching)
                    if (held.Permit is { } permit && touched.Receipt is > 0 and var receipt)
                    {
                        touched.Receipt = 0;
                        await guard.Releases.GiveUpAsync(permit, receipt, touched.Rows, _ended);
                    }
        }
    }

    public override bool MaySend(ReadOnlySpan<byte> block)
    {
        foreach (var (_, held) in Touching)
            if (held.Permit is { } permit && (_ended = guard.Releases.StillHolds(permit) ?? (guard.Releases.Bytes(permit, block.Length) ? null : ReleaseProblems.QuotaUsedUp.Because("The day's bytes are used up."))) is not null)
                return false;
        if (_decided.Count > 0)
            (_hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256)).AppendData(block);
        _bytes += block.Length;
        return true;
    }

    public override async ValueTask<bool> WaitAsync(Task writing)
    {
        try
        {
            await guard.Releases.WaitAsync(writing, [.. Touching.Select(t => t.Held.Permit).OfType<EntityPermit>()]);
            return true;
        }
        catch (ReleaseEndedException ended)
        {
            _ended = ended.Problem;
            return false;
        }
    }

    public override async ValueTask CloseAsync(bool complete)
    {
        var hash = _hash?.GetHashAndReset() ?? EntityReleases.HashOf([]);
        foreach (var (touched, held) in Touching)
            if (held.Permit is { } permit && touched.Receipt > 0)
                await guard.Releases.CloseAsync(permit, touched.Receipt, touched.Rows, _bytes, hash, complete, _ended);
        _hash?.Dispose();
    }

    public override ReadOnlyMemory<byte> Shown() => Touching.All(t => t.Touched.Rows == 0) ? default : Json.Bytes(json =>
    {
        json.WriteStartObject();
        foreach (var (type, touched) in _decided)
        {
            if (touched is not { Held: { } held, Rows: > 0 })
                continue;
            json.WriteStartObject(Iris.Text(type));
            json.WriteString("under", Under(held));
            json.WriteNumber("rows", touched.Rows);
            json.WriteStartArray("subjects");
            foreach (var subject in touched.Subjects)
                json.WriteStringValue(subject);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    });

    /// <summary>What a notification shows, as <see cref="Shown"/> gave it when it was written. False: not all of it is held any more, or not under the same terms.</summary>
    public bool Take(ReadOnlyMemory<byte> shown)
    {
        using var json = JsonDocument.Parse(shown);
        foreach (var one in json.RootElement.EnumerateObject())
        {
            var type = Iris.Intern(one.Name);
            if (Held(type) is not { } held || !one.Value.TryGetProperty("under"u8, out var under) || under.GetString() != Under(held))
                return false;
            var touched = _decided[type];
            touched.Asked = true;
            touched.Before = one.Value.GetProperty("rows"u8).GetInt32();
            foreach (var subject in one.Value.GetProperty("subjects"u8).EnumerateArray())
                touched.Subjects.Add(subject.GetString() ?? "");
        }

        return true;
    }

    private Touched Decided(int type)
    {
        if (!_decided.TryGetValue(type, out var decided))
            _decided[type] = decided = guard.Decide(guarded[type], tenant, type, caller, ask).TryGet(out var held, out var problem) ? new Touched(held, null) : new Touched(null, problem);
        return decided;
    }

    private IEnumerable<(Touched Touched, Held Held)> TouchedBy(IEnumerable<int> types)
    {
        foreach (var type in types)
            if (_decided.TryGetValue(type, out var touched) && touched is { Held: { } held, Asked: true })
                yield return (touched, held);
    }

    /// <summary>Null: it is on record.</summary>
    private async ValueTask<Problem?> OpenAsync(Touched touched, Held held, string question, CancellationToken cancel)
    {
        if (held.Permit is not { } permit)
            return await guard.Releases.OwnAsync(caller, held.Dataset, question, touched.Rows, [.. touched.Subjects], cancel);
        if (guard.Releases.StillHolds(permit) is { } ended)
            return ended;
        if (!(await guard.Releases.OpenAsync(permit, question, touched.Rows, [.. touched.Subjects], cancel)).TryGet(out var receipt, out var problem))
            return problem;
        touched.Receipt = receipt;
        return null;
    }

    private EntitySight? Sight(int[] types)
    {
        EntitySight? one = null;
        List<EntitySight>? several = null;
        foreach (var type in types)
        {
            if (!guarded.ContainsKey(type))
                continue;
            if (Try(type) is not null || Held(type) is not { } held)
                return null;
            if (one is not null)
                (several ??= [one]).Add(held.Sight);
            one ??= held.Sight;
        }

        return several is not null ? new CommonSight(several) : one ?? (readsFree ? EntitySight.Everything : null);
    }

    /// <summary>The terms under which something is held, in one word: other terms are another word.</summary>
    private static string Under(Held held) => held.Permit?.Permit is not { } permit ? "own" : Convert.ToHexStringLower(SHA256.HashData(Json.Bytes(json =>
    {
        json.WriteStartArray();
        json.WriteStringValue(permit.Grant.Id);
        json.WriteNumberValue(permit.Grant.Version);
        json.WriteStringValue(permit.Dataset.Id);
        json.WriteNumberValue(permit.Dataset.Version);
        ObligationsJson.Write(json, permit.Obligations);
        json.WriteEndArray();
    })));

    private sealed class Touched(Held? held, Problem? refused)
    {
        public Held? Held { get; } = held;

        public Problem? Refused { get; } = refused;

        /// <summary>The request is about it, and not only decided of it.</summary>
        public bool Asked { get; set; }

        public HashSet<string> Shown { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Subjects { get; } = new(StringComparer.Ordinal);

        /// <summary>Entities of a notification that was written earlier.</summary>
        public int Before { get; set; }

        public int Rows => Before + Shown.Count;

        public long Receipt { get; set; }
    }
}
