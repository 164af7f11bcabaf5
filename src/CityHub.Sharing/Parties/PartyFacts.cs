using System.Text.Json.Serialization;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Parties;

/// <summary>New, or described anew; who its officers are and what its key is say other facts.</summary>
internal sealed record DepartmentRegistered(string Id, Words Name, string AdminCode, int Level, string? Superior, string By);

/// <summary>Somebody is to be given a role, or to lose it. It is so when a second person confirms.</summary>
internal sealed record RoleProposed(string Id, string Person, string? Department, Roles Roles, bool Give, string Reason, string By);

/// <param name="ConfirmedBy">The second person. For the first of all, whom nobody could propose, both are <c>hub</c>.</param>
internal sealed record RoleGiven(string? Proposal, string Person, string? Department, Roles Roles, string By, string ConfirmedBy);

internal sealed record RoleWithdrawn(string? Proposal, string Person, string? Department, Roles Roles, string By, string ConfirmedBy);

internal sealed record KeyProposed(string Id, string Department, string PublicKey, string By);

internal sealed record KeyEnrolled(string Proposal, string Department, string PublicKey, string By, string ConfirmedBy);

internal sealed record ProposalRefused(string Id, string By, string Reason);

/// <summary>How facts of the parties are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, Converters = [typeof(EnumWords<Roles>)])]
[JsonSerializable(typeof(DepartmentRegistered))]
[JsonSerializable(typeof(RoleProposed))]
[JsonSerializable(typeof(RoleGiven))]
[JsonSerializable(typeof(RoleWithdrawn))]
[JsonSerializable(typeof(KeyProposed))]
[JsonSerializable(typeof(KeyEnrolled))]
[JsonSerializable(typeof(ProposalRefused))]
[JsonSerializable(typeof(GlassOpened))]
[JsonSerializable(typeof(GlassConfirmed))]
[JsonSerializable(typeof(GlassClosed))]
[JsonSerializable(typeof(GlassReviewed))]
internal sealed partial class PartyJson : JsonSerializerContext;
