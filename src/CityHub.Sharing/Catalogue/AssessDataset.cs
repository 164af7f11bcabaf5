using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary>
/// <c>POST /catalogue/{id}/assessments</c>: 保密审查 (<c>secrecy</c>) for every entry, 个人信息保护影响评估 (<c>personal-information</c>) where a field is about people. By
/// somebody of the provider who did not draft the entry.
/// </summary>
internal static class AssessDataset
{
    public const string Secrecy = "secrecy";
    public const string PersonalInformation = "personal-information";

    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room) =>
        routes.MapPost("/catalogue/{id}/assessments", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, body) =>
        {
            var (kind, conclusion) = (body.Text("kind"), body.Text("conclusion"));
            var passed = body.Flag("passed");
            return AssessAsync(book, caller, id, kind, passed, conclusion);
        }))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("AssessDataset").WithSummary("Record an impact assessment: secrecy, or personal information").WithTags("Catalogue");

    public static ValueTask<Result<Func<CatalogueEntry>>> AssessAsync(CatalogueBook book, Caller caller, string id, string kind, bool passed, string conclusion) =>
        book.StepAsync(id, (_, entry, now) => Decide(id, entry, caller, kind, passed, conclusion, now));

    public static Result<NewFact> Decide(string id, CatalogueEntry? entry, Caller caller, string kind, bool passed, string conclusion, DateTimeOffset now)
    {
        if (entry?.Working is not { } draft)
            return CatalogueProblems.NoDraft(id, entry, CatalogueStep.Assess);
        if (caller.Department != draft.Provider || !caller.Is(Roles.DataOfficer | Roles.SharingOfficer | Roles.Head))
            return SharingProblems.NotYours.Because($"{draft.Provider} assesses its own data.", null, "decree 809, art. 12; Personal Information Protection Law, art. 55");
        if (caller.Person == entry.DraftedBy)
            return ProposalProblems.FourEyes.Because($"{entry.DraftedBy} drafted it.", $"Let another officer of {draft.Provider} assess it.", "GB/T 39477: four eyes");
        if (CatalogueSteps.Find(draft.State, CatalogueStep.Assess) is null)
            return CatalogueProblems.NotPossible(id, draft.State, CatalogueStep.Assess);
        if (kind is not (Secrecy or PersonalInformation))
            return SharingProblems.BadRequest.Because($"\"{kind}\" is no kind of assessment.", $"There are {Secrecy} and {PersonalInformation}.");
        if (string.IsNullOrWhiteSpace(conclusion))
            return SharingProblems.BadRequest.Because("An assessment has a conclusion.", "Say what was looked at and what follows from it.");
        return SharingJson.Said(new DatasetAssessed(id, draft.Version, new Assessment(kind, caller.Person, now, passed, conclusion)), CatalogueJson.Default.DatasetAssessed);
    }

    /// <summary>Kinds that are needed and have not been passed.</summary>
    public static IReadOnlyList<string> Missing(Dataset dataset)
    {
        List<string> needed = dataset.Fields.Any(f => f.Personal) || dataset.Subject is not null ? [Secrecy, PersonalInformation] : [Secrecy];
        needed.RemoveAll(kind => dataset.Assessments.Any(a => a.Kind == kind && a.Passed));
        return needed;
    }
}
