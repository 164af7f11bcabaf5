using CityHub.Core.Grains;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Standards.Grains;
using CityHub.Standards.Units;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards.Calibres;

/// <summary>A calibre as people write it.</summary>
public sealed record CalibreDeclaration
{
    public required Wording Title { get; init; }

    /// <summary>What is computed, e.g. <c>sum(amount) / count()</c>.</summary>
    public required string Formula { get; init; }

    /// <summary>Which rows there are at all, as a condition; absent: all.</summary>
    public string? Population { get; init; }

    /// <summary>Over which time: an ISO 8601 duration, e.g. <c>P1M</c>.</summary>
    public required string Period { get; init; }

    /// <summary>time/space/entity, e.g. <c>month/district/all</c>.</summary>
    public required string Grain { get; init; }

    /// <summary>UCUM.</summary>
    public required string Unit { get; init; }

    /// <summary>The department that answers for it.</summary>
    public required string Owner { get; init; }

    /// <summary>The version that this one takes the place of; without it a name that stands for something else is refused.</summary>
    public int? Supersedes { get; init; }
}

/// <summary>A statistical calibre 统计口径: what a figure of that name means, defined once for everybody.</summary>
public sealed class Calibre
{
    private readonly Formula _formula;
    private readonly Condition? _population;

    private Calibre(string name, CalibreDeclaration declaration, Formula formula, Condition? population, Grain grain) =>
        (Name, Declaration, _formula, _population, Grain) = (name, declaration, formula, population, grain);

    public string Name { get; }

    /// <summary>Formula and population in the one way in which they are written.</summary>
    public CalibreDeclaration Declaration { get; }

    public Grain Grain { get; }

    public int Version { get; init; } = 1;

    public string By { get; init; } = "";

    public DateTimeOffset At { get; init; }

    internal Calibre Stand(int version, string by, DateTimeOffset at) => new(Name, Declaration, _formula, _population, Grain) { Version = version, By = by, At = at };

    public static Result<Calibre> Of(string name, CalibreDeclaration declaration)
    {
        if (!StandardsIds.IsValid(name))
            return StandardsProblems.NotACalibre.Because($"\"{name}\" cannot be the name of a calibre.", StandardsIds.Rule);
        if (!FormulaReader.Formula(declaration.Formula).TryGet(out var formula, out var problem))
            return problem;
        if (!formula.Figures().Any())
            return StandardsProblems.NotACalibre.Because($"{declaration.Formula} computes nothing of the rows.", "It has at least one of count, distinct, sum, mean, min, max.");
        Condition? population = null;
        if (!string.IsNullOrWhiteSpace(declaration.Population) && !FormulaReader.Condition(declaration.Population).TryGet(out population, out problem))
            return problem;
        if (!GrainCheck.Read(declaration.Grain).TryGet(out var grain, out problem))
            return StandardsProblems.NotACalibre.Because(problem.Detail, problem.Hint);
        if (!Ucum.Parse(declaration.Unit).TryGet(out _, out problem))
            return problem;
        if (!Models.SchemaFormats.Holds("duration", declaration.Period))
            return StandardsProblems.NotACalibre.Because($"\"{declaration.Period}\" is no period.", "An ISO 8601 duration: PT1H, P1D, P1W, P1M, P3M, P1Y.");
        if (string.IsNullOrWhiteSpace(declaration.Owner))
            return StandardsProblems.NotACalibre.Because("Nobody owns it.", "owner names the department that answers for the figure.");
        return new Calibre(name, declaration with
        {
            Formula = formula.ToString(), Population = population?.ToString(), Grain = GrainCheck.Say(grain), Supersedes = null,
        }, formula, population, grain);
    }

    /// <summary>The members in which two definitions of one name say different things; the title may be put in other words.</summary>
    public IReadOnlyList<string> DifferencesTo(Calibre other)
    {
        var (mine, yours) = (Declaration, other.Declaration);
        var names = new List<string>();
        Compare("formula", mine.Formula, yours.Formula);
        Compare("population", mine.Population, yours.Population);
        Compare("period", mine.Period, yours.Period);
        Compare("grain", mine.Grain, yours.Grain);
        Compare("unit", mine.Unit, yours.Unit);
        Compare("owner", mine.Owner, yours.Owner);
        return names;

        void Compare(string name, string? one, string? two)
        {
            if (one != two)
                names.Add($"{name} ({one ?? "none"} / {two ?? "none"})");
        }
    }

    /// <summary>The figure over these rows, in one pass; null where there is none (the mean of nothing, a ratio over 0). The rows are the period's.</summary>
    public async ValueTask<Result<double?>> EvaluateAsync(IRows rows, CancellationToken cancel = default) =>
        CompiledCalibre.Bind(_formula, _population, rows.Schema).TryGet(out var bound, out var problem) ? await bound.EvaluateAsync(rows, cancel) : problem;

    /// <summary>Whether it can be computed of such a table.</summary>
    public Result<Done> Fits(TableSchema schema) => CompiledCalibre.Bind(_formula, _population, schema).Map(_ => Done.Value);
}
