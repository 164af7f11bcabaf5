namespace CityHub.Ledger;

/// <summary>Where the hashes of complete subtrees come from: tiles, memory, a network.</summary>
public interface INodeSource
{
    /// <summary>Writes the hash of the complete subtree over the entries [index · 2^level, (index + 1) · 2^level).</summary>
    void Read(int level, long index, Span<byte> into);
}
