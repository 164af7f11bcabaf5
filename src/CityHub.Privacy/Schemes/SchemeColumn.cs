namespace CityHub.Privacy;

/// <summary>What a column says of a person (GB/T 37964, ISO/IEC 20889).</summary>
public enum ColumnRole
{
    /// <summary>Neither points at a person nor tells a secret.</summary>
    Other,

    /// <summary>Points at a person by itself: 直接标识符.</summary>
    DirectIdentifier,

    /// <summary>Points at a person together with others: 准标识符.</summary>
    QuasiIdentifier,

    /// <summary>What others must not learn of a person: 敏感属性.</summary>
    Sensitive,
}

/// <summary>A column of the tables that a scheme is for, and what it becomes.</summary>
public sealed record SchemeColumn(string Name, ColumnRole Role)
{
    /// <summary>Of a quasi-identifier that is generalised.</summary>
    public Hierarchy? Hierarchy { get; init; }

    /// <summary>To which level; 0 is as it is.</summary>
    public int Level { get; init; }

    internal static string WordOf(ColumnRole role) => role switch
    {
        ColumnRole.DirectIdentifier => "direct-identifier",
        ColumnRole.QuasiIdentifier => "quasi-identifier",
        ColumnRole.Sensitive => "sensitive",
        _ => "other",
    };

    internal static ColumnRole? RoleOf(string? word) => word switch
    {
        "direct-identifier" => ColumnRole.DirectIdentifier,
        "quasi-identifier" => ColumnRole.QuasiIdentifier,
        "sensitive" => ColumnRole.Sensitive,
        "other" => ColumnRole.Other,
        _ => null,
    };
}
