using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Provision;

/// <summary>Batches: create 5.6.7, upsert 5.6.8, update 5.6.9, delete 5.6.10, merge 5.6.20. One batch is one fact; what failed is told per entity.</summary>
internal static class BatchProvision
{
    /// <summary>What a batch does to one entity that is there (or not). Null: nothing to write.</summary>
    private delegate Result<Step> Decide(Entity? entity, EntityFragment fragment, string id, long now);

    /// <param name="Left">What of the entity was left undone.</param>
    private readonly record struct Step(EntityEdit? Edit, bool Created, Problem? Left = null);

    public static ValueTask<Problem?> Create(HttpContext http, ContextRoom room, string tenant) => Run(http, room, tenant, ReadMode.Entity, (entity, fragment, id, now) =>
        entity is not null ? ContextProblems.AlreadyExists.Because($"There is an entity {id} already.") : new Step(EntityChanges.Create(fragment, id, now), true));

    public static ValueTask<Problem?> Upsert(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        var update = parameters.Option("update");
        foreach (var option in parameters.List("options"))
            if (option is not ("update" or "replace"))
                return new ValueTask<Problem?>(Parameters.Bad($"There is no option \"{option}\" here.", "update, replace"));
        return Run(http, room, tenant, ReadMode.Entity, (entity, fragment, id, now) => entity switch
        {
            null => new Step(EntityChanges.Create(fragment, id, now), true),
            _ when update => new Step(EntityChanges.Append(entity, fragment, false, now).Edit, false),
            _ => new Step(EntityChanges.Replace(entity, fragment, now), false),
        });
    }

    public static ValueTask<Problem?> Update(HttpContext http, ContextRoom room, string tenant)
    {
        var noOverwrite = new Parameters(http.Request.Query).Option("noOverwrite");
        return Run(http, room, tenant, ReadMode.BatchFragment, (entity, fragment, id, now) => entity is null
            ? Missing(id)
            : Of(EntityChanges.Append(entity, fragment, noOverwrite, now)));
    }

    public static ValueTask<Problem?> Merge(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        var simplified = parameters.Option("keyValues") || parameters.Option("simplified");
        var observedAt = 0L;
        if (parameters["observedAt"] is { } time && !Names.TryParseTime(time, out observedAt))
            return new ValueTask<Problem?>(Parameters.Bad($"observedAt is \"{time}\", not a UTC date-time."));
        return Run(http, room, tenant, ReadMode.Merge, (entity, fragment, id, now) => entity is null
            ? Missing(id)
            : new Step(EntityChanges.Merge(entity, fragment, observedAt, parameters["lang"], now).Edit, false), simplified);
    }

    public static async ValueTask<Problem?> Delete(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await NgsiLdHttp.BodyAsync(http, room.Limits.BodyBytes)).TryGet(out var body, out var problem) ||
            !EntityReader.Items(body, room.Limits.BatchEntities).TryGet(out var items, out problem))
            return problem;
        var ids = new List<string>(items.Count);
        foreach (var item in items)
        {
            using var json = JsonDocument.Parse(item);
            if (json.RootElement.ValueKind != JsonValueKind.String || json.RootElement.GetString() is not { } id || !Names.IsUri(id))
                return Parameters.Bad($"{json.RootElement.GetRawText()} is not an entity's id.");
            ids.Add(id);
        }

        var outcome = new Outcome();
        var done = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Batch, known =>
        {
            var edits = new List<EntityEdit>(ids.Count);
            var gone = new HashSet<string>(StringComparer.Ordinal);
            foreach (var id in ids)
            {
                if (known.Find(id) is null || !gone.Add(id))
                {
                    outcome.Fail(id, Missing(id));
                    continue;
                }

                edits.Add(EntityChanges.Delete(id, known.Now));
                outcome.Success.Add(id);
            }

            return new Decision<Done>(edits, Done.Value);
        }, http.RequestAborted);
        return done.Ok ? await outcome.WriteAsync(http, []) : done.Problem;
    }

    private static Step Of(Changed changed) => new(changed.Edit, false, changed.NotUpdated is [var first, ..]
        ? ContextProblems.BadRequestData.Because($"{first.Attribute}: {first.Reason}")
        : null);

    private static Problem Missing(string id) => ContextProblems.ResourceNotFound.Because($"There is no entity {id}.");

    private static async ValueTask<Problem?> Run(HttpContext http, ContextRoom room, string tenant, ReadMode mode, Decide decide, bool simplified = false)
    {
        if (!(await room.BodyAsync(http, tenant, array: true)).TryGet(out var body, out var problem) ||
            !EntityReader.Items(body.Json, room.Limits.BatchEntities).TryGet(out var items, out problem))
            return problem;
        var outcome = new Outcome();
        var fragments = new List<(string Id, EntityFragment Fragment)>(items.Count);
        foreach (var item in items)
        {
            var read = await ReadItem(item, body, room, tenant, mode, simplified, http.RequestAborted);
            if (read.Ok && read.Value.Id is { } id)
                fragments.Add((id, read.Value));
            else
                outcome.Fail(IdOf(item), read.Problem ?? Parameters.Bad("The entity has no id."));
        }

        if (!(await room.ReadingAsync(http, tenant, null)).TryGet(out var reading, out problem))
            return problem;
        var created = new List<string>();
        var done = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Batch, known =>
        {
            var edits = new List<EntityEdit>(fragments.Count);
            // 4.6.6: an id that comes twice is decided on what its first instance made of it.
            var latest = new Dictionary<string, (Entity? Before, EntityEdit Edit)>(fragments.Count, StringComparer.Ordinal);
            foreach (var (id, fragment) in fragments)
            {
                var entity = latest.TryGetValue(id, out var first) ? first.Edit.Apply(first.Before) : known.Find(id);
                if (!decide(entity, fragment, id, known.Now).TryGet(out var step, out var refused))
                {
                    outcome.Fail(id, refused);
                    continue;
                }

                if (step.Left is { } left && (entity is null || reading is null || reading.See(entity) is not null))
                    outcome.Fail(id, left);
                else
                    outcome.Success.Add(id);
                if (step.Created)
                    created.Add(id);
                if (step.Edit is not { } edit)
                    continue;
                edits.Add(edit);
                latest[id] = (entity, edit);
            }

            return new Decision<Done>(edits, Done.Value);
        }, http.RequestAborted);
        return done.Ok ? await outcome.WriteAsync(http, created) : done.Problem;
    }

    /// <summary>In application/ld+json each entity carries its own context; in application/json all have the Link header's.</summary>
    private static async ValueTask<Result<EntityFragment>> ReadItem(
        ReadOnlyMemory<byte> item, LdBody body, ContextRoom room, string tenant, ReadMode mode, bool simplified, CancellationToken cancel)
    {
        var context = body.Context;
        // Most items have none: a look at the bytes spares them a pass of the reader.
        var (inside, problem) = (default(ReadOnlyMemory<byte>?), default(Problem));
        if (PayloadContext.MayBeIn(item.Span) && !PayloadContext.Find(item).TryGet(out inside, out problem))
            return problem;
        if (inside is { } json)
        {
            if (!body.Ld)
                return Parameters.Bad("The body is application/json but an entity in it has an @context.", "Send it as application/ld+json.");
            if (!(await room.Contexts.ResolveAsync(tenant, json, cancel)).TryGet(out context, out problem))
                return problem;
        }
        else if (body.Ld)
            return Parameters.Bad("The body is application/ld+json but an entity in it has no @context.");

        return EntityReader.Read(item, context, mode, simplified);
    }

    private static string IdOf(ReadOnlyMemory<byte> item)
    {
        using var json = JsonDocument.Parse(item);
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("id"u8, out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() ?? "" : "";
    }

    /// <summary>BatchOperationResult (5.2.16).</summary>
    private sealed class Outcome
    {
        private readonly List<(string Id, Problem Problem)> _errors = [];

        public List<string> Success { get; } = [];

        public void Fail(string id, Problem problem) => _errors.Add((id, problem));

        public async ValueTask<Problem?> WriteAsync(HttpContext http, List<string> created)
        {
            if (_errors.Count > 0)
            {
                await NgsiLdHttp.WriteAsync(http, StatusCodes.Status207MultiStatus, MediaType.Json, null, Write);
                return null;
            }

            if (created.Count == 0)
                return await Handlers.Empty(http, StatusCodes.Status204NoContent);
            await NgsiLdHttp.WriteAsync(http, StatusCodes.Status201Created, MediaType.Json, null, json =>
            {
                json.WriteStartArray();
                foreach (var id in created)
                    json.WriteStringValue(id);
                json.WriteEndArray();
            });
            return null;
        }

        private void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteStartArray("success"u8);
            foreach (var id in Success)
                json.WriteStringValue(id);
            json.WriteEndArray();
            json.WriteStartArray("errors"u8);
            foreach (var (id, problem) in _errors)
            {
                json.WriteStartObject();
                json.WriteString("entityId"u8, id);
                json.WritePropertyName("error"u8);
                NgsiLdHttp.WriteProblem(json, problem);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
