namespace CityHub.Storage.Embedded.Views;

/// <summary>
/// Compares strings as their UTF-8 bytes do, which is by code point: UTF-16's own order puts U+1F3D9 before U+FF5E.
/// </summary>
internal static class Utf8Order
{
    public static int Compare(string a, string b)
    {
        int common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        char x = a[common], y = b[common];
        return char.IsSurrogate(x) == char.IsSurrogate(y) ? x.CompareTo(y) : char.IsSurrogate(x) ? 1 : -1;
    }
}
