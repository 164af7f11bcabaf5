using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CityHub.Privacy;

namespace CityHub.Bench.Privacy;

/// <summary>One configuration in a process of its own, so that its memory is its own: reads the table, searches, and says what it found and what it took.</summary>
public static class PrivacyChild
{
    /// <summary>A verb that is in no help.</summary>
    public const string Verb = "bench-privacy-one";

    /// <param name="arguments">Folder, table, tag, how often.</param>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancel)
    {
        var (folder, file, tag, times) = (arguments[0], arguments[1], arguments[2], int.Parse(arguments[3], CultureInfo.InvariantCulture));
        var task = PrivacyTask.All(folder).First(one => one.Tag == tag);
        var began = Stopwatch.GetTimestamp();
        var table = CsvTable.Read(file, new CsvOptions { Separator = ';' }, cancel);
        var load = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var request = task.Request(table, folder);
        var (warm, cpu) = (new List<double>(), new List<double>());
        var figures = "";
        for (var i = 0; i < times; i++)
        {
            var before = Environment.CpuUsage.TotalTime;
            began = Stopwatch.GetTimestamp();
            figures = task.Local ? Local(request, cancel) : Global(request, cancel);
            warm.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            cpu.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
        }

        using var self = Process.GetCurrentProcess();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{{{figures},\"load_ms\":{load:0.0},\"first_ms\":{warm[0]:0.0},\"warm_ms\":{Median(warm):0.0},\"warm_ms_min\":{warm.Min():0.0},\"warm_ms_max\":{warm.Max():0.0},\"cpu_ms\":{Median(cpu):0.0},\"peak_mb\":{self.PeakWorkingSet64 / 1048576.0:0.0}}}"));
        return 0;
    }

    public static double Median(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Global(Anonymization request, CancellationToken cancel)
    {
        var result = request.Run(cancel);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"\"levels\":[{string.Join(',', result.Levels)}],\"loss\":{result.Loss:R},\"suppressed\":{result.Suppressed},\"classes\":{result.Classes},\"checked\":{result.NodesChecked}");
    }

    private static string Local(Anonymization request, CancellationToken cancel)
    {
        var result = PrivacyBench.LocalOf(request).Run(cancel);
        return string.Create(CultureInfo.InvariantCulture, $"\"granularity\":{result.Granularity:R},\"suppressed\":{result.Suppressed},\"classes\":{result.Classes}");
    }
}
