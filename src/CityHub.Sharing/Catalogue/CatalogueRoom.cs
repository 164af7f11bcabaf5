using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary>How often a dataset was used: the metering of releases.</summary>
public interface IDatasetUse
{
    long Uses(string dataset, DateTimeOffset since);
}

/// <summary>What the routes of the catalogue work with.</summary>
/// <param name="visible">Whether the caller may know of a published dataset.</param>
internal sealed class CatalogueRoom(CatalogueBook book, Func<Caller, Dataset, bool> visible, IDatasetUse use, TimeProvider clock)
{
    public CatalogueBook Book { get; } = book;

    public IDatasetUse Use { get; } = use;

    public TimeProvider Clock { get; } = clock;

    /// <summary>The published version for whoever may know of it; what is being worked on for its provider and the authority.</summary>
    public bool Sees(Caller caller, Dataset dataset) =>
        dataset.State == DatasetState.Published ? visible(caller, dataset) : WorksOn(caller, dataset);

    public static bool WorksOn(Caller caller, Dataset dataset) => (caller.Department is { } own && own == dataset.Provider) || caller.Is(Roles.Authority | Roles.Auditor);

    public delegate ValueTask<Result<Func<CatalogueEntry>>> Step(CatalogueBook book, Caller caller, string id, StepBody body);

    public async ValueTask<Problem?> StepAsync(HttpContext http, Step step)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        var caller = SharingHttp.CallerOf(http);
        // Who may not know of it is answered as if it were not there, whatever he wanted to do.
        if (Book.Entry(id)?.Newest is not { } newest || !(WorksOn(caller, newest) || (Book.Entry(id)?.Published is { } published && Sees(caller, published))))
            return CatalogueProblems.Unknown(id);
        if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem) || !(await step(Book, caller, id, body)).TryGet(out var entry, out problem))
            return problem;
        await WriteAsync(http, StatusCodes.Status200OK, entry());
        return null;
    }

    public static Task WriteAsync(HttpContext http, int status, CatalogueEntry entry) => RoomHttp.WriteAsync(http, status, json => WriteWhole(json, entry));

    /// <summary>For those who work on it.</summary>
    public static void WriteWhole(Utf8JsonWriter json, CatalogueEntry entry)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, entry.Id);
        Put(json, "published"u8, entry.Published);
        Put(json, "working"u8, entry.Working);
        json.WriteStartArray("past"u8);
        foreach (var version in entry.Past)
            Write(json, version);
        json.WriteEndArray();
        json.WriteString("draftedBy"u8, entry.DraftedBy);
        if (entry.ApprovedBy is { } approved)
            json.WriteString("approvedBy"u8, approved);
        if (entry.UpdateDue is { } update)
            json.WriteString("updateDue"u8, RoomHttp.Time(update.Due));
        if (entry.ReviewDue is { } review)
            json.WriteString("reviewDue"u8, RoomHttp.Time(review.Due));
        if (entry.Working is { } draft)
        {
            json.WriteStartArray("missingAssessments"u8);
            foreach (var kind in AssessDataset.Missing(draft))
                json.WriteStringValue(kind);
            json.WriteEndArray();
            json.WriteStartArray("next"u8);
            foreach (var move in CatalogueSteps.From(draft.State))
            {
                json.WriteStartObject();
                json.WriteString("step"u8, CatalogueNames.Of(move.Step));
                json.WriteString("who"u8, move.Who);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, Dataset dataset) => JsonSerializer.Serialize(json, dataset, CatalogueJson.Default.Dataset);

    private static void Put(Utf8JsonWriter json, ReadOnlySpan<byte> name, Dataset? dataset)
    {
        if (dataset is null)
            return;
        json.WritePropertyName(name);
        Write(json, dataset);
    }
}

/// <summary>The routes of the catalogue.</summary>
internal static class CatalogueRoutes
{
    public static IEndpointRouteBuilder MapCatalogue(this IEndpointRouteBuilder routes, CatalogueRoom room)
    {
        ListCatalogue.Map(routes, room);
        DraftDataset.Map(routes, room);
        AssessDataset.Map(routes, room);
        ApproveDataset.Map(routes, room);
        SubmitDataset.Map(routes, room);
        PublishDataset.Map(routes, room);
        WithdrawDataset.Map(routes, room);
        KeepCatalogueRight.Map(routes, room);
        NameLeadSource.Map(routes, room);
        DeclareCollectionForm.Map(routes, room);
        return routes;
    }
}
