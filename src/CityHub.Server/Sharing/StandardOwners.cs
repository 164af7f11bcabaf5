using CityHub.Core.Grains;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Server.Doors;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Standards;

namespace CityHub.Server.Sharing;

/// <summary>Who may change, see and look into what in the standards: by the roles of people, the catalogue, and the grants of this moment.</summary>
internal sealed class StandardOwners(ICatalogue catalogue, IGrants grants, IPurposes purposes, Func<string, Result<TableSchema>> schemaOf, TimeProvider time) : IOwners
{
    // Whoever may verify may be answered yes or no; whoever may obtain the rows could compare them himself.
    private static readonly (Rights Right, DeliveryModes Mode)[] Ways = [(Rights.Use, DeliveryModes.Verify), (Rights.Obtain, DeliveryModes.Api), (Rights.Obtain, DeliveryModes.Batch)];

    /// <summary>The name of the person of the authority who asks; words bind the whole city, so that nobody else proposes or publishes one.</summary>
    public static Result<string> Authority(HttpContext http) => SharingHttp.CallerOf(http) is { Person.Length: > 0 } caller && caller.Is(Roles.Authority)
        ? caller.Person
        : SharingProblems.NotYours.Because("Elements, code tables, calibres and schemas are the authority's.", "Put the wish to the authority: one of its people drafts, another publishes.", "decree 809, art. 8; GB/T 39477");

    public string NameOf(HttpContext http) => SharingHttp.CallerOf(http) is { Person.Length: > 0 } caller ? caller.Person : Bearer.NameOf(http);

    public Problem? MayChange(HttpContext http, Owner owner)
    {
        if (owner.Dataset is { } dataset && !Sees(http, owner))
            return CatalogueProblems.Unknown(dataset);
        return DepartmentOf(owner) is { } department && SharingHttp.CallerOf(http).IsOf(department, Roles.DataOfficer)
            ? null
            : SharingProblems.NotYours.Because($"This is {DepartmentOf(owner) ?? "nobody"}'s.", "One of its data officers changes it.", "decree 809, art. 11");
    }

    public bool Sees(HttpContext http, Owner owner)
    {
        var caller = SharingHttp.CallerOf(http);
        return owner.Dataset is { } dataset
            ? catalogue.Find(dataset) is { } known && (CatalogueRoom.WorksOn(caller, known) || Decider.MayDiscover(caller, known, grants))
            : owner.Department is { } department && (caller.Department == department || caller.Is(Roles.Authority | Roles.Auditor));
    }

    public Result<TableSchema> SchemaOf(HttpContext http, string dataset) => Sees(http, new Owner(dataset, null)) ? schemaOf(dataset) : CatalogueProblems.Unknown(dataset);

    public string? DepartmentOf(Owner owner) => owner.Dataset is { } dataset ? catalogue.Find(dataset)?.Provider : owner.Department;

    public Problem? MayLook(Lookup look, IReadOnlyList<string> fields)
    {
        if (catalogue.Find(look.Dataset)?.Provider == look.Department)
            return null;
        var asks = grants.Of(look.Dataset, look.Department).SelectMany(g => Ways.Select(w => Ask(look, w, fields) with { Grant = g.Id }));
        return asks.Any(ask => Decider.Decide(ask, grants, catalogue, purposes, time.GetUtcNow()) is Permit permit && IsPlain(permit, fields)) ? null : Why(look, fields);
    }

    private static Ask Ask(Lookup look, (Rights Right, DeliveryModes Mode) way, IReadOnlyList<string> fields) =>
        new(new Caller("quality rules", look.Department, Roles.DataOfficer), way.Right, look.Dataset, look.Purpose ?? "", way.Mode) { Fields = fields.Count == 0 ? null : [.. fields] };

    /// <summary>A rule compares every row as it is: an obligation that changes, counts or tells is one that it could not keep.</summary>
    private static bool IsPlain(Permit permit, IReadOnlyList<string> fields) =>
        permit.Obligations is { Rows.Count: 0, SmallestGroup: <= 1, Epsilon: null, TellSubject: false } o && o.Quota == Quota.None && (o.Grain == Grain.Finest || o.Grain == permit.Dataset.Grain)
        && fields.All(f => o.MaskOf(f) == MaskKind.Raw);

    private Problem Why(Lookup look, IReadOnlyList<string> fields) => Decider.Decide(Ask(look, Ways[0], fields), grants, catalogue, purposes, time.GetUtcNow()) switch
    {
        Refuse refuse when refuse.Code == SharingProblems.DatasetUnknown.Code => CatalogueProblems.Unknown(look.Dataset),
        Refuse refuse => SharingProblems.AccessRefused.Because(refuse.Why, refuse.WayForward, refuse.Rule),
        _ => SharingProblems.AccessRefused.Because(
            "What was granted of it leaves masked, filtered, grouped, counted or told, and a rule compares rows as they are.", "Ask for a grant of these fields for verification, without conditions.", "decree 809, art. 25"),
    };
}
