using System.Globalization;
using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class SchemeTests
{
    private static readonly TransformContext Nothing = new();

    private static readonly Hierarchy Age = Hierarchy.Of("age", [.. Enumerable.Range(0, 8).Select(i => (string[])[$"{20 + i}", i < 4 ? "20-23" : "24-27", "*"])]);
    private static readonly Hierarchy Town = Hierarchy.Of("town", ["north", "side", "*"], ["south", "side", "*"], ["centre", "core", "*"]);

    private static DeidentificationScheme Fit(Table table, double limit, params string[] models)
    {
        var parsed = PrivacyModels.ParseAll(models);
        var result = new Anonymization { Table = table, QuasiIdentifiers = [new(Age), new(Town)], Models = parsed, SuppressionLimit = limit }.Run(TestContext.Current.CancellationToken);
        return DeidentificationScheme.Of(
            [
                new SchemeColumn("age", PersonalDataClass.QuasiIdentifier) { Hierarchy = Age, Level = result.Levels[0] },
                new SchemeColumn("town", PersonalDataClass.QuasiIdentifier) { Hierarchy = Town, Level = result.Levels[1] },
                new SchemeColumn("illness", PersonalDataClass.Sensitive),
            ],
            parsed, limit, result.Loss) with { Released = ReleasedClasses.Of(result.Apply(), ["age", "town"], DeidentificationScheme.SensitiveOf(parsed)) };
    }

    private static readonly Gen<string[][]> Rows =
        Gen.Select(Gen.Int[0, 7], Gen.Int[0, 2].Select(i => new[] { "north", "south", "centre" }[i]), Gen.Int[0, 2].Select(i => new[] { "cold", "flu", "gout" }[i])).Select((age, town, illness) => (string[])[$"{20 + age}", town, illness]).Array[30, 200];

    private static Table TableOf(IEnumerable<string[]> rows) => Table.Of(["age", "town", "illness"], rows);

    private static PrivacyRefusal Refused(Action act) => Assert.Throws<PrivacyException>(act).Refusal;

    [Fact]
    public void A_scheme_that_was_written_is_read_back_the_same_and_its_bytes_are_canonical() =>
        Rows.Sample(rows =>
        {
            var scheme = Fit(TableOf(rows), 1, "k=3", "l=2:illness");
            var bytes = SchemeCodec.Write(scheme);
            Assert.Equal(bytes, SchemeCodec.Write(SchemeCodec.Read(bytes)));
        }, iter: 40);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Applied_to_more_data_what_has_been_released_in_all_passes_an_independent_check(bool cumulative)
    {
        var passed = 0;
        Gen.Select(Rows, Rows, Gen.Int[0, 2].Select(i => new[] { "k=3", "k=3;l=2:illness", "k=2;t=0.4:illness" }[i])).Sample((first, second, text) =>
        {
            DeidentificationScheme scheme;
            SchemeResult more;
            try
            {
                scheme = Fit(TableOf(first), 0.5, text.Split(';'));
                more = SchemeApplication.Apply(scheme, TableOf(second), Nothing, cumulative, TestContext.Current.CancellationToken);
            }
            catch (PrivacyException refused) when (refused.Refusal.Code is PrivacyCodes.SchemeBroken or PrivacyCodes.NoSolution)
            {
                return;
            }

            // What the fit released, as the scheme says it.
            var old = scheme.Released.Classes.SelectMany(one => Enumerable.Range(0, one.Size).Select(i => (string[])[.. one.Key, Illness(scheme, one, i)])).ToList();
            var fresh = Texts(more.Table).Where(row => row[0] != "*" || row[1] != "*").ToList();
            var all = TableOf(old.Concat(fresh));
            Assert.Equal(EquivalenceClasses.Of(all, "age", "town").Sizes.Groups, more.Next.Released.Sizes.Groups);
            Assert.Equal(first.Length + second.Length, more.Next.Released.Records);
            foreach (var release in cumulative ? new[] { all } : [all, TableOf(fresh)])
            {
                foreach (var size in EquivalenceClasses.Of(release, "age", "town").SizeOf)
                    Assert.True(size >= int.Parse(text[2..3], CultureInfo.InvariantCulture));
                if (text.Contains("l=2", StringComparison.Ordinal))
                    Assert.Empty(new ReleaseCheck { Input = release, Release = release, QuasiIdentifiers = ["age", "town"], Models = scheme.Models }.Run().Failures);
            }

            Interlocked.Increment(ref passed);
        }, iter: 300);
        Assert.True(passed > 100, $"Only {passed} schemes could be applied.");
    }

    private static string Illness(DeidentificationScheme scheme, ReleasedClass one, int record)
    {
        if (scheme.Released.Sensitive.Count == 0)
            return "";
        for (var value = 0; ; value++)
        {
            record -= one.Counts[0][value];
            if (record < 0)
                return scheme.Released.Values[0][value];
        }
    }

    [Fact]
    public void A_record_that_is_alone_in_the_new_file_is_suppressed_although_its_class_was_released_before_unless_only_the_whole_counts()
    {
        var scheme = Fit(TableOf(Enumerable.Repeat<string[]>(["20", "north", "flu"], 20)), 0.5, "k=5");
        var alone = TableOf([["20", "north", "flu"]]);
        Assert.Equal(1, SchemeApplication.Apply(scheme, alone, Nothing, cancel: TestContext.Current.CancellationToken).Suppressed);
        var whole = SchemeApplication.Apply(scheme, alone, Nothing, cumulative: true, TestContext.Current.CancellationToken);
        Assert.Equal((0, 21), (whole.Suppressed, whole.Next.Released.Classes[0].Size));
    }

    [Fact]
    public void Records_of_a_class_that_is_too_small_are_suppressed_and_never_counted_as_released()
    {
        var scheme = Fit(TableOf(Enumerable.Repeat<string[]>(["20", "north", "flu"], 20)), 0.5, "k=5");
        var rare = TableOf(Enumerable.Repeat<string[]>(["27", "centre", "flu"], 3));
        var once = SchemeApplication.Apply(scheme, rare, Nothing, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(3, once.Suppressed);
        Assert.All(Texts(once.Table), row => Assert.Equal(["*", "*", "flu"], row));
        // Three more of the same: six came in, but only these three could be seen together.
        var twice = SchemeApplication.Apply(once.Next, rare, Nothing, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(3, twice.Suppressed);
        Assert.Equal(6, twice.Next.Released.Suppressed);
        var enough = SchemeApplication.Apply(twice.Next, TableOf(Enumerable.Repeat<string[]>(["27", "centre", "flu"], 5)), Nothing, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(0, enough.Suppressed);
    }

    [Fact]
    public void Refused_when_more_would_have_to_be_suppressed_than_may_be_with_the_model_that_fails()
    {
        var scheme = Fit(TableOf(Enumerable.Repeat<string[]>(["20", "north", "flu"], 20)), 0.1, "k=5");
        var refusal = Refused(() => SchemeApplication.Apply(scheme, TableOf(Enumerable.Repeat<string[]>(["27", "centre", "flu"], 4)), Nothing));
        Assert.Equal((PrivacyCodes.SchemeBroken, "suppression limit"), (refusal.Code, refusal.Rule));
        Assert.Contains("k=5", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains("Collect more records", refusal.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_when_a_class_that_was_released_would_not_pass_any_more()
    {
        string[][] even = [.. Enumerable.Range(0, 40).Select(i => (string[])["20", "north", i % 2 == 0 ? "flu" : "cold"]), .. Enumerable.Range(0, 40).Select(i => (string[])["27", "centre", i % 2 == 0 ? "flu" : "cold"])];
        var scheme = Fit(TableOf(even), 0.5, "k=5", "t=0.2:illness");
        var refusal = Refused(() => SchemeApplication.Apply(scheme, TableOf(Enumerable.Repeat<string[]>(["27", "centre", "flu"], 300)), Nothing));
        Assert.Equal((PrivacyCodes.SchemeBroken, "t=0.2:illness"), (refusal.Code, refusal.Rule));
        Assert.Contains("has been released", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Refused_when_a_value_or_a_column_is_new_or_one_is_missing()
    {
        var scheme = Fit(TableOf(Enumerable.Repeat<string[]>(["20", "north", "flu"], 20)), 0.1, "k=5");
        var value = Refused(() => SchemeApplication.Apply(scheme, TableOf([["20", "north", "flu"], ["99", "north", "flu"]]), Nothing));
        Assert.Equal((PrivacyCodes.SchemeBroken, "age", 3L), (value.Code, value.Column, value.Row));
        Assert.DoesNotContain("99", value.Detail, StringComparison.Ordinal);
        var column = Refused(() => SchemeApplication.Apply(scheme, Table.Of(["age", "town", "illness", "remark"], ["20", "north", "flu", "calls himself Wang"]), Nothing));
        Assert.Equal((PrivacyCodes.SchemeBroken, "remark"), (column.Code, column.Column));
        var missing = Refused(() => SchemeApplication.Apply(scheme, Table.Of(["age", "illness"], ["20", "flu"]), Nothing));
        Assert.Equal((PrivacyCodes.SchemeBroken, "town"), (missing.Code, missing.Column));
    }

    [Fact]
    public void A_value_that_is_new_finds_its_group_where_the_hierarchy_was_built_by_a_rule_and_only_there()
    {
        DeidentificationScheme By(string rule, int level, params string[] values) => SchemeCodec.Read(SchemeCodec.Write(DeidentificationScheme.Of(
            [new SchemeColumn("age", PersonalDataClass.QuasiIdentifier) { Hierarchy = HierarchyRule.Build(rule, "age", values), Level = level, Rule = rule }], PrivacyModels.ParseAll(["k=2"]), 0)));
        Table Ages(params string[] ages) => Table.Of(["age"], ages.Select(one => new[] { one }));
        var first = SchemeApplication.Apply(By("interval:5", 1, "20", "23"), Ages("20", "23"), Nothing, cancel: TestContext.Current.CancellationToken);
        var second = SchemeApplication.Apply(SchemeCodec.Read(SchemeCodec.Write(first.Next)), Ages("21", "22", "87", "88"), Nothing, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(["20-24", "20-24", "85-89", "85-89"], Texts(second.Table).Select(row => row[0]));
        Assert.Equal(2, second.Next.Released.Classes.Count);

        Assert.Equal(3, Refused(() => SchemeApplication.Apply(first.Next, Ages("21", "old"), Nothing)).Row);
        // A longer code would move the stars of those that were released.
        Assert.Equal(PrivacyCodes.SchemeBroken, Refused(() => SchemeApplication.Apply(By("prefix", 1, "2004", "2005"), Ages("2004", "20055"), Nothing)).Code);
    }

    [Fact]
    public void A_scheme_that_was_changed_by_hand_does_not_add_up_and_is_refused()
    {
        var scheme = Fit(TableOf(Enumerable.Repeat<string[]>(["20", "north", "flu"], 20)), 0.1, "k=5", "l=1:illness");
        var text = System.Text.Encoding.UTF8.GetString(SchemeCodec.Write(scheme));
        foreach (var (from, to) in new[]
        {
            ("\"size\":20", "\"size\":21"), ("\"records\":20", "\"records\":200"), ("[20]", "[19]"), ("\"version\":1", "\"version\":2"), ("cityhub-deidentification", "something"),
            ("\"suppressionLimit\":0.1", "\"suppressionLimit\":1.5"), ("\"k=5\"", "\"k=0\""), ("{\"columns\"", "[\"columns\""), ("\"level\":0", "\"level\":9"), ("\"values\":[[\"flu\"]]", "\"values\":[[\"flu\",\"flu\"]]"), ("\"name\":\"town\"", "\"name\":\"age\""),
        })
        {
            var changed = text.Replace(from, to, StringComparison.Ordinal);
            Assert.NotEqual(text, changed);
            var refusal = Refused(() => SchemeCodec.Read(System.Text.Encoding.UTF8.GetBytes(changed)));
            Assert.Contains(refusal.Code, new[] { PrivacyCodes.SchemeUnreadable, PrivacyCodes.ModelUnusable });
        }
    }

    [Fact]
    public void Transforms_are_applied_first_and_stand_in_the_file()
    {
        var scheme = DeidentificationScheme.Of(
            [new SchemeColumn("age", PersonalDataClass.QuasiIdentifier) { Hierarchy = Age, Level = 1 }, new SchemeColumn("phone", PersonalDataClass.DirectIdentifier)],
            PrivacyModels.ParseAll(["k=2"]), 0, transforms: [new SuppressColumns("phone")]);
        scheme = SchemeCodec.Read(SchemeCodec.Write(scheme));
        var result = SchemeApplication.Apply(scheme, Table.Of(["age", "phone"], ["20", "13800000001"], ["21", "13800000002"]), Nothing, cancel: TestContext.Current.CancellationToken);
        Assert.Null(result.Table.Find("phone"));
        Assert.Equal(["20-23", "20-23"], Texts(result.Table).Select(row => row[0]));
    }

    private static IEnumerable<string[]> Texts(Table table) => Enumerable.Range(0, table.Rows).Select(row => table.Columns.Select(column => column[row]).ToArray());
}
