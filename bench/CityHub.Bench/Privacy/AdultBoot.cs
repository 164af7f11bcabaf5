using CityHub.Privacy;

namespace CityHub.Bench.Privacy;

/// <summary>
/// A million rows made of Adult, byte for byte the same everywhere: row i is a row of Adult, in which each cell comes with one chance in ten from another row, and the
/// age is moved by up to two years. All randomness is SplitMix64 of a number (Steele, Lea, Flood 2014).
/// </summary>
internal static class AdultBoot
{
    public const int Rows = 1_000_000;
    public const string Sha256 = "edf964b5f15c8d1e3b89e7e68eb45a548833a5389a13e22ace60dedfaeeb3090";

    public static void Write(string adult, Stream stream, int rows = Rows)
    {
        var table = CsvTable.Read(adult);
        var names = table.Columns.Select(one => one.Name).ToArray();
        var cells = table.Columns.Select(column => Enumerable.Range(0, table.Rows).Select(row => column[row]).ToArray()).ToArray();
        var ages = Enumerable.Range(0, 128).Select(age => age.ToString(System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        var writer = new CsvWriter(stream, ';');
        writer.Row(names);
        var line = new string[names.Length];
        var source = (ulong)table.Rows;
        for (var row = 0UL; row < (ulong)rows; row++)
        {
            var like = SplitMix(32 * row) % source;
            for (var column = 0; column < line.Length; column++)
            {
                var z = SplitMix(32 * row + 1 + (ulong)column);
                line[column] = cells[column][z % 10 == 0 ? (int)(z / 10 % source) : (int)like];
            }

            var age = int.Parse(line[1], System.Globalization.CultureInfo.InvariantCulture) + (int)(SplitMix(32 * row + 20) % 5) - 2;
            line[1] = ages[Math.Clamp(age, 17, 90)];
            writer.Row(line);
        }

        writer.Flush();
    }

    private static ulong SplitMix(ulong state)
    {
        var z = state + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
