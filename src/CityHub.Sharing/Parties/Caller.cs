namespace CityHub.Sharing.Parties;

/// <summary>What a person does in sharing. Manage (<see cref="Authority"/>), audit and operate exclude each other: nobody holds two of them (GB/T 39477).</summary>
[Flags]
public enum Roles
{
    None = 0,

    /// <summary>数据专员: drafts catalogue entries and requests, delivers, uses.</summary>
    DataOfficer = 1,

    /// <summary>工作机构负责人: signs for the department's sharing office (art. 11, 20).</summary>
    SharingOfficer = 2,

    /// <summary>部门负责人: approves catalogue entries (art. 12).</summary>
    Head = 4,

    /// <summary>政务数据共享主管部门.</summary>
    Authority = 8,

    /// <summary>上级主管部门, and the government of the level where a dispute goes to it.</summary>
    SuperiorAuthority = 16,

    Auditor = 32,

    /// <summary>Runs the platform; reads no row.</summary>
    Operator = 64,

    /// <summary>公民: asks about his own data alone.</summary>
    Citizen = 128,
}

/// <summary>Who asks, as the door knows him.</summary>
/// <param name="Person">Name of the account; for a citizen the identifier under which datasets know him.</param>
/// <param name="Department">Identifier; null for citizens, the public and the operator.</param>
public sealed record Caller(string Person, string? Department, Roles Roles)
{
    /// <summary>Nobody in particular: sees what is open.</summary>
    public static readonly Caller Anyone = new("", null, Roles.None);

    /// <summary>The system that asks for the person, where there is one.</summary>
    public string? System { get; init; }

    public bool Is(Roles role) => (Roles & role) != 0;

    public bool IsOf(string department, Roles role) => Department == department && Is(role);
}

/// <summary>A text for people, in both languages of the city.</summary>
public readonly record struct Words(string Zh, string En);

/// <param name="AdminCode">行政区划代码, GB/T 2260 (six digits) and GB/T 10114 below it.</param>
/// <param name="Level">1 national, 2 province, 3 city, 4 district, 5 town.</param>
/// <param name="Superior">The department above it; null at the top.</param>
public sealed record Department(string Id, Words Name, string AdminCode, int Level, string? Superior)
{
    /// <summary>工作机构负责人 (art. 11): who signs, and to whom silence escalates first.</summary>
    public string? SharingOfficer { get; init; }

    public string? Head { get; init; }

    /// <summary>Ed25519 public key, base64: vouches for the department's people and unlocks its data; null: not enrolled.</summary>
    public string? PublicKey { get; init; }
}
