using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class ReleaseGradeTests
{
    private static readonly IdentifierFinding[] Clean = [new("age", "age", IdentifierClass.Quasi, 1), new("income", "number", IdentifierClass.Sensitive, 1)];

    private static GradeInput Microdata(params int[] sizes) => new()
    {
        Kind = ReleaseKind.Microdata,
        Sharing = SharingType.Public,
        Scan = Clean,
        Evaluated = ["age"],
        Risk = RiskFigures.Of(ClassSizes.Of(sizes)),
    };

    [Fact]
    public void A_file_with_a_column_of_identity_numbers_is_grade_1_whatever_its_risk()
    {
        var grade = ReleaseGrade.Of(Microdata(100, 100) with { Scan = [.. Clean, new("id", "cn-id", IdentifierClass.Direct, 0.02)] });
        Assert.Equal(1, grade.Grade);
        Assert.Equal(["id"], grade.ToRaise.Single().Columns);
    }

    [Fact]
    public void A_file_that_nobody_scanned_is_grade_1()
    {
        var grade = ReleaseGrade.Of(Microdata(100, 100) with { Scan = null });
        Assert.Equal(1, grade.Grade);
        Assert.Contains(grade.ToRaise, test => test is { Kind: GradeTestKind.Scanned, Measured: null });
    }

    [Fact]
    public void A_few_random_hits_do_not_make_a_direct_identifier() =>
        Assert.Equal(3, ReleaseGrade.Of(Microdata(20, 40) with { Scan = [.. Clean, new("serial", "bank-card", IdentifierClass.Direct, 0.0005)] }).Grade);

    [Fact]
    public void A_public_release_needs_classes_of_20_and_says_so()
    {
        Assert.Equal(3, ReleaseGrade.Of(Microdata(20, 40)).Grade);
        var grade = ReleaseGrade.Of(Microdata(19, 1000));
        Assert.Equal(2, grade.Grade);
        Assert.Equal(3, grade.Next);
        var highest = Assert.Single(grade.ToRaise, test => test.Kind == GradeTestKind.Highest);
        Assert.Equal((1.0 / 19, 0.05, 20), (highest.Measured, highest.Limit, highest.NeededClassSize));
        Assert.Equal(19.0 / 1019, Assert.Single(grade.ToRaise, test => test.Kind == GradeTestKind.ShareAbove).Measured);
    }

    [Fact]
    public void Under_control_a_few_records_may_be_at_a_higher_risk()
    {
        var input = Microdata(5, 500) with { Sharing = SharingType.Controlled };
        Assert.Equal(3, ReleaseGrade.Of(input).Grade);
        Assert.Equal(2, ReleaseGrade.Of(input with { Risk = RiskFigures.Of(ClassSizes.Of([4, 500])) }).Grade);
        Assert.Equal(2, ReleaseGrade.Of(input with { Risk = RiskFigures.Of(ClassSizes.Of([5, 5, 5, 5, 5, 5, 5, 5, 5, 50])) }).Grade);
    }

    [Fact]
    public void The_attack_probability_of_the_environment_lowers_the_risk()
    {
        var grade = ReleaseGrade.Of(Microdata(5, 500) with { AttackProbability = 0.25 });
        Assert.Equal(3, grade.Grade);
        Assert.Equal(0.05, grade.Tests.Single(test => test.Kind == GradeTestKind.Highest).Measured);
        Assert.Throws<PrivacyException>(() => ReleaseGrade.Of(Microdata(5) with { AttackProbability = 1.5 }));
    }

    [Fact]
    public void A_quasi_identifier_that_was_not_measured_or_a_risk_that_was_not_is_no_better_than_grade_2()
    {
        var forgotten = ReleaseGrade.Of(Microdata(100) with { Scan = [.. Clean, new("town", "region", IdentifierClass.Quasi, 1)] });
        Assert.Equal((2, "town"), (forgotten.Grade, forgotten.ToRaise.Single().Columns.Single()));
        Assert.Equal(2, ReleaseGrade.Of(Microdata(100) with { Risk = null }).Grade);
    }

    [Fact]
    public void Microdata_never_are_grade_4()
    {
        var grade = ReleaseGrade.Of(Microdata(1000));
        Assert.Equal(3, grade.Grade);
        Assert.Null(grade.Next);
        Assert.Empty(grade.ToRaise);
    }

    [Fact]
    public void Aggregates_are_grade_4_when_no_cell_is_small_or_one_persons_or_noise_protects_them()
    {
        var input = new GradeInput { Kind = ReleaseKind.Aggregated, Sharing = SharingType.Public, Scan = [], Cells = new CellFigures(10, 0.3, false) };
        Assert.Equal(4, ReleaseGrade.Of(input).Grade);
        Assert.Equal(2, ReleaseGrade.Of(input with { Cells = new CellFigures(9, 0.3, false) }).Grade);
        Assert.Equal(2, ReleaseGrade.Of(input with { Cells = new CellFigures(10, 0.9, false) }).Grade);
        Assert.Equal(4, ReleaseGrade.Of(input with { Cells = new CellFigures(1, 1, true) }).Grade);
        Assert.Equal(2, ReleaseGrade.Of(input with { Cells = null }).Grade);
        Assert.Equal(1, ReleaseGrade.Of(input with { Scan = [new("name", "person-name", IdentifierClass.Direct, 1)] }).Grade);
    }
}
