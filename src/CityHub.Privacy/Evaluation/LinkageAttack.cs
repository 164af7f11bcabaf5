using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// What somebody with a register of names learns from a release: every person of the register is looked up by the columns both have; a released record is a candidate when its
/// cells cover the person's values. Suppressed records are nobody's candidate. The three risks are those of GB/T 37964-2019 and ISO/IEC 20889: singling out, linking, inference.
/// </summary>
public sealed record LinkageAttack
{
    /// <summary>Persons in the register.</summary>
    public required int Persons { get; init; }

    /// <summary>Released records with something left to match by.</summary>
    public required int Records { get; init; }

    /// <summary>Persons whom no record covers: the attacker knows that they are not in the file, or are suppressed.</summary>
    public required int WithoutCandidate { get; init; }

    /// <summary>Persons with exactly one candidate: the attacker claims to have found them.</summary>
    public required int Claims { get; init; }

    /// <summary>Claims that are right; null where the truth was not given.</summary>
    public required int? RightClaims { get; init; }

    /// <summary>Persons who are in the file and not suppressed; null where the truth was not given.</summary>
    public required int? Present { get; init; }

    /// <summary>Persons found when the attacker picks one candidate of each person at random, at most: Σ 1 / candidates.</summary>
    public required double Expected { get; init; }

    /// <summary>Singling out: share of the released records that are alone in their class.</summary>
    public required double SingledOut { get; init; }

    /// <summary>Linking: share of the persons with exactly one candidate.</summary>
    public double Linked => Persons == 0 ? 0 : (double)Claims / Persons;

    /// <summary>
    /// The journalist's risk against this register: over the classes that some person matches, the highest 1 / (persons that match, but at least the records of the class, as a
    /// register may lack persons).
    /// </summary>
    public required double Journalist { get; init; }

    /// <summary>The marketer's: the same, on average over the released records.</summary>
    public required double Marketer { get; init; }

    /// <summary>What becomes known of sensitive attributes.</summary>
    public required IReadOnlyList<AttributeInference> Inferences { get; init; }

    /// <param name="released">Generalised or not; a cell may stand on any level of its hierarchy.</param>
    /// <param name="register">Persons with the exact values.</param>
    /// <param name="linking">Hierarchies of the columns that both have.</param>
    /// <param name="truth">For each person of the register the row of the release that is about it, or -1.</param>
    /// <param name="sensitive">Columns of the release that the attacker wants to learn.</param>
    /// <param name="certainty">A value counts as inferred when at least this share of the candidates has it.</param>
    /// <exception cref="PrivacyException">A column is missing, a released value is on no level of its hierarchy, or the truth does not fit the tables.</exception>
    public static LinkageAttack Run(
        Table released, Table register, IReadOnlyList<Hierarchy> linking, IReadOnlyList<int>? truth = null, IReadOnlyList<string>? sensitive = null, double certainty = 0.9)
    {
        if (linking.Count == 0)
            throw new PrivacyRefusal(PrivacyCodes.ColumnUnusable, "There is no column to link by.", "Name the columns that the release and the register have in common, with their hierarchies.").ToException();
        if (truth is not null && (truth.Count != register.Rows || truth.Any(row => row < -1 || row >= released.Rows)))
        {
            throw new PrivacyRefusal(
                PrivacyCodes.TableUnreadable, string.Create(CultureInfo.InvariantCulture, $"The truth has {truth.Count} entries for {register.Rows} persons, or names a row that is not released."),
                "Give for each person the row of the release, counted from 0, or -1.").ToException();
        }

        var names = linking.Select(one => one.Attribute).ToArray();
        var classes = EquivalenceClasses.Of(released, names);
        var index = CandidateIndex.Of(released, classes, linking);
        var persons = EquivalenceClasses.Of(register, names);
        var matches = Candidates(register, persons, index, names);
        var beliefs = (sensitive ?? []).Select(name => new Belief(released[name], classes, certainty)).ToArray();

        int without = 0, claims = 0, right = 0, present = 0;
        var expected = 0.0;
        var matched = new long[classes.Sizes.Classes];
        for (var person = 0; person < register.Rows; person++)
        {
            var found = matches[persons.ClassOf[person] + 1];
            var candidates = 0;
            foreach (var one in found)
            {
                candidates += classes.SizeOf[one];
                matched[one]++;
            }

            without += candidates == 0 ? 1 : 0;
            claims += candidates == 1 ? 1 : 0;
            expected += candidates == 0 ? 0 : 1.0 / candidates;
            foreach (var belief in beliefs)
                belief.Add(found, candidates);
            if (truth is null || truth[person] < 0 || classes.ClassOf[truth[person]] < 0)
                continue;
            present++;
            right += candidates == 1 && classes.ClassOf[truth[person]] == found[0] ? 1 : 0;
        }

        double journalist = 0, marketer = 0;
        for (var one = 0; one < matched.Length; one++)
        {
            if (matched[one] == 0)
                continue;
            var size = classes.SizeOf[one];
            journalist = Math.Max(journalist, 1.0 / Math.Max(size, matched[one]));
            marketer += size / (double)Math.Max(size, matched[one]);
        }

        return new LinkageAttack
        {
            Persons = register.Rows,
            Records = (int)classes.Sizes.Records,
            WithoutCandidate = without,
            Claims = claims,
            RightClaims = truth is null ? null : right,
            Present = truth is null ? null : present,
            Expected = expected,
            SingledOut = RiskFigures.Of(classes.Sizes).SampleUnique,
            Journalist = journalist,
            Marketer = classes.Sizes.Records == 0 ? 0 : marketer / classes.Sizes.Records,
            Inferences = [.. beliefs.Select(belief => belief.Result(register.Rows))],
        };
    }

    /// <summary>For each distinct person (the suppressed one first) the classes that cover it: as many lookups as there are distinct persons.</summary>
    private static int[][] Candidates(Table register, EquivalenceClasses persons, CandidateIndex index, string[] names)
    {
        var columns = names.Select(name => register[name]).ToArray();
        var found = new int[persons.Sizes.Classes + 1][];
        for (var row = 0; row < register.Rows; row++)
            found[persons.ClassOf[row] + 1] ??= index.Find([.. columns.Select(column => column[row])]);
        return found;
    }
}
