using System.Collections;

namespace CityHub.Privacy;

/// <summary>
/// Administrative divisions of GB/T 2260 down to the prefecture (the first four of six digits). Counties come and go every year, therefore any two digits are taken for them.
/// Abolished prefectures are kept, for a number stays with its owner for life: by the blocks that the standard gives them (01 to 20 and 51 to 70 cities, 21 to 50 prefectures and
/// leagues, 90 directly governed counties), as far as each province has used them.
/// </summary>
internal static class Regions
{
    // Province: current prefectures; after the slash those of the past. 00 is the province itself.
    private const string Table = """
        11:1/2
        12:1/2
        13:1-11/21-33,90
        14:1-11/21-27
        15:1-9,22,25,29/21-29
        21:1-14/21-24
        22:1-8,24/21-25
        23:1-12,27/21-28
        31:1/2
        32:1-13/21-30
        33:1-11/21-30
        34:1-8,10-13,15-18/9,14,21-30
        35:1-9/21-27
        36:1-11/21-30
        37:1-11,13-17/12,21-32
        41:1-17,90/21-32
        42:1-3,5-13,28,90/4,21-33
        43:1-13,31/21-33
        44:1-9,12-20,51-53/10,11,21-32
        45:1-14/21-32
        46:1-4,90/21-24
        50:1,2/3
        51:1,3-11,13-20,32-34/2,12,21-37
        52:1-6,23,26,27/21-30
        53:1,3-9,23,25,26,28,29,31,33,34/2,21-35
        54:1-6,25/21-28
        61:1-10/21-29
        62:1-12,29,30/21-30
        63:1,2,22,23,25-28/21-29
        64:1-5/21-23
        65:1,2,4,5,23,27-32,40,42,43,90/3,21-26,33-44
        71:/
        81:/
        82:/
        """;

    private static readonly BitArray Current = Read(past: false);
    private static readonly BitArray Known = Read(past: true);

    public static bool IsProvince(ReadOnlySpan<byte> code) => Current[((code[0] - '0') * 1000) + ((code[1] - '0') * 100)];

    /// <summary>Whether the first four digits are a prefecture, or a province with 00, of today.</summary>
    public static bool IsCurrent(ReadOnlySpan<byte> code) => Current[Prefix(code)];

    /// <summary>… of today or of the past.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> code) => Known[Prefix(code)];

    private static int Prefix(ReadOnlySpan<byte> code) => ((code[0] - '0') * 1000) + ((code[1] - '0') * 100) + ((code[2] - '0') * 10) + (code[3] - '0');

    private static BitArray Read(bool past)
    {
        var bits = new BitArray(10_000);
        foreach (var line in Table.AsSpan().EnumerateLines())
        {
            var province = 100 * int.Parse(line[..2], System.Globalization.CultureInfo.InvariantCulture);
            bits[province] = true;
            var slash = line.IndexOf('/');
            Add(bits, province, line[3..slash]);
            if (past)
                Add(bits, province, line[(slash + 1)..]);
        }

        return bits;
    }

    private static void Add(BitArray bits, int province, ReadOnlySpan<char> ranges)
    {
        foreach (var part in ranges.Split(','))
        {
            var range = ranges[part];
            if (range.IsEmpty)
                continue;
            var dash = range.IndexOf('-');
            var first = int.Parse(dash < 0 ? range : range[..dash], System.Globalization.CultureInfo.InvariantCulture);
            var last = dash < 0 ? first : int.Parse(range[(dash + 1)..], System.Globalization.CultureInfo.InvariantCulture);
            for (var i = first; i <= last; i++)
                bits[province + i] = true;
        }
    }
}
