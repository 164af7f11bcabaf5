using System.Collections.Concurrent;

namespace CityHub.Context.JsonLd;

/// <summary>
/// Byte texts to values, bounded: two generations, of which the older is forgotten when the younger is full; what is asked for moves to the younger.
/// Readers take no lock.
/// </summary>
/// <param name="mostEntries">Per generation.</param>
/// <param name="mostBytes">Of keys, per generation.</param>
internal sealed class RecentCache<T>(int mostEntries, long mostBytes)
    where T : class
{
    private volatile Generation _young = new();
    private volatile Generation _old = new();

    public bool TryGet(ReadOnlySpan<byte> key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? value)
    {
        if (_young.Entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out value))
            return true;
        if (!_old.Entries.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out value))
            return false;
        Set(key, value);
        return true;
    }

    public void Set(ReadOnlySpan<byte> key, T value)
    {
        var young = _young;
        if (young.Entries.Count >= mostEntries || Interlocked.Read(ref young.Bytes) + key.Length > mostBytes)
        {
            // Two threads may turn the page at once: some entries are forgotten early, none is wrong.
            _old = young;
            _young = young = new Generation();
        }

        if (key.Length > mostBytes)
            return;
        young.Entries[key.ToArray()] = value;
        Interlocked.Add(ref young.Bytes, key.Length);
    }

    public void Clear()
    {
        _young = new Generation();
        _old = new Generation();
    }

    private sealed class Generation
    {
        public readonly ConcurrentDictionary<byte[], T> Entries = new(Utf8Comparer.Instance);
        public long Bytes;
    }
}

/// <summary>Byte arrays by content, with look-ups by span.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static readonly Utf8Comparer Instance = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)NameTable.Hash(alternate);

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
