namespace CityHub.Privacy;

/// <summary>
/// A de-identification that was fitted to a table and can be applied to more of the same kind: what each column is, how far it is generalised, what is done to it before, which
/// models the release has to fulfil, and what has been released under it. <see cref="SchemeCodec"/> makes it a file.
/// </summary>
public sealed record DeidentificationScheme
{
    /// <summary>Of the file; a reader knows its own and those before.</summary>
    public const int Version = 1;

    /// <summary>Every column that a table may have; one that is not here may hold anything about anybody and is refused.</summary>
    public required IReadOnlyList<SchemeColumn> Columns { get; init; }

    /// <summary>Applied in this order, before the columns are generalised.</summary>
    public IReadOnlyList<Transform> Transforms { get; init; } = [];

    public required IReadOnlyList<PrivacyModel> Models { get; init; }

    /// <summary>0 to 1: so much of all records may be suppressed.</summary>
    public required double SuppressionLimit { get; init; }

    /// <summary>Of the table it was fitted to; <see cref="LossOptions"/>.</summary>
    public double Loss { get; init; }

    public required ReleasedClasses Released { get; init; }

    public IReadOnlyList<SchemeColumn> QuasiIdentifiers => [.. Columns.Where(one => one.Class == PersonalDataClass.QuasiIdentifier)];

    /// <summary>The attributes that the models look at.</summary>
    public static IReadOnlyList<string> SensitiveOf(IEnumerable<PrivacyModel> models) =>
        [.. models.OfType<ClassModel>().Select(one => one.Sensitive).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>A scheme of which nothing has been released yet; <see cref="SchemeApplication.Apply"/> with the table that it was fitted to begins it.</summary>
    /// <exception cref="PrivacyException">A model compares with a population, which a file cannot hold.</exception>
    public static DeidentificationScheme Of(
        IReadOnlyList<SchemeColumn> columns, IReadOnlyList<PrivacyModel> models, double suppressionLimit, double loss = 0, IReadOnlyList<Transform>? transforms = null)
    {
        RefusePopulation(models);
        return new DeidentificationScheme
        {
            Columns = columns,
            Models = models,
            SuppressionLimit = suppressionLimit,
            Loss = loss,
            Transforms = transforms ?? [],
            Released = ReleasedClasses.None(SensitiveOf(models)),
        };
    }

    /// <summary>Before a search, so that it is not made in vain.</summary>
    /// <exception cref="PrivacyException">A model compares with a population, which a file cannot hold.</exception>
    public static void RefusePopulation(IEnumerable<PrivacyModel> models)
    {
        foreach (var model in models)
        {
            if (model is ClassModel { ComparesWithPopulation: true })
            {
                throw new PrivacyRefusal(
                    PrivacyCodes.ModelUnusable, $"{model.Text} compares with a population, which a scheme does not hold.", "Fit without writing a scheme, or use another model.", model.Text).ToException();
            }
        }
    }
}
