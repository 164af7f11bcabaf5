namespace CityHub.Privacy;

/// <summary>A column of the tables that a scheme is for, and what it becomes.</summary>
public sealed record SchemeColumn(string Name, PersonalDataClass Class)
{
    /// <summary>Of a quasi-identifier that is generalised.</summary>
    public Hierarchy? Hierarchy { get; init; }

    /// <summary>To which level; 0 is as it is.</summary>
    public int Level { get; init; }

    /// <summary>By which <see cref="HierarchyRule"/> the hierarchy was built, so that new values find their groups; null where it was given and a new value is refused.</summary>
    public string? Rule { get; init; }

    /// <summary>In files and on the command line.</summary>
    public static string WordOf(PersonalDataClass kind) => kind switch
    {
        PersonalDataClass.DirectIdentifier => "direct-identifier",
        PersonalDataClass.QuasiIdentifier => "quasi-identifier",
        PersonalDataClass.Sensitive => "sensitive",
        _ => "other",
    };

    internal static PersonalDataClass? ClassOf(string? word) => word switch
    {
        "direct-identifier" => PersonalDataClass.DirectIdentifier,
        "quasi-identifier" => PersonalDataClass.QuasiIdentifier,
        "sensitive" => PersonalDataClass.Sensitive,
        "other" => PersonalDataClass.Other,
        _ => null,
    };
}
