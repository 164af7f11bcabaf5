using System.Collections.Frozen;

namespace CityHub.Sharing.Access;

/// <summary>One version of the tree of purposes, ready to be asked: what holds along the way to the root is worked out once.</summary>
public sealed class PurposeTree : IPurposes
{
    public static readonly PurposeTree Empty = new([]);

    private readonly FrozenDictionary<string, Purpose> _all;
    private readonly FrozenDictionary<string, Obligations> _known;

    public PurposeTree(IEnumerable<Purpose> purposes)
    {
        _all = purposes.ToFrozenDictionary(purpose => purpose.Code, StringComparer.Ordinal);
        var known = new Dictionary<string, Obligations>(StringComparer.Ordinal);
        foreach (var purpose in _all.Values)
            if (Along(purpose) is { } obligations)
                known[purpose.Code] = obligations;
        _known = known.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public IEnumerable<Purpose> All => _all.Values.OrderBy(purpose => purpose.Code, StringComparer.Ordinal);

    public Purpose? Find(string code) => _all.GetValueOrDefault(code);

    public bool IsKnown(string code) => _known.ContainsKey(code);

    public bool Covers(string granted, string asked) =>
        granted.Length > 0 && asked.StartsWith(granted, StringComparison.Ordinal) && (asked.Length == granted.Length || asked[granted.Length] == '/') && _known.ContainsKey(asked);

    public Obligations Of(string code) => _known.GetValueOrDefault(code, Obligations.Nothing);

    /// <summary>Null: it, or one above it, is withdrawn or missing.</summary>
    private Obligations? Along(Purpose purpose)
    {
        if (purpose.Withdrawn)
            return null;
        if (purpose.Parent is not { } parent)
            return purpose.Obligations;
        return _all.TryGetValue(parent, out var above) && Along(above) is { } obligations ? obligations.Meet(purpose.Obligations) : null;
    }
}
