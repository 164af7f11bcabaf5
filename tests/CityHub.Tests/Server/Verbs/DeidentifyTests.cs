using System.Globalization;
using System.Text.Json;
using CityHub.Privacy;
using CityHub.Server.Deidentification;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server.Verbs;

/// <summary>The verb as its users type it, on files.</summary>
public sealed class DeidentifyTests : IDisposable
{
    private const string Quasi = "sex,age,race,marital-status,education,native-country,workclass,occupation,salary-class";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Task<Run> RunAsync(params string[] words) => Run.Of(["deidentify", .. words], _folder.Path);

    private string Write(string name, params string[] lines)
    {
        File.WriteAllLines(_folder.File(name), lines);
        return name;
    }

    private void Mode(string name, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.File(name), mode);
    }

    private static JsonElement Json(Run run)
    {
        Assert.True(run.Exit == 0, run.Error);
        using var document = JsonDocument.Parse(run.Out);
        return document.RootElement.Clone();
    }

    /// <summary>Residents of three towns; the number of each is its row.</summary>
    private string Residents(string name = "residents.csv", int rows = 300, int seed = 1)
    {
        var random = new Random(seed);
        return Write(name, ["name,phone,age,town,illness", .. Enumerable.Range(0, rows).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"张{(char)('一' + (i % 50))}{(char)('丁' + (i % 90))},138{i:00000000},{20 + random.Next(40)},{new[] { "north", "south", "centre" }[random.Next(3)]},{new[] { "cold", "flu", "gout" }[random.Next(3)]}"))]);
    }

    [Theory]
    [InlineData("A1_k5_s04", Quasi, "k=5", "0.04")]
    [InlineData("A3_k5l3_s04", "sex,age,race,marital-status,education,native-country,workclass,salary-class", "k=5;l=3:occupation", "0.04")]
    [InlineData("A7_k5_s0", Quasi, "k=5", "0")]
    public async Task Fit_finds_what_the_reference_finds(string tag, string quasi, string models, string limit)
    {
        var folder = SharedData.Need("privacy");
        var expected = CsvTable.Read(Path.Combine(folder, "expected_results.csv"), new CsvOptions { Separator = ',' }, TestContext.Current.CancellationToken);
        var row = Enumerable.Range(0, expected.Rows).First(i => expected["tag"][i] == tag);
        double Expected(string name) => double.Parse(expected[name][row], CultureInfo.InvariantCulture);

        var json = Json(await RunAsync(["fit", Path.Combine(folder, "adult.csv"), "--hierarchies", Path.Combine(folder, "adult_hierarchy_"), "--qi", quasi, "--limit", limit, .. models.Split(';').SelectMany(one => new[] { "--model", one }), "--population", "310000000", "--out", "out.csv", "--json"]));

        Assert.Equal(expected["levels"][row], string.Join(' ', json.GetProperty("levels").EnumerateObject().Select(one => $"{one.Name}={one.Value}")));
        Assert.Equal(Expected("score"), json.GetProperty("loss").GetDouble(), 1e-9);
        Assert.Equal(Expected("suppressed"), json.GetProperty("suppressed").GetInt32());
        Assert.Equal(Expected("classes"), json.GetProperty("classes").GetInt32());
        Assert.Equal(Expected("in_avg"), json.GetProperty("riskBefore").GetProperty("average").GetDouble(), 1e-9);
        Assert.Equal(Expected("out_avg"), json.GetProperty("riskAfter").GetProperty("average").GetDouble(), 1e-9);
        Assert.Equal(Expected("out_highest"), json.GetProperty("riskAfter").GetProperty("highest").GetDouble(), 1e-9);
        Assert.Equal(30_163, (await File.ReadAllLinesAsync(_folder.File("out.csv"), TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task Scan_tells_names_and_telephones_and_shows_no_value()
    {
        var json = Json(await RunAsync("scan", Residents(), "--json"));
        var columns = json.GetProperty("columns").EnumerateArray().ToDictionary(one => one.GetProperty("column").GetString() ?? "", one => one);
        Assert.Equal("direct-identifier", columns["phone"].GetProperty("suggested").GetString());
        Assert.Equal("direct-identifier", columns["name"].GetProperty("suggested").GetString());
        Assert.DoesNotContain("13800000001", json.ToString(), StringComparison.Ordinal);
        var said = await RunAsync("scan", "residents.csv");
        Assert.Contains("直接标识符", said.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("13800000001", said.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_is_fitted_reported_applied_to_the_next_month_and_evaluated()
    {
        string[] how = ["--drop", "name,phone", "--qi", "age,town", "--hierarchy", "age=interval:5", "--hierarchy", "town=suppress", "--model", "k=5", "--model", "l=2:illness", "--limit", "0.1"];
        var fitted = await RunAsync(["fit", Residents(), .. how, "--out", "july.csv", "--scheme", "scheme.json", "--report", "report.html", "--language", "en"]);
        Assert.True(fitted.Exit == 0, fitted.Error);
        Assert.Contains("Grade", fitted.Out, StringComparison.Ordinal);
        var july = await File.ReadAllTextAsync(_folder.File("july.csv"), TestContext.Current.CancellationToken);
        Assert.StartsWith("age,town,illness\n", july.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        var report = await File.ReadAllTextAsync(_folder.File("report.html"), TestContext.Current.CancellationToken);
        Assert.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(_folder.File("july.csv")))), report.Replace("<wbr>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("taken out", report, StringComparison.Ordinal);

        var next = Json(await RunAsync("apply", Residents("august.csv", 200, seed: 2), "--scheme", "scheme.json", "--out", "august-out.csv", "--json"));
        Assert.Equal((200, 500), (next.GetProperty("rows").GetInt32(), next.GetProperty("recordsInAll").GetInt32()));
        Assert.True(next.GetProperty("riskAfter").GetProperty("highest").GetDouble() <= 0.2);

        var evaluated = Json(await RunAsync("evaluate", "july.csv", "--original", "residents.csv", "--scheme", "scheme.json", "--register", "residents.csv", "--sharing", "controlled", "--attack", "0.2", "--json"));
        Assert.True(evaluated.GetProperty("passes").GetBoolean());
        Assert.Equal(0, evaluated.GetProperty("attack").GetProperty("claims").GetInt32());
        Assert.InRange(evaluated.GetProperty("utility").GetProperty("granularity").GetDouble(), 0.05, 0.95);
        // The new file passes by itself, not only together with July.
        var august = await TableFile.ReadAsync(_folder.File("august-out.csv"), null, [], null, TestContext.Current.CancellationToken);
        Assert.All(EquivalenceClasses.Of(august, "age", "town").SizeOf.ToArray(), size => Assert.True(size >= 5));

        // Telephones that somebody puts back into the release.
        var phones = (await File.ReadAllLinesAsync(_folder.File("residents.csv"), TestContext.Current.CancellationToken)).Select(line => line.Split(',')[1]).ToList();
        await File.WriteAllLinesAsync(_folder.File("leak.csv"), File.ReadAllLines(_folder.File("july.csv")).Select((line, i) => $"{line},{phones[i]}"), TestContext.Current.CancellationToken);
        var leak = await RunAsync("evaluate", "leak.csv", "--original", "residents.csv", "--scheme", "scheme.json", "--json");
        Assert.Equal(1, leak.Exit);
        Assert.Contains("which the scheme takes out", leak.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_that_was_tampered_with_does_not_pass_the_evaluation()
    {
        Json(await RunAsync("fit", Residents(), "--drop", "name,phone", "--qi", "age,town", "--hierarchy", "age=interval:5", "--hierarchy", "town=suppress", "--model", "k=5", "--out", "out.csv", "--scheme", "s.json", "--limit", "0.1", "--json"));
        var lines = await File.ReadAllLinesAsync(_folder.File("out.csv"), TestContext.Current.CancellationToken);
        var age = (await File.ReadAllLinesAsync(_folder.File("residents.csv"), TestContext.Current.CancellationToken))[1].Split(',')[2];
        lines[1] = $"{age},{string.Join(',', lines[1].Split(',')[1..])}";
        await File.WriteAllLinesAsync(_folder.File("out.csv"), lines, TestContext.Current.CancellationToken);
        var run = await RunAsync("evaluate", "out.csv", "--original", "residents.csv", "--scheme", "s.json", "--json");
        Assert.Equal(1, run.Exit);
        Assert.Contains("\"passes\":false", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Local_recoding_explore_and_parquet_work_from_the_command_line()
    {
        var local = Json(await RunAsync("fit", Residents(), "--drop", "name,phone", "--qi", "age,town", "--hierarchy", "age=interval:5", "--hierarchy", "town=suppress", "--model", "k=5", "--local", "--limit", "0.1", "--out", "out.parquet", "--json"));
        Assert.InRange(local.GetProperty("granularity").GetDouble(), 0.1, 1);
        var back = await TableFile.ReadAsync(_folder.File("out.parquet"), null, [], null, TestContext.Current.CancellationToken);
        Assert.Equal((300, 3), (back.Rows, back.Columns.Count));
        Assert.All(EquivalenceClasses.Of(back, "age", "town").SizeOf.ToArray(), size => Assert.True(size >= 5));

        var explored = Json(await RunAsync("explore", "residents.csv", "--qi", "age,town", "--hierarchy", "age=interval:5", "--hierarchy", "town=suppress", "--model", "k=5", "--limit", "0.1", "--out", "lattice.csv", "--json"));
        Assert.Equal(explored.GetProperty("nodes").GetInt32() + 1, File.ReadAllLines(_folder.File("lattice.csv")).Length);
    }

    [Fact]
    public async Task Nobody_can_tell_of_a_person_of_the_population_whether_the_release_holds_a_record_of_them()
    {
        var residents = File.ReadAllLines(_folder.File(Residents()));
        Write("sample.csv", [residents[0], .. residents.Skip(1).Where((_, row) => row % 3 == 0)]);
        string[] how = ["sample.csv", "--qi", "age,town", "--hierarchy", "age=interval:5", "--hierarchy", "town=suppress", "--model", "delta-presence=0.1,0.5", "--model", "k=3", "--limit", "0.1"];
        string[] fit = ["fit", .. how, "--drop", "name,phone", "--json"];

        var fitted = Json(await RunAsync([.. fit, "--population-table", "residents.csv", "--out", "out.csv"]));
        Assert.Equal(100, fitted.GetProperty("rows").GetInt32());
        Assert.True(fitted.GetProperty("suppressed").GetInt32() <= 10);
        Assert.True(fitted.GetProperty("classes").GetInt32() > 1);
        Assert.True(File.Exists(_folder.File("out.csv")));
        var explored = Json(await RunAsync(["explore", .. how, "--population-table", "residents.csv", "--json"]));
        Assert.Equal(fitted.GetProperty("loss").GetDouble(), explored.GetProperty("best")[0].GetProperty("loss").GetDouble(), 1e-12);
        string[] evaluate = ["evaluate", "out.csv", "--original", "sample.csv", .. how[1..^2], "--population-table"];
        Assert.True(Json(await RunAsync([.. evaluate, "residents.csv", "--json"])).GetProperty("passes").GetBoolean());
        // Where everybody is in the table, everybody is known to be.
        Assert.Equal(1, (await RunAsync([.. evaluate, "sample.csv", "--json"])).Exit);

        var before = Directory.GetFiles(_folder.Path).Length;
        var kept = await RunAsync([.. fit, "--population-table", "residents.csv", "--out", "other.csv", "--scheme", "other.scheme"]);
        Assert.Contains("which a scheme does not hold", kept.Error, StringComparison.Ordinal);
        Assert.Contains("no population is given", (await RunAsync([.. fit, "--out", "other.csv"])).Error, StringComparison.Ordinal);
        Assert.Contains("overlap", (await RunAsync([.. fit, "--population-table", "residents.csv", "--local", "--out", "other.csv"])).Error, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(_folder.Path).Length);
    }

    /// <summary>The order of a sensitive attribute is in no column's levels, and has to outlive the file all the same.</summary>
    [Theory]
    [InlineData("t-ordered=0.6:illness")]
    [InlineData("t-hierarchical=0.6:illness")]
    [InlineData("t=0.6:illness")]
    [InlineData("entropy-l=1.5:illness")]
    [InlineData("beta=5:illness")]
    public async Task A_scheme_keeps_all_that_its_models_need(string model)
    {
        Write("illness.csv", "gout;chronic;*", "flu;infection;*", "cold;infection;*");
        Json(await RunAsync("fit", Residents(), "--drop", "name,phone", "--qi", "town", "--hierarchy", "town=suppress", "--hierarchy", "illness=illness.csv", "--model", "k=5", "--model", model, "--limit", "0.2", "--out", "a.csv", "--scheme", "s.json", "--json"));
        Assert.Equal(200, Json(await RunAsync("apply", Residents("august.csv", 200, seed: 2), "--scheme", "s.json", "--out", "b.csv", "--json")).GetProperty("rows").GetInt32());
        var scheme = SchemeCodec.Read(await File.ReadAllBytesAsync(_folder.File("s.json"), TestContext.Current.CancellationToken));
        Assert.Equal(["gout", "flu", "cold"], scheme.Columns.Single(one => one.Name == "illness").Hierarchy?.Values);
    }

    [Fact]
    public async Task Transforms_alone_stream_and_keep_one_person_one_pseudonym_across_tables()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A key file is one that only its owner may read.");
        Residents();
        Residents("visits.csv", rows: 50);
        await File.WriteAllBytesAsync(_folder.File("person.key"), [.. Enumerable.Range(0, 32).Select(i => (byte)i)], TestContext.Current.CancellationToken);
        Mode("person.key", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] how = ["--dataset", "city", "--purpose", "planning", "--receiver", "health", "--key", "person=person.key", "--transform", """{"kind":"keyed-pseudonym","column":"phone","identity":"person","key":"person","keyVersion":1,"suite":"gm"}""", "--drop", "name", "--json"];
        Assert.True(Json(await RunAsync(["transform", "residents.csv", .. how, "--out", "a.csv"])).GetProperty("streamed").GetBoolean());
        Json(await RunAsync(["transform", "visits.csv", .. how, "--out", "b.csv"]));
        string[] Phones(string file) => [.. File.ReadAllLines(_folder.File(file)).Skip(1).Select(line => line.Split(',')[0])];
        Assert.Equal(Phones("a.csv")[..50], Phones("b.csv"));
        Assert.DoesNotContain(Phones("residents.csv")[0], Phones("a.csv"));
        Assert.StartsWith("phone,age,town,illness", File.ReadAllText(_folder.File("a.csv")), StringComparison.Ordinal);

        Mode("person.key", UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Contains("may be read by others", (await RunAsync(["transform", "visits.csv", .. how, "--out", "d.csv"])).Error, StringComparison.Ordinal);
        Assert.Contains("privacy-column-unknown", (await RunAsync("transform", "visits.csv", "--transform", """{"kind":"mask","column":"nothing","keepFirst":1,"keepLast":1}""", "--out", "d.csv")).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("d.csv")));
    }

    [Fact]
    public async Task Noisy_counts_are_paid_from_a_budget_until_it_is_spent()
    {
        Residents();
        string[] account = ["--dataset", "residents", "--budget", "budget.jsonl", "--purpose", "planning", "--receiver", "health"];
        string[] ask = ["dp", "residents.csv", .. account, "--unit", "phone", "--by", "town", "--keys", "north", "--keys", "south", "--cost", "epsilon=0.5", "--json"];
        Assert.Contains("privacy-budget-exhausted", (await RunAsync(ask)).Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync(["dp", "residents.csv", .. account, "--grant", "epsilon=1"])).Exit);
        for (var i = 0; i < 2; i++)
        {
            var json = Json(await RunAsync(ask));
            Assert.Equal(["north", "south"], json.GetProperty("release").GetProperty("cells").EnumerateArray().Select(one => one.GetProperty("key")[0].GetString()));
        }

        var spent = await RunAsync(ask);
        Assert.Equal(1, spent.Exit);
        Assert.Contains("is left", spent.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string, string[], string> BadInput => new()
    {
        { "a hierarchy misses a value", ["fit", "residents.csv", "--qi", "town", "--hierarchy", "town=towns.csv", "--model", "k=5"], "privacy-hierarchy-unusable" },
        { "a row is ragged", ["fit", "ragged.csv", "--qi", "a", "--hierarchy", "a=suppress", "--model", "k=2"], "privacy-table-unreadable" },
        { "an unknown column", ["fit", "residents.csv", "--qi", "city", "--hierarchy", "city=suppress", "--model", "k=5"], "privacy-column-unknown" },
        { "k is larger than the table", ["fit", "residents.csv", "--qi", "town", "--hierarchy", "town=suppress", "--model", "k=5000"], "privacy-model-unusable" },
        { "a quasi-identifier is empty", ["fit", "empty.csv", "--qi", "a", "--hierarchy", "a=suppress", "--model", "k=2"], "privacy-column-unusable" },
        { "the encoding is another one", ["fit", "gb.csv", "--qi", "a", "--hierarchy", "a=suppress", "--model", "k=2"], "privacy-table-unreadable" },
        { "nothing passes", ["fit", "residents.csv", "--qi", "age,town", "--hierarchy", "age=interval:5", "--hierarchy", "town=suppress", "--model", "k=200", "--levels", "age=0..0"], "privacy-no-solution" },
        { "no such model", ["fit", "residents.csv", "--qi", "town", "--hierarchy", "town=suppress", "--model", "z=5"], "privacy-model-unusable" },
        { "no such file", ["scan", "nowhere.csv"], "privacy-table-unreadable" },
        { "not a scheme", ["apply", "residents.csv", "--scheme", "residents.csv", "--out", "x.csv"], "privacy-scheme-unreadable" },
        { "a folder that is not there", ["fit", "residents.csv", "--drop", "name,phone", "--qi", "town", "--hierarchy", "town=suppress", "--model", "k=5", "--out", "nowhere/x.csv"], "privacy-output-unwritable" },
        { "no bounds", ["dp", "residents.csv", "--unit", "phone", "--statistic", "sum", "--value", "age", "--cost", "epsilon=1", "--budget", "b.jsonl", "--purpose", "p", "--receiver", "r"], "privacy-query-unusable" },
        { "no such transform", ["fit", "residents.csv", "--qi", "town", "--hierarchy", "town=suppress", "--model", "k=5", "--transform", "{\"kind\":\"magic\"}"], "privacy-scheme-unreadable" },
        { "telephones would be released", ["fit", "residents.csv", "--drop", "name", "--qi", "town", "--hierarchy", "town=suppress", "--model", "k=5"], "privacy-direct-identifier-left" },
        { "only * everywhere passes", ["fit", "residents.csv", "--drop", "name,phone", "--qi", "town", "--hierarchy", "town=suppress", "--model", "k=200"], "privacy-no-solution" },
        { "an interval without a width", ["fit", "residents.csv", "--qi", "age", "--hierarchy", "age=interval", "--model", "k=5"], "privacy-hierarchy-unusable" },
        { "an interval beyond all numbers", ["fit", "residents.csv", "--qi", "age", "--hierarchy", "age=interval:79228162514264337593543950335", "--model", "k=5"], "privacy-hierarchy-unusable" },
        { "a hierarchy given twice", ["fit", "residents.csv", "--qi", "age", "--hierarchy", "age=suppress", "--hierarchy", "age=prefix", "--model", "k=5"], "bad-command-line" },
        { "an option that the command does not take", ["apply", "residents.csv", "--scheme", "x", "--out", "x.csv", "--model", "k=20"], "bad-command-line" },
        { "one file for two outputs", ["fit", "residents.csv", "--qi", "age", "--hierarchy", "age=suppress", "--model", "k=5", "--out", "x.csv", "--scheme", "x.csv"], "bad-command-line" },
        { "a population smaller than the file", ["fit", "residents.csv", "--drop", "name,phone", "--qi", "age", "--hierarchy", "age=interval:5", "--model", "k=5", "--limit", "0.2", "--population", "7"], "privacy-model-unusable" },
        { "no quasi-identifier", ["fit", "residents.csv", "--model", "k=5"], "bad-command-line" },
    };

    [Theory]
    [MemberData(nameof(BadInput))]
    public async Task Bad_input_is_a_problem_with_a_way_forward_and_leaves_no_file(string what, string[] words, string code)
    {
        Residents();
        Write("towns.csv", "north;*", "south;*");
        Write("ragged.csv", "a,b", "1,2", "3");
        Write("empty.csv", "a,b", ",1", ",2", ",3");
        await File.WriteAllBytesAsync(_folder.File("gb.csv"), [.. "a\n"u8, 0xD6, 0xD0, (byte)'\n'], TestContext.Current.CancellationToken);
        var before = Directory.GetFiles(_folder.Path).Length;

        var run = await RunAsync([.. words, .. words[0] == "fit" && !words.Contains("--out") ? new[] { "--out", "out.csv", "--scheme", "out.scheme" } : []]);

        Assert.True(run.Exit is 1 or 2, what);
        Assert.Contains($"cityhub explain {code}", run.Error, StringComparison.Ordinal);
        Assert.True(run.Error.Split('\n').Length >= 3, run.Error);
        Assert.Equal(before, Directory.GetFiles(_folder.Path).Count(file => !file.EndsWith("b.jsonl", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_code_of_the_library_is_a_problem_of_the_hub()
    {
        var codes = typeof(PrivacyCodes).GetFields().Select(one => (string?)one.GetRawConstantValue() ?? "").ToList();
        Assert.True(codes.Count >= 12);
        Assert.All(codes, code => Assert.True(DeidentifyProblems.Knows(code), code));
    }
}
