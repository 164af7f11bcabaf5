using CityHub.Core.Problems;

namespace CityHub.Sharing.Parties;

/// <summary>Which roles go together in one person (GB/T 39477: manage, audit and operate are three persons).</summary>
internal static class RoleRules
{
    /// <summary>管理.</summary>
    public const Roles Manage = Roles.Authority | Roles.SuperiorAuthority;

    /// <summary>What the register gives; a citizen is nobody whom a department appoints.</summary>
    public const Roles Given = Roles.DataOfficer | Roles.SharingOfficer | Roles.Head | Manage | Roles.Auditor | Roles.Operator;

    /// <summary>Without these nobody acts for a department.</summary>
    public const Roles OfDepartment = Given & ~Roles.Operator;

    /// <summary>Null: they go together.</summary>
    public static Problem? Exclude(string person, Roles roles)
    {
        var held = new List<string>(3);
        if ((roles & Manage) != 0)
            held.Add("manage");
        if ((roles & Roles.Auditor) != 0)
            held.Add("audit");
        if ((roles & Roles.Operator) != 0)
            held.Add("operate");
        // The operator is trusted with no data: he is an officer of no department either.
        if ((roles & Roles.Operator) != 0 && (roles & (Roles.DataOfficer | Roles.SharingOfficer | Roles.Head)) != 0)
            held.Add("act for a department");
        // Who audits what departments do is none of their officers.
        if ((roles & Roles.Auditor) != 0 && (roles & (Roles.DataOfficer | Roles.SharingOfficer | Roles.Head)) != 0)
            held.Add("act for a department");
        return held.Count > 1
            ? PartyProblems.RolesExclude.Because($"{person} would {string.Join(" and ", held.Distinct())}.", "Give the role to another person, or take the other one back first.", "GB/T 39477: manage, audit and operate are separate")
            : null;
    }
}
