using CityHub.Context.JsonLd;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Context.Entities;

/// <summary>The door for what was sensed: calls that arrive while a group is on its way to the disk become one fact together.</summary>
public sealed partial class Broker
{
    private const string LocationIri = "https://uri.etsi.org/ngsi-ld/location";

    private readonly Dictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);

    public ValueTask<Result<long>> RecordAsync(string tenant, IReadOnlyList<Observation> observations, CancellationToken cancel = default)
    {
        Waiting group;
        lock (_waiting)
        {
            if (_waiting.TryGetValue(tenant, out var open))
            {
                open.Observations.AddRange(observations);
                return new ValueTask<Result<long>>(open.Done.Task);
            }

            // The first caller of a group lets the others join until the group before it is durable.
            _waiting[tenant] = group = new Waiting();
            group.Observations.AddRange(observations);
        }

        _ = RecordGroupAsync(tenant, group);
        return new ValueTask<Result<long>>(group.Done.Task);
    }

    private async Task RecordGroupAsync(string tenant, Waiting group)
    {
        try
        {
            await Tenant(tenant).Observing.WaitAsync();
            Result<long> result;
            try
            {
                lock (_waiting)
                    _waiting.Remove(tenant);
                var decided = await DecideAsync<Done>(tenant, EntityFacts.Observed, known => new Decision<Done>(Decide(known, group.Observations, Tenant(tenant).Table), Done.Value), CancellationToken.None);
                result = decided.Ok ? Position : decided.Problem;
            }
            finally
            {
                Tenant(tenant).Observing.Release();
            }

            group.Done.SetResult(result);
        }
#pragma warning disable CA1031 // The callers wait on Done: whatever fails here reaches them there.
        catch (Exception e)
#pragma warning restore CA1031
        {
            group.Done.TrySetException(e);
        }
    }

    private static List<EntityEdit> Decide(Known known, List<Observation> observations, EntityTable durable)
    {
        var edits = new List<EntityEdit>(observations.Count);
        // What comes twice is decided on what its first instance made of it.
        var seen = new Dictionary<string, (Entity? Before, EntityEdit Edit)>(observations.Count, StringComparer.Ordinal);
        foreach (var observation in observations)
        {
            var again = seen.TryGetValue(observation.Entity, out var first);
            var entity = again ? first.Edit.Apply(first.Before) : known.Find(observation.Entity);
            // Senders repeat what was not acknowledged in time: the same reading again is nothing new. What it repeats is durable, or becomes so with this group.
            if (entity is not null && Repeats(observation, entity) && (again || (durable.Find(observation.Entity) is { } stored && Repeats(observation, stored))))
                continue;
            var edit = Edit(observation, entity, known.Now);
            seen[observation.Entity] = (entity, edit);
            edits.Add(edit);
        }

        return edits;
    }

    private static bool Repeats(Observation observation, Entity entity)
    {
        var observedAt = observation.ObservedAt.UtcTicks;
        foreach (var value in observation.Values)
            if (entity.Find(Iris.Intern(value.Attribute)) is not { } known || known.ObservedAt != observedAt || known.UnitCode != value.Unit || !known.Value.Span.SequenceEqual(value.Value.Span))
                return false;
        return observation.Location is null || (entity.Find(Iris.Intern(LocationIri)) is { } place && place.Value.Span.SequenceEqual(Json(observation.Location.Value)));
    }

    private static byte[] Json(GeoPoint point) => System.Text.Encoding.UTF8.GetBytes(FormattableString.Invariant($"{{\"type\":\"Point\",\"coordinates\":[{point.Longitude},{point.Latitude}]}}"));

    private static EntityEdit Edit(Observation observation, Entity? entity, long now)
    {
        var set = new List<Attribute>(observation.Values.Count + 1);
        var past = new List<Attribute>();
        var observedAt = observation.ObservedAt.UtcTicks;
        foreach (var value in observation.Values)
            Place(new Attribute
            {
                Name = Iris.Intern(value.Attribute), Kind = AttributeKind.Property, Value = value.Value, UnitCode = value.Unit, ObservedAt = observedAt, ObservedDigits = (byte)Times.Fewest(observedAt),
            });
        if (observation.Location is { } point)
            Place(new Attribute
            {
                Name = Iris.Intern(LocationIri), Kind = AttributeKind.GeoProperty, ObservedAt = observedAt, ObservedDigits = (byte)Times.Fewest(observedAt),
                Value = Json(point),
            });
        return entity is null
            ? new EntityEdit
            {
                Kind = EditKind.Created, Id = observation.Entity, At = now, CreatedAt = now, Types = [Iris.Intern(observation.Type)], Scopes = [], ExpiresAt = 0, Set = set,
            }
            : EntityChanges.Edit(entity, now) with { Set = set, Past = past };

        void Place(Attribute attribute)
        {
            var existing = entity?.Find(attribute.Name);
            // A thing that has not moved says so with every reading; its place changes only when it does.
            if (attribute.Kind == AttributeKind.GeoProperty && existing is not null && existing.Value.Span.SequenceEqual(attribute.Value.Span))
                return;
            var stamped = EntityChanges.Stamp(attribute, existing, now);
            // A reading older than what is known belongs to the history only.
            if (existing is not null && existing.ObservedAt > observedAt)
                past.Add(stamped);
            else
                set.Add(stamped);
        }
    }

    private sealed class Waiting
    {
        public List<Observation> Observations { get; } = [];

        public TaskCompletionSource<Result<long>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
