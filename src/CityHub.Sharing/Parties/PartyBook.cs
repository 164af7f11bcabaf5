using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Parties;

/// <summary>Departments, their people and their keys: a view over the stream <c>parties</c>.</summary>
internal sealed class PartyBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName), IParties
{
    public const string StreamName = "parties";

    private volatile PartyState _state = PartyState.Empty;

    public PartyState State => _state;

    public IEnumerable<Department> Departments => _state.Departments.Values;

    public Department? Find(string department) => _state.Departments.GetValueOrDefault(department);

    public Caller CallerOf(string person) => _state.CallerOf(person);

    public IEnumerable<string> With(Roles role, string? department = null) => _state.With(role, department);

    /// <summary>Public key of a department, base64; null: it is not enrolled.</summary>
    public string? KeyOf(string department) => Find(department)?.PublicKey;

    /// <summary>
    /// The first authority, from inside the process and nowhere else: there is nobody yet who could propose it. At least two people, because from then on everything about roles
    /// takes two.
    /// </summary>
    public ValueTask<Result<Done>> FoundAsync(Department authority, IReadOnlyList<string> people) => SayAsync((state, _) =>
    {
        if (state.Departments.Count > 0 || state.People.Count > 0)
            return PartyProblems.RegisterNotEmpty.Because("There are departments and people in the register.", "Its authority registers and proposes from now on.", "GB/T 39477: four eyes");
        var named = people.Where(p => !string.IsNullOrWhiteSpace(p)).Distinct(StringComparer.Ordinal).ToList();
        if (named.Count < 2)
            return ProposalProblems.FourEyes.Because("The first authority has two people at least.", "Name two: each role after them is proposed by one and confirmed by another.", "GB/T 39477: four eyes");
        if (RegisterDepartment.Refuse(authority, _ => true) is { } refused)
            return refused;
        return Facts([
            RegisterDepartment.Said(authority, "hub"),
            .. named.Select(p => SharingJson.Said(new RoleGiven(null, p, authority.Id, Roles.Authority, "hub", "hub"), PartyJson.Default.RoleGiven)),
        ]);
    });

    public ValueTask<Result<Done>> SayAsync(Func<PartyState, DateTimeOffset, Result<IReadOnlyList<NewFact>>> decide) => RecordAsync<Done>(now =>
        decide(_state, now).TryGet(out var facts, out var problem) ? (facts, Done.Value) : problem);

    public static Result<IReadOnlyList<NewFact>> Facts(params NewFact[] facts) => (Result<IReadOnlyList<NewFact>>)facts;

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        var (state, known) = (_state, PartyJson.Default);
        switch (type)
        {
            case nameof(DepartmentRegistered):
                var registered = SharingJson.Read(payload, known.DepartmentRegistered);
                var before = state.Departments.GetValueOrDefault(registered.Id);
                state = state with
                {
                    Departments = state.Departments.SetItem(registered.Id, new Department(registered.Id, registered.Name, registered.AdminCode, registered.Level, registered.Superior)
                    {
                        SharingOfficer = before?.SharingOfficer, Head = before?.Head, PublicKey = before?.PublicKey,
                    }),
                };
                break;
            case nameof(RoleProposed):
                var role = SharingJson.Read(payload, known.RoleProposed);
                state = state with { Proposals = state.Proposals.SetItem(role.Id, new PartyProposal(role.Id, role.Person, role.Department, role.Roles, role.Give, role.Reason, null, role.By, at)) };
                break;
            case nameof(KeyProposed):
                var key = SharingJson.Read(payload, known.KeyProposed);
                state = state with { Proposals = state.Proposals.SetItem(key.Id, new PartyProposal(key.Id, null, key.Department, Roles.None, true, "", key.PublicKey, key.By, at)) };
                break;
            case nameof(RoleGiven):
                var given = SharingJson.Read(payload, known.RoleGiven);
                state = Settled(state, given.Proposal).Change(given.Person, given.Department, given.Roles, Roles.None);
                break;
            case nameof(RoleWithdrawn):
                var withdrawn = SharingJson.Read(payload, known.RoleWithdrawn);
                state = Settled(state, withdrawn.Proposal).Change(withdrawn.Person, withdrawn.Department, Roles.None, withdrawn.Roles);
                break;
            case nameof(KeyEnrolled):
                var enrolled = SharingJson.Read(payload, known.KeyEnrolled);
                state = Settled(state, enrolled.Proposal);
                if (state.Departments.TryGetValue(enrolled.Department, out var department))
                    state = state with { Departments = state.Departments.SetItem(enrolled.Department, department with { PublicKey = enrolled.PublicKey }) };
                break;
            case nameof(ProposalRefused):
                state = Settled(state, SharingJson.Read(payload, known.ProposalRefused).Id);
                break;
            default:
                break;
        }

        _state = state;
    }

    private static PartyState Settled(PartyState state, string? proposal) => proposal is null ? state : state with { Proposals = state.Proposals.Remove(proposal) };
}
