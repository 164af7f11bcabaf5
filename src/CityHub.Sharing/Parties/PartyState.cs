using System.Collections.Immutable;

namespace CityHub.Sharing.Parties;

/// <summary>A role or a key that waits for a second person.</summary>
/// <param name="PublicKey">Of a proposed key; null: it is about a role.</param>
internal sealed record PartyProposal(string Id, string? Person, string? Department, Roles Roles, bool Give, string Reason, string? PublicKey, string By, DateTimeOffset At);

/// <summary>The register at one moment; never changed.</summary>
internal sealed record PartyState
{
    public static readonly PartyState Empty = new();

    public ImmutableSortedDictionary<string, Department> Departments { get; init; } = ImmutableSortedDictionary.Create<string, Department>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, Caller> People { get; init; } = ImmutableSortedDictionary.Create<string, Caller>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, PartyProposal> Proposals { get; init; } = ImmutableSortedDictionary.Create<string, PartyProposal>(StringComparer.Ordinal);

    public Caller CallerOf(string person) => People.GetValueOrDefault(person) ?? new Caller(person, null, Roles.None);

    public IEnumerable<string> With(Roles role, string? department) => People.Values.Where(p => p.Is(role) && (department is null || p.Department == department)).Select(p => p.Person);

    public PartyState Change(string person, string? department, Roles give, Roles take)
    {
        var before = CallerOf(person);
        var at = give == Roles.None ? before.Department : department ?? before.Department; // who loses a role stays where he is
        var roles = (before.Roles | give) & ~take;
        var people = roles == Roles.None ? People.Remove(person) : People.SetItem(person, new Caller(person, at, roles));
        var next = this with { People = people };
        return at is not null && Departments.TryGetValue(at, out var known)
            ? next with
            {
                Departments = Departments.SetItem(at, known with { SharingOfficer = Holder(next, at, Roles.SharingOfficer, known.SharingOfficer), Head = Holder(next, at, Roles.Head, known.Head) }),
            }
            : next;
    }

    /// <summary>Who was named first stays the one that is named.</summary>
    private static string? Holder(PartyState state, string department, Roles role, string? before) =>
        before is not null && state.CallerOf(before).IsOf(department, role) ? before : state.With(role, department).FirstOrDefault();
}
