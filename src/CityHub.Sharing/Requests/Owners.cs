using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Requests;

/// <summary>The departments as this slice needs them.</summary>
public interface IDepartments
{
    Department? Find(string id);

    /// <summary>Id of the department that is the sharing authority (政务数据共享主管部门) of this hub.</summary>
    string Authority { get; }
}

/// <summary>Who has to move next. Never nobody: where a department names no officer, its head has it, then the department above, at last the Authority.</summary>
public static class Owners
{
    public static Owner Of(ShareRequest request, IDepartments departments) => request.EscalatedTo ?? request.State switch
    {
        RequestState.Draft => Officer(request.Applicant, departments),
        RequestState.SignedOff or RequestState.Incomplete => new Owner(request.Applicant, Roles.DataOfficer, request.By),
        RequestState.Submitted or RequestState.Granted or RequestState.Delivering or RequestState.Rectified => Officer(request.Provider, departments),
        RequestState.Refused or RequestState.Withdrawn or RequestState.Active or RequestState.Suspended or RequestState.Terminated or RequestState.Expired
            or RequestState.Fulfilled or RequestState.Unnecessary or RequestState.Disposing => Officer(request.Applicant, departments),
        RequestState.Disposed => Officer(request.Provider, departments),
        _ => throw new InvalidOperationException($"{request.State} has no owner."),
    };

    /// <summary>Who brings the year into the calendar for which a clock waits.</summary>
    public static Owner OfCalendar(IDepartments departments) => Officer(departments.Authority, departments) with { Role = Roles.Authority };

    public static Owner Officer(string department, IDepartments departments) => Somebody(department, departments, officerFirst: true);

    /// <summary>The next above who was silent: the head of the department, else who stands above it.</summary>
    public static Owner Above(Owner silent, IDepartments departments)
    {
        if (silent.Role is Roles.DataOfficer or Roles.SharingOfficer && departments.Find(silent.Department)?.Head is { Length: > 0 } head)
            return new Owner(silent.Department, Roles.Head, head);
        if (silent.Department != departments.Authority)
            return Officer(departments.Authority, departments) with { Role = Roles.Authority };
        return departments.Find(departments.Authority)?.Superior is { } superior ? Officer(superior, departments) with { Role = Roles.SuperiorAuthority } : silent;
    }

    private static Owner Somebody(string department, IDepartments departments, bool officerFirst)
    {
        // A loop in the tree of departments would be somebody's mistake; it must not keep a request from having an owner.
        for (var steps = 0; steps < 16 && departments.Find(department) is { } found; steps++)
        {
            if (officerFirst && found.SharingOfficer is { Length: > 0 } officer)
                return new Owner(department, Roles.SharingOfficer, officer);
            if (found.Head is { Length: > 0 } head)
                return new Owner(department, Roles.Head, head);
            if (found.Superior is not { } superior)
                break;
            department = superior;
        }

        var authority = departments.Find(departments.Authority);
        return new Owner(departments.Authority, Roles.Authority, authority?.SharingOfficer ?? authority?.Head ?? departments.Authority);
    }
}
