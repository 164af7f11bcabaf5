using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Bench.Ledger;
using CityHub.Privacy;

namespace CityHub.Bench.Privacy;

/// <summary>`cityhub bench privacy`: the reference's configurations beside what it found, each in a process of its own; then scans, noise, the whole lattice and local recoding.</summary>
public static class PrivacyBench
{
    /// <summary>CPU time of the reference (ARX 3.9.2, warm, one thread) on a machine of this kind, in ms: docs/reference/performance.md.</summary>
    private static readonly Dictionary<string, double> Reference = new(StringComparer.Ordinal)
    {
        ["A1"] = 1008, ["A2"] = 3593, ["A3"] = 464, ["A4"] = 986, ["A5"] = 1052, ["A6"] = 1970, ["A7"] = 44, ["B1"] = 23773, ["B2"] = 5654,
    };

    private const string LocalWithCloseness = "local_t02";

    /// <param name="folder">With adult.csv, its hierarchies and expected_results.csv.</param>
    public static async Task<int> RunAsync(string folder, string? json, bool quick, string? only, TextWriter output, CancellationToken cancel)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var adult = Path.Combine(folder, "adult.csv");
        var times = quick ? 3 : 7;
        using var work = new Folder();
        var large = Path.Combine(work.Path, "adult-boot.csv");
        var tasks = PrivacyTask.All(folder).Where(one => only is null || one.Tag.Contains(only, StringComparison.Ordinal)).ToList();
        if (tasks.Any(one => one.Large) || Wanted("b1_end_to_end"))
        {
            await using var file = File.Create(large);
            AdultBoot.Write(adult, file);
        }

        var wrong = 0;
        var ratios = new List<double>();
        foreach (var task in tasks)
        {
            var (said, _) = await Programs.RunAsync(cancel, PrivacyChild.Verb, folder, task.Large ? large : adult, task.Tag, times.ToString(CultureInfo.InvariantCulture));
            found[task.Tag] = said.Trim();
            using var line = JsonDocument.Parse(said);
            wrong += Compare(task, line.RootElement, output, ratios) ? 0 : 1;
        }

        if (ratios.Count > 0 && only is null)
            Add("reference_by_cpu_a1_a6", Math.Exp(ratios.Average(Math.Log)));
        if (Wanted("b1_end_to_end"))
            Add("b1_end_to_end_s", await EndToEndAsync(folder, large, work.Path, times, cancel));
        if (Wanted("ten_million") && (!quick || only is not null))
            await TenMillionAsync(folder, work.Path, Add, cancel);
        var table = CsvTable.Read(adult, new CsvOptions { Separator = ';' }, cancel);
        if (Wanted("lattice_ms"))
            {
            var nodes = 0;
            Add("lattice_ms", Times(times, () => nodes = Lattice.Explore(Task("A1").Request(table, folder), cancel).Count()));
            Add("lattice_nodes", nodes);
        }

        if (Wanted("local_granularity", "local_ms"))
        {
            LocalRecodingResult? local = null;
            Add("local_ms", Times(times, () => local = LocalOf(Task("C18").Request(table, folder)).Run(cancel)));
            Add("local_granularity", local?.Granularity ?? 0);
            Add("local_suppressed", local?.Suppressed ?? 0);
        }

        if (Wanted(LocalWithCloseness))
        {
            LocalRecodingResult? local = null;
            Add($"{LocalWithCloseness}_ms", Times(Math.Min(3, times), () => local = LocalOf(Task("A6").Request(table, folder)).Run(cancel)));
            Add($"{LocalWithCloseness}_granularity", local?.Granularity ?? 0);
            Add($"{LocalWithCloseness}_suppressed", local?.Suppressed ?? 0);
        }

        if (Wanted("apply_100k_ms"))
            Add("apply_100k_ms", ApplyMs(folder, adult, times, cancel));
        if (Wanted("dlaplace_per_s"))
            Add("dlaplace_per_s", LaplacePerSecond(times));
        if (Wanted("scan_mb_per_s"))
            Add("scan_mb_per_s", ScanText.MegabytesPerSecond(times, quick ? 20 : 100));
        if (json is not null)
            await File.WriteAllTextAsync(json, "{\n" + string.Join(",\n", found.Select(one => $"  \"{one.Key}\": {one.Value}")) + "\n}\n", cancel);
        output.WriteLine(wrong == 0 ? "Every configuration is the reference's." : $"{wrong} configurations differ from the reference.");
        return wrong == 0 ? 0 : 1;

        PrivacyTask Task(string tag) => PrivacyTask.All(folder).First(one => one.Tag.StartsWith(tag + "_", StringComparison.Ordinal));

        bool Wanted(params ReadOnlySpan<string> keys)
        {
            foreach (var key in keys)
            {
                if (only is null || key.Contains(only, StringComparison.Ordinal))
                    return true;
            }

            return false;
        }

        void Add(string key, double value)
        {
            found[key] = value.ToString("0.######", CultureInfo.InvariantCulture);
            output.WriteLine($"{key,-28} {found[key]}");
        }
    }

    /// <summary>Whether it is what the reference found; local recoding only has to keep at least as much.</summary>
    private static bool Compare(PrivacyTask task, JsonElement line, TextWriter output, List<double> ratios)
    {
        var cpu = line.GetProperty("cpu_ms").GetDouble();
        var beside = Reference.TryGetValue(task.Tag[..2], out var reference) ? string.Create(CultureInfo.InvariantCulture, $", the reference's CPU {reference / cpu:0.0} times that") : "";
        if (task.Tag[0] == 'A' && task.Tag[1] is >= '1' and <= '6')
            ratios.Add(reference / cpu);
        var same = task.Local
            ? line.GetProperty("granularity").GetDouble() >= task.Granularity && line.GetProperty("suppressed").GetInt32() <= task.Suppressed
            : line.GetProperty("levels").EnumerateArray().Select(one => one.GetInt32()).SequenceEqual(task.Levels) && Math.Abs(line.GetProperty("loss").GetDouble() - task.Score) <= 1e-9
                && line.GetProperty("suppressed").GetInt32() == task.Suppressed && line.GetProperty("classes").GetInt32() == task.Classes;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{task.Tag,-24} {(same ? "same" : "DIFFERENT")}, warm {line.GetProperty("warm_ms").GetDouble():0.0} ms, CPU {cpu:0.0} ms{beside}, {line.GetProperty("peak_mb").GetDouble():0} MB at most"));
        return same;
    }

    internal static LocalRecoding LocalOf(Anonymization request) =>
        new() { Table = request.Table, QuasiIdentifiers = request.QuasiIdentifiers, Models = request.Models, SuppressionLimit = request.SuppressionLimit };

    /// <summary>As a user runs it: from the start of the process until the released file of a million rows is on the disk.</summary>
    private static async Task<double> EndToEndAsync(string folder, string large, string work, int times, CancellationToken cancel)
    {
        var took = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var (_, time) = await Programs.RunAsync(
                cancel, "deidentify", "fit", large, "--separator", ";", "--hierarchies", Path.Combine(folder, "adult_hierarchy_"), "--model", "k=5", "--limit", "0.04",
                "--qi", "sex,age,race,marital-status,education,native-country,workclass,occupation,salary-class", "--out", Path.Combine(work, "release.csv"), "--json");
            took.Add(time.TotalSeconds);
        }

        return PrivacyChild.Median(took);
    }

    /// <summary>Ten times the rows: the search and the memory of a process that reads and searches them.</summary>
    private static async Task TenMillionAsync(string folder, string work, Action<string, double> add, CancellationToken cancel)
    {
        var file = Path.Combine(work, "adult-boot-10m.csv");
        await using (var stream = File.Create(file))
            AdultBoot.Write(Path.Combine(folder, "adult.csv"), stream, 10 * AdultBoot.Rows);
        var task = PrivacyTask.All(folder).First(one => one.Large && one.Models.Count == 1);
        var (said, took) = await Programs.RunAsync(cancel, PrivacyChild.Verb, folder, file, task.Tag, "1");
        File.Delete(file);
        using var line = JsonDocument.Parse(said);
        add("ten_million_s", took.TotalSeconds);
        add("ten_million_search_ms", line.RootElement.GetProperty("first_ms").GetDouble());
        add("ten_million_peak_mb", line.RootElement.GetProperty("peak_mb").GetDouble());
    }

    /// <summary>A scheme that was fitted to 900,000 rows is applied to 100,000 more, with the check of these and of all that was released. Of fewer rows more are alone: twice as many may be suppressed.</summary>
    private static double ApplyMs(string folder, string adult, int times, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        AdultBoot.Write(adult, bytes);
        bytes.Position = 0;
        var table = CsvTable.Read(bytes, new CsvOptions { Separator = ';' }, cancel);
        var (old, fresh) = (table.Rows([.. Enumerable.Range(0, 900_000)]), table.Rows([.. Enumerable.Range(900_000, 100_000)]));
        var task = PrivacyTask.All(folder).First(one => one.Tag.StartsWith("B2", StringComparison.Ordinal));
        var request = task.Request(old, folder) with { SuppressionLimit = 0.05 };
        var result = request.Run(cancel);
        var names = request.QuasiIdentifiers.Select(one => one.Attribute).ToArray();
        var scheme = DeidentificationScheme.Of(
            [.. table.Columns.Select(column => Array.IndexOf(names, column.Name) is >= 0 and var at
                ? new SchemeColumn(column.Name, PersonalDataClass.QuasiIdentifier) { Hierarchy = request.QuasiIdentifiers[at].Hierarchy, Level = result.Levels[at] }
                : new SchemeColumn(column.Name, PersonalDataClass.Sensitive))],
            request.Models, 2 * request.SuppressionLimit) with { Released = ReleasedClasses.Of(result.Apply(), names, DeidentificationScheme.SensitiveOf(request.Models)) };
        using var context = new TransformContext();
        return Times(times, () => SchemeApplication.Apply(scheme, fresh, context, cancel: cancel));
    }

    private static double LaplacePerSecond(int times)
    {
        var (random, into) = (new ExactRandom(new CryptoEntropy()), new long[1 << 20]);
        var noise = new DiscreteLaplace(new ExactRational(10, 1));
        return into.Length / (Times(times, () => noise.Fill(random, into)) / 1000);
    }

    /// <summary>The median in ms, after one that is not counted.</summary>
    private static double Times(int times, Action work)
    {
        work();
        var took = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var began = Stopwatch.GetTimestamp();
            work();
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return PrivacyChild.Median(took);
    }

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("cityhub-bench-privacy-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
