using System.Collections.Immutable;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Tests.Docs;

namespace CityHub.Tests.Sharing.Access;

/// <summary>The access cases (cases/access-cases.tsv), each a story that a lawyer can judge, against the decision.</summary>
public sealed class AccessCasesTests
{
    private static readonly ImmutableSortedDictionary<int, string[]> Cases = File.ReadLines(Repository.File("tests/CityHub.Tests/Sharing/Access/cases/access-cases.tsv")).Skip(1)
        .Select(line => line.Split('\t')).ToImmutableSortedDictionary(row => Number(row[0]), row => row);

    public static TheoryData<int, string> Stories()
    {
        var stories = new TheoryData<int, string>();
        foreach (var (number, row) in Cases)
            stories.Add(number, row[2]);
        return stories;
    }

    [Theory]
    [MemberData(nameof(Stories))]
    public void The_decision_is_the_one_of_the_story(int number, string story)
    {
        var row = Cases[number];
        var decision = Decider.Decide(Asked(row), CaseCity.Grants, CaseCity.Catalogue, CaseCity.Purposes, CaseCity.At(row[15]));
        var said = decision switch
        {
            Permit permit => $"permit - {permit.Grant.Id}",
            Refuse refuse => $"refuse {refuse.Code} -",
            _ => "",
        };
        Assert.True(said == $"{row[16]} {row[17]} {row[18]}", $"{number}. {story} {row[1]} The hub says: {said} {(decision as Refuse)?.Why}");
    }

    [Fact]
    public void There_are_two_hundred_cases_and_each_is_another()
    {
        Assert.True(Cases.Count >= 200, $"{Cases.Count}");
        Assert.Equal(Cases.Count, Cases.Values.Select(row => string.Join('\t', row[3..16])).Distinct().Count());
        Assert.All(Cases.Values, row => Assert.True(row.Length == 19 && row[1].EndsWith('。') && row[2].EndsWith('.'), row[0]));
        Assert.True(Cases.Values.Count(row => row[16] == "permit") >= 60);
    }

    [Fact]
    public void Every_code_that_a_decision_can_give_has_a_case() =>
        Assert.Equal(
            [
                "access-refused", "area-not-granted", "ask-not-clear", "dataset-negative", "dataset-not-published", "dataset-unknown", "dataset-withheld", "fields-not-granted", "grant-not-active",
                "grant-not-in-force", "grant-unknown", "mode-not-granted", "operator-reads-nothing", "period-not-granted", "purpose-not-covered", "purpose-unknown", "right-not-granted", "roles-in-conflict",
            ],
            Cases.Values.Select(row => row[17]).Where(code => code != "-").Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Every_grant_of_the_city_could_be_made_today_or_is_said_to_have_outlived_its_rule()
    {
        foreach (var grant in CaseCity.AllGrants)
        {
            var dataset = CaseCity.Catalogue.Find(grant.Dataset);
            Assert.NotNull(dataset);
            var problem = GrantCheck.Executable(grant, dataset, CaseCity.Catalogue, CaseCity.Purposes);
            if (!CaseCity.Outlived.Contains(grant.Id))
                Assert.True(problem is null, $"{grant.Id}: {problem?.Detail}");
        }
    }

    private static Ask Asked(string[] row) => new(new Caller(row[3], Said(row[4]), Flags<Roles>(row[5])), Flags<Rights>(row[10]), row[6], row[8], Flags<DeliveryModes>(row[9]))
    {
        Fields = row[7] switch { "-" => null, "(none)" => [], var fields => [.. fields.Split('+')] },
        Area = Said(row[11]),
        From = Said(row[12]) is { } from ? CaseCity.At(from) : null,
        To = Said(row[13]) is { } to ? CaseCity.At(to) : null,
        Grant = Said(row[14]),
    };

    private static string? Said(string cell) => cell == "-" ? null : cell;

    private static T Flags<T>(string words)
        where T : struct, Enum => Enum.Parse<T>(words.Replace("-", "", StringComparison.Ordinal).Replace('+', ','), ignoreCase: true);

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
