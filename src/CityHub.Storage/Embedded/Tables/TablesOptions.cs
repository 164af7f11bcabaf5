using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>The measures of tables, and where the keys of their owners are.</summary>
public sealed record TablesOptions
{
    /// <summary>By itself: keys that nobody has unlocked.</summary>
    public IDataKeys Keys { get; init; } = new DepartmentKeys();

    /// <summary>A group has at most so many rows …</summary>
    public int GroupRows { get; init; } = 65_536;

    /// <summary>… in a table with a key at most so many: who looks for one row opens a whole chunk of each column …</summary>
    public int KeyedGroupRows { get; init; } = 16_384;

    /// <summary>… and about so many bytes at most. A reader holds two groups and one batch.</summary>
    public int GroupBytes { get; init; } = 8 << 20;

    /// <summary>Opened chunks that are kept for those who look for single rows, by table.</summary>
    public int CacheBytes { get; init; } = 64 << 20;
}
