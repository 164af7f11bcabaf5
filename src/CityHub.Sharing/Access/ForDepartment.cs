using CityHub.Core.Problems;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.Access;

/// <summary>For whom a decision may be tried out: for oneself, and by the authority and the auditor for any department.</summary>
internal static class ForDepartment
{
    public static Result<Caller> Of(HttpContext http)
    {
        var caller = SharingHttp.CallerOf(http);
        var department = http.Request.Query["department"].ToString();
        return Decide(caller, department);
    }

    public static Result<Caller> Decide(Caller caller, string department)
    {
        if (department.Length == 0 || department == caller.Department)
            return caller;
        return (caller.Roles & (Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor)) != 0 && !caller.Is(Roles.Operator)
            ? new Caller("", department, Roles.DataOfficer)
            : SharingProblems.NotYours.Because("What another department may see is not shown to you.", "Leave department out for your own; the authority and the auditor may ask for any.", "sharing, decisions");
    }
}
