namespace CityHub.Privacy;

/// <summary>What is asked for: a table, how its quasi-identifiers may be generalised, the models it has to pass, and what may be lost on the way.</summary>
public sealed record Anonymization
{
    public required Table Table { get; init; }

    public required IReadOnlyList<QuasiIdentifier> QuasiIdentifiers { get; init; }

    public required IReadOnlyList<PrivacyModel> Models { get; init; }

    /// <summary>
    /// The population that the records were drawn from, those of the table among them with the same values; for the models that compare with it
    /// (<see cref="ClassModel.ComparesWithPopulation"/>). It needs the columns of the quasi-identifiers only.
    /// </summary>
    public Table? Population { get; init; }

    /// <summary>Share of the records, 0 to 1, that may be suppressed; rounded down to whole records.</summary>
    public double SuppressionLimit { get; init; }

    public LossOptions Loss { get; init; } = LossOptions.Default;

    /// <summary>Null: the optimum, proven. Otherwise the best that is found until then.</summary>
    public SearchBudget? Budget { get; init; }

    /// <summary>Told from time to time which share of the search is done, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }

    /// <summary>Finds the generalisation of least loss that passes all models (full-domain: each attribute has one level).</summary>
    /// <exception cref="PrivacyException">A hierarchy misses a value, a model does not fit the table or the population, or nothing passes.</exception>
    public AnonymizationResult Run(CancellationToken cancel = default)
    {
        var problem = new SearchProblem(this, cancel);
        if (Budget is { } budget)
        {
            using var heuristic = new HeuristicSearch(problem, budget);
            return new AnonymizationResult(problem, heuristic.Run(Progress, cancel));
        }

        if (problem.Population is { } population)
            return new AnonymizationResult(problem, new PopulationSearch(problem, population).Run(Progress, cancel));
        using var search = new OptimalSearch(problem);
        return new AnonymizationResult(problem, search.Run(Progress, cancel));
    }
}

/// <summary>When a search that is too large to be finished ends.</summary>
/// <param name="Limit">How long it may take.</param>
/// <param name="Clock">By which that is measured.</param>
public sealed record SearchBudget(TimeSpan Limit, TimeProvider Clock)
{
    /// <summary>How many generalisations it may look at; null: as many as there is time for.</summary>
    public long? Nodes { get; init; }
}
