using System.Text.Json.Nodes;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary><c>PUT /catalogue/{id}</c>: writes an entry, or changes one that nobody has submitted yet. Where a version is published, a new one begins, and with it the clock of art. 17.</summary>
internal static class DraftDataset
{
    private const int MostBytes = 2 << 20;

    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room) =>
        routes.MapPut("/catalogue/{id}", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("DraftDataset").WithSummary("Write an entry of the catalogue, or a new version of one").WithTags("Catalogue");

    public static ValueTask<Result<Func<CatalogueEntry>>> DraftAsync(CatalogueBook book, Caller caller, Dataset entry) => book.StepAsync(
        entry.Id, (state, known, now) => Decide(state, known, entry, caller, book.Parties, book.Deadlines, now));

    public static Result<NewFact> Decide(CatalogueState state, CatalogueEntry? known, Dataset entry, Caller caller, IParties parties, IDeadlines deadlines, DateTimeOffset now)
    {
        // Whose it is does not change: another department writes an entry of its own.
        var provider = known?.Newest?.Provider ?? entry.Provider;
        if (entry.Provider != provider || !(caller.IsOf(provider, Roles.DataOfficer) || caller.IsOf(provider, Roles.SharingOfficer)))
            return SharingProblems.NotYours.Because($"Entries of {provider} are drafted by its own officers.", $"Ask the data officer of {provider}.", "decree 809, art. 12");
        if (known?.Working is { State: DatasetState.Submitted } submitted)
            return CatalogueProblems.NotPossible(entry.Id, submitted.State, CatalogueStep.Draft);
        if (DatasetRules.Refuse(entry, state, d => parties.Find(d) is not null) is { } refused)
            return refused;
        Deadline? due = null;
        if (known is { Published: not null, UpdateDue: null })
        {
            if (!deadlines.Start(JurisdictionProfile.Update, now).TryGet(out var started, out var problem))
                return problem;
            due = started;
        }

        var version = known?.Working?.Version ?? (known?.LastVersion ?? 0) + 1;
        return SharingJson.Said(
            new DatasetDrafted(entry with { Version = version, State = DatasetState.Drafted, Assessments = [], ChangedAt = now, PublishedAt = null }, caller.Person, due), CatalogueJson.Default.DatasetDrafted);
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, CatalogueRoom room)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem)
            || !Read(id, body).TryGet(out var entry, out problem)
            || !(await DraftAsync(room.Book, SharingHttp.CallerOf(http), entry)).TryGet(out var drafted, out problem))
            return problem;
        await CatalogueRoom.WriteAsync(http, StatusCodes.Status200OK, drafted());
        return null;
    }

    /// <summary>What the hub itself says of an entry is not taken from a body.</summary>
    public static Result<Dataset> Read(string id, ReadOnlyMemory<byte> body) =>
        SharingJson.Body(body, CatalogueJson.Default.Dataset, EntryBody.Complete, ("id", id), ("version", 1), ("state", "drafted"), ("assessments", new JsonArray()), ("changedAt", DateTimeOffset.UnixEpoch), ("publishedAt", null));
}

/// <summary>What an entry and its fields are where a body says nothing.</summary>
internal static class EntryBody
{
    private static readonly JsonObject Entry = SharingJson.Template(
        new Dataset { Id = "", Version = 1, Provider = "", Title = new Words("", ""), Abstract = new Words("", ""), Fields = [], Class = SharingClass.Conditional, Modes = DeliveryModes.None, Frequency = UpdateFrequency.Irregular },
        CatalogueJson.Default.Dataset,
        "id", "version", "provider", "title", "abstract", "fields", "class", "modes", "frequency");

    private static readonly JsonObject Field = SharingJson.Template(new DataField("", Core.Tables.ColumnType.Text, new Words("", "")), CatalogueJson.Default.DataField, "name", "type", "title");

    public static void Complete(JsonObject entry)
    {
        SharingJson.Complete(entry, Entry);
        Fields(entry);
    }

    public static void Fields(JsonObject of)
    {
        if (of["fields"] is not JsonArray fields)
            return;
        foreach (var field in fields)
            if (field is JsonObject members)
                SharingJson.Complete(members, Field);
    }
}
