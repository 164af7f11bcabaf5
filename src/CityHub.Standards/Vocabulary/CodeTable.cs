using System.Collections.Frozen;

namespace CityHub.Standards.Vocabulary;

/// <summary>The same thing said in Chinese and in English.</summary>
public sealed record Wording(string Zh, string En);

/// <summary>One code of a table 代码, with the codes it lies in and when it may be used.</summary>
/// <param name="Parent">The code above it; null at the top.</param>
/// <param name="ValidFrom">First day; null: always was.</param>
/// <param name="ValidTo">Last day; null: still is.</param>
public sealed record CodeEntry(string Code, string Zh, string En, string? Parent = null, DateOnly? ValidFrom = null, DateOnly? ValidTo = null)
{
    public bool IsValidOn(DateOnly day) => (ValidFrom is not { } from || from <= day) && (ValidTo is not { } to || day <= to);
}

/// <summary>A code table 代码表 in one version, as the operator supplied it: which codes there are and what they mean.</summary>
/// <param name="Version">Counts from 1; a table that is loaded anew is the next one.</param>
public sealed record CodeTable(string Id, int Version, Wording Title, IReadOnlyList<CodeEntry> Entries)
{
    private readonly FrozenDictionary<string, CodeEntry> _byCode = Entries.ToFrozenDictionary(e => e.Code, StringComparer.Ordinal);

    public CodeEntry? Find(string code) => _byCode.GetValueOrDefault(code);

    public bool Holds(string code) => _byCode.ContainsKey(code);

    /// <summary>Whether the code may stand in data of that day.</summary>
    public bool Holds(string code, DateOnly on) => Find(code) is { } entry && entry.IsValidOn(on);

    /// <summary>The code and all codes above it, from the bottom to the top; empty when there is no such code.</summary>
    public IEnumerable<CodeEntry> PathOf(string code)
    {
        for (var entry = Find(code); entry is not null; entry = entry.Parent is { } parent ? Find(parent) : null)
            yield return entry;
    }

    /// <summary>True when the code is the other one or lies in it.</summary>
    public bool IsWithin(string code, string other) => PathOf(code).Any(e => e.Code == other);

    public IEnumerable<CodeEntry> ChildrenOf(string? code) => Entries.Where(e => e.Parent == code);
}

/// <summary>The code tables in force.</summary>
public interface ICodeTables
{
    /// <summary>The newest version; null when there is none of that name.</summary>
    CodeTable? Find(string id);
}
