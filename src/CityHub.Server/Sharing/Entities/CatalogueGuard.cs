using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using CityHub.Server.Doors;
using CityHub.Server.Http;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;

namespace CityHub.Server.Sharing.Entities;

/// <summary>
/// Guards the types that the catalogue names: the providing department sees its own, another department what one grant gives it, and nobody else learns that there is anything. Where nothing is guarded the
/// guard costs one read of the catalogue's state.
/// </summary>
internal sealed class CatalogueGuard(CatalogueBook catalogue, IGrants grants, Func<string, Caller> callerNamed, EntityReleases releases) : IEntityGuard
{
    private readonly ConditionalWeakTable<Dataset, EntityFields> _fields = [];
    private GuardedTypes _types = new(CatalogueState.Empty);

    public IReadOnlySet<string> Parameters { get; } = AskReader.Parameters.ToFrozenSet(StringComparer.Ordinal);

    public EntityReleases Releases => releases;

    /// <summary>IRI id of each guarded type of the tenant, with its dataset; null: none.</summary>
    public FrozenDictionary<int, string>? In(string tenant)
    {
        var (types, state) = (Volatile.Read(ref _types), catalogue.State);
        if (!ReferenceEquals(types.State, state))
            Volatile.Write(ref _types, types = new GuardedTypes(state));
        return types.In(tenant);
    }

    public async ValueTask<Result<EntityReading?>> OpenAsync(HttpContext http, string tenant, IReadOnlyCollection<int>? types)
    {
        var guarded = In(tenant);
        var free = !OnlyUnderGrants(http);
        if (guarded is null && free)
            return default;
        var caller = SharingHttp.CallerOf(http);
        var reading = new CatalogueReading(this, tenant, guarded ?? FrozenDictionary<int, string>.Empty, caller, dataset => AskReader.AskOf(http, dataset, Rights.Obtain, DeliveryModes.Api), free);
        return await NamedAsync(reading, types, http.RequestAborted) is { } refused ? refused : reading;
    }

    public async ValueTask<Result<ReadOnlyMemory<byte>?>> SubscribeAsync(HttpContext http, string tenant, IReadOnlyCollection<int>? types)
    {
        var caller = SharingHttp.CallerOf(http);
        var (guarded, free) = (In(tenant), !OnlyUnderGrants(http));
        if (Decider.DepartmentOf(caller) is not { } department)
            return default;
        var reading = new CatalogueReading(this, tenant, guarded ?? FrozenDictionary<int, string>.Empty, caller, dataset => AskReader.AskOf(http, dataset, Rights.Obtain, DeliveryModes.Subscription), free);
        if (await NamedAsync(reading, types, http.RequestAborted) is { } refused)
            return refused;
        if (!AskReader.AskOf(http, "", Rights.Obtain, DeliveryModes.Subscription).TryGet(out var ask, out var problem))
            return problem;
        return (ReadOnlyMemory<byte>?)Json.Bytes(json =>
        {
            json.WriteStartObject();
            json.WriteString("person", caller.Person);
            json.WriteString("department", department);
            json.WriteString("purpose", ask.Purpose);
            if (ask.Case is { } matter)
                json.WriteString("case", matter);
            json.WriteBoolean("free", free);
            json.WriteStartObject("grants");
            foreach (var of in (guarded ?? FrozenDictionary<int, string>.Empty).Where(g => types is null || types.Contains(g.Key)).GroupBy(g => g.Value, StringComparer.Ordinal))
                if (of.Select(g => reading.Held(g.Key)).OfType<Held>().FirstOrDefault() is { } held)
                    json.WriteString(of.Key, held.Permit?.Permit.Grant.Id ?? "");
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    public EntityReading? Of(ReadOnlyMemory<byte>? subscriber, string tenant)
    {
        var guarded = In(tenant);
        if (subscriber is not { } said)
            return guarded is null ? null : new CatalogueReading(this, tenant, guarded, Caller.Anyone, _ => SharingProblems.AccessRefused.Because("Nobody asks."), readsFree: true);
        var known = Subscriber.Read(said);
        return guarded is null && known.Free ? null : new CatalogueReading(this, tenant, guarded ?? FrozenDictionary<int, string>.Empty, CallerOf(known), known.AskOf(CallerOf(known)), known.Free);
    }

    public async ValueTask<Result<IEntityDispatch>> SendAsync(ReadOnlyMemory<byte> subscriber, string tenant, ReadOnlyMemory<byte> shown, ReadOnlyMemory<byte> body)
    {
        var known = Subscriber.Read(subscriber);
        var reading = new CatalogueReading(this, tenant, In(tenant) ?? FrozenDictionary<int, string>.Empty, CallerOf(known), known.AskOf(CallerOf(known)), known.Free);
        if (!reading.Take(shown))
            return ReleaseProblems.Ended.Because("What was to be told is not within a grant any more.");
        if (await reading.RecordAsync("notification", CancellationToken.None) is { } problem)
            return problem;
        if (reading.MaySend(body.Span))
            return reading;
        await reading.CloseAsync(complete: false);
        return ReleaseProblems.Ended.Because("What was to be told is not within a grant any more.");
    }

    public bool OnlyUnderGrants(HttpContext http) => http.Features.Get<UnderGrants>() is not null;

    public bool IsOwn(HttpContext http, ReadOnlyMemory<byte>? subscriber) =>
        subscriber is { } said && Decider.DepartmentOf(SharingHttp.CallerOf(http)) is { } department && Subscriber.Read(said).Department == department;

    /// <summary>What the caller holds of a type of a tenant: its own, or a grant that permits; a problem otherwise. A grant is of the type that the dataset has now, where it has it now.</summary>
    public Result<Held> Decide(string dataset, string tenant, int type, Caller caller, Func<string, Result<Ask>> ask)
    {
        bool IsOf(Dataset version) => version.EntityType is { } iri && Iris.Intern(iri) == type && version.Tenant == tenant;

        if (catalogue.Entry(dataset) is not { } entry || (entry.Published ?? (entry.Past.Count > 0 ? entry.Past[^1] : null)) is not { } newest || Decider.DepartmentOf(caller) is not { } department || caller.Is(Roles.Operator))
            return SharingProblems.DatasetUnknown.Because($"There is no dataset {dataset} for you.");
        if (department == newest.Provider)
            return new Held(newest, null, EntitySight.Everything, FieldsOf(newest));
        if (entry.Published is not { } published || !IsOf(published))
            return SharingProblems.DatasetUnknown.Because($"There is no dataset {dataset} for you.");
        if (!ask(dataset).TryGet(out var asked, out var problem) || !releases.Decide(asked).TryGet(out var permit, out problem))
            return problem;
        if (!IsOf(permit.Permit.Dataset)) // published anew since
            return SharingProblems.DatasetUnknown.Because($"There is no dataset {dataset} for you.");
        var fields = FieldsOf(permit.Permit.Dataset);
        return new Held(permit.Permit.Dataset, permit, new GrantedSight(permit, fields), fields);
    }

    /// <summary>A type that the request names is answered for: refused with the reason where the caller may know of its dataset. The answer is the same whatever entities there are.</summary>
    private async ValueTask<Problem?> NamedAsync(CatalogueReading reading, IReadOnlyCollection<int>? types, CancellationToken cancel)
    {
        foreach (var type in types ?? [])
            if (reading.DatasetOf(type) is { } id && reading.Try(type) is { } problem && catalogue.Find(id) is { } dataset && Decider.DepartmentOf(reading.Caller) is not null
                && !reading.Caller.Is(Roles.Operator) && Decider.MayDiscover(reading.Caller, dataset, grants))
                return reading.AskOf(id).TryGet(out var ask, out _) ? await releases.RefusedAsync(ask, problem, cancel) : problem;
        return null;
    }

    private EntityFields FieldsOf(Dataset dataset) => _fields.GetValue(dataset, static d => new EntityFields(d));

    /// <summary>As the register knows him now: who has left the department is told nothing more.</summary>
    private Caller CallerOf(Subscriber subscriber) => callerNamed(subscriber.Person) is var caller && caller.Department == subscriber.Department ? caller : Caller.Anyone;

    /// <summary>Who is told of changes, as it is kept with a subscription.</summary>
    private sealed record Subscriber(string Person, string Department, string Purpose, string? Case, bool Free, IReadOnlyDictionary<string, string> Grants)
    {
        public static Subscriber Read(ReadOnlyMemory<byte> said)
        {
            using var json = JsonDocument.Parse(said);
            var root = json.RootElement;
            return new Subscriber(
                root.GetProperty("person"u8).GetString() ?? "", root.GetProperty("department"u8).GetString() ?? "", root.GetProperty("purpose"u8).GetString() ?? "",
                root.TryGetProperty("case"u8, out var matter) ? matter.GetString() : null, root.GetProperty("free"u8).GetBoolean(),
                root.GetProperty("grants"u8).EnumerateObject().ToDictionary(g => g.Name, g => g.Value.GetString() ?? "", StringComparer.Ordinal));
        }

        /// <summary>Under the grant that permitted the subscription, and no other.</summary>
        public Func<string, Result<Ask>> AskOf(Caller caller) => dataset => Grants.TryGetValue(dataset, out var grant)
            ? new Ask(caller, Rights.Obtain, dataset, Purpose, DeliveryModes.Subscription) { Grant = grant.Length == 0 ? null : grant, Case = Case }
            : SharingProblems.AccessRefused.Because($"The subscription is under no grant of {dataset}.");
    }
}

/// <summary>Marks a request that a token opened which gives data under grants and nothing of the hub's own.</summary>
internal sealed class UnderGrants
{
    public static readonly UnderGrants Instance = new();
}

/// <summary>What a reader holds of one dataset.</summary>
/// <param name="Permit">Null: it is his own.</param>
internal sealed record Held(Dataset Dataset, EntityPermit? Permit, EntitySight Sight, EntityFields Fields);
