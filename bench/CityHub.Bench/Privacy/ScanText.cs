using System.Diagnostics;
using System.Globalization;
using System.Text;
using CityHub.Privacy;

namespace CityHub.Bench.Privacy;

/// <summary>A text as an export has it: names, addresses and remarks in Chinese, numbers of all kinds, and in one row of twenty an identity number or a telephone.</summary>
internal static class ScanText
{
    private static readonly string[] Words = ["滨江区中山路", "号楼单元室", "居民反映路灯不亮", "已转街道办理", "供水压力正常", "检查合格", "传感器离线", "本月用电量", "停车位", "办结"];

    public static double MegabytesPerSecond(int times, int megabytes)
    {
        var text = Make(megabytes << 20);
        var counts = new long[Detectors.All.Count];
        PiiScanner.Scan(text.AsSpan(0, text.Length / 10), counts);
        var rates = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var began = Stopwatch.GetTimestamp();
            PiiScanner.Scan(text, counts);
            rates.Add(text.Length / 1e6 / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return PrivacyChild.Median(rates);
    }

    private static byte[] Make(int length)
    {
        var text = new StringBuilder(length / 2);
        var bytes = 0;
        ulong state = 1;
        for (var row = 0; bytes < length; row++)
        {
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"{row},2026-{1 + (Next() % 12):00}-{1 + (Next() % 28):00},");
            for (var i = 0; i < 4; i++)
                line.Append(Words[Next() % (ulong)Words.Length]).Append(CultureInfo.InvariantCulture, $"{Next() % 1000},");
            line.Append(CultureInfo.InvariantCulture, $"{Next() % 100_000}.{Next() % 100},sensor-{Next() % 5000}");
            if (row % 20 == 0)
                line.Append(CultureInfo.InvariantCulture, $",110101199003{Next() % 28 + 1:00}{Next() % 1000:000}X,138{Next() % 100_000_000:00000000}");
            line.Append('\n');
            bytes += Encoding.UTF8.GetByteCount(line.ToString());
            text.Append(line);
        }

        return Encoding.UTF8.GetBytes(text.ToString());

        ulong Next()
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            return state >> 33;
        }
    }
}
