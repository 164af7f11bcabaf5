using System.Text.Json.Serialization;
using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;

namespace CityHub.Sharing.Catalogue;

/// <summary>An entry was written, or changed before anybody approved it. The clock of art. 17 runs where a published entry is behind it.</summary>
internal sealed record DatasetDrafted(Dataset Entry, string By, Deadline? UpdateDue = null);

internal sealed record DatasetAssessed(string Id, int Version, Assessment Assessment);

internal sealed record DatasetApproved(string Id, int Version, string By);

internal sealed record DatasetSubmitted(string Id, int Version, string By, Deadline ReviewDue);

/// <param name="UpdateDue">The clock of art. 17 as it goes on: it stood still while the entry lay with the authority.</param>
internal sealed record DatasetReturned(string Id, int Version, string By, string Reason, Deadline? UpdateDue = null);

internal sealed record DatasetPublished(string Id, int Version, string By);

internal sealed record DatasetWithdrawn(string Id, int Version, string By, string Reason);

/// <summary>A duty, a law or a system changed, and the published entry is no longer right: ten working days (art. 17).</summary>
internal sealed record CatalogueChangeReported(string Id, string What, string By, Deadline UpdateDue);

/// <summary>With the authority's consent, once.</summary>
internal sealed record UpdateExtended(string Id, string By, Deadline UpdateDue);

internal sealed record CatalogueDeadlineMissed(string Id, int Version, string Article, string Department, DateTimeOffset Due);

/// <summary>数源部门: the authority names who collects an item (art. 19).</summary>
internal sealed record LeadSourceNamed(string Item, string Department, string By, string Reason);

internal sealed record CollectionFormDeclared(CollectionForm Form, string By);

internal sealed record CollectionFormEnded(string Id, string By);

/// <summary>How entries and their facts are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    Converters = [
        typeof(EnumWord<SharingClass>), typeof(EnumWord<DatasetState>), typeof(EnumWord<UpdateFrequency>), typeof(EnumWord<Sensitivity>), typeof(EnumWord<DatasetSource>), typeof(EnumWord<ColumnType>),
        typeof(EnumWord<TimeGrain>), typeof(EnumWord<SpaceGrain>), typeof(EnumWord<EntityGrain>), typeof(EnumWord<MaskKind>), typeof(EnumWord<RowTest>), typeof(EnumWords<DeliveryModes>)])]
[JsonSerializable(typeof(Dataset))]
[JsonSerializable(typeof(CollectionForm))]
[JsonSerializable(typeof(DataField))]
[JsonSerializable(typeof(DatasetDrafted))]
[JsonSerializable(typeof(DatasetAssessed))]
[JsonSerializable(typeof(DatasetApproved))]
[JsonSerializable(typeof(DatasetSubmitted))]
[JsonSerializable(typeof(DatasetReturned))]
[JsonSerializable(typeof(DatasetPublished))]
[JsonSerializable(typeof(DatasetWithdrawn))]
[JsonSerializable(typeof(CatalogueChangeReported))]
[JsonSerializable(typeof(UpdateExtended))]
[JsonSerializable(typeof(CatalogueDeadlineMissed))]
[JsonSerializable(typeof(LeadSourceNamed))]
[JsonSerializable(typeof(CollectionFormDeclared))]
[JsonSerializable(typeof(CollectionFormEnded))]
[JsonSerializable(typeof(Deadline))]
internal sealed partial class CatalogueJson : JsonSerializerContext;
