namespace CityHub.Privacy;

/// <summary>What a table has to fulfil so that nobody in it can be singled out, or learnt about. A table passes when it passes all models that are asked for.</summary>
public abstract class PrivacyModel
{
    private protected PrivacyModel()
    {
    }

    /// <summary>As it is written on a command line and in a scheme: <c>k=5</c>, <c>l=3:occupation</c>, <c>t=0.2:occupation</c>.</summary>
    public abstract string Text { get; }

    public sealed override string ToString() => Text;
}

/// <summary>A model that looks at one equivalence class at a time: a class that fails is suppressed.</summary>
public abstract class ClassModel : PrivacyModel
{
    /// <summary>The sensitive attribute whose distribution is looked at; null for one that needs only the size.</summary>
    public virtual string? Sensitive => null;

    /// <summary>
    /// Whether a class that passes still passes when other records join it, whatever they are. Only such a model may prune a search; t-closeness, the beta and delta
    /// models and recursive diversity are not of that kind once suppression is allowed.
    /// </summary>
    public abstract bool Monotone { get; }

    /// <summary>
    /// Whether joining a class with its neighbours mostly leads to one that passes, as it does where a class only has to have enough in it. Otherwise a class has to be a
    /// likeness of the whole table, which is reached sooner by choosing who joins.
    /// </summary>
    internal virtual bool PassesByJoining => Monotone;

    /// <summary>No class of fewer records passes, whatever is in it. That much of any model may prune a search.</summary>
    public virtual int LeastSize => 1;

    /// <summary>
    /// Whether classes are compared with a population that the table was drawn from. Then <see cref="Sensitive"/> is null and the "counts" of a class are one number: the
    /// records of the population, those of the table among them, that have the same generalised values. Where the population has a class that the table has no record of,
    /// the test is asked with size 0; there is nothing to suppress in it, so that a no is one for the whole generalisation.
    /// </summary>
    public virtual bool ComparesWithPopulation => false;

    /// <summary>Prepares the test for one table: the whole table's distribution is known from here on.</summary>
    /// <param name="whole">For each value of the sensitive attribute (its codes in the table) how many records have it; empty where <see cref="Sensitive"/> is null,
    /// and the size of the population alone for a model that <see cref="ComparesWithPopulation"/>.</param>
    /// <param name="values">The values behind these codes.</param>
    /// <param name="records">In the whole table.</param>
    /// <exception cref="PrivacyException">The parameters do not fit the table.</exception>
    public abstract ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records);
}

/// <summary>A <see cref="ClassModel"/> made ready for one table. Safe for many threads.</summary>
public abstract class ClassTest
{
    /// <param name="size">Records in the class.</param>
    /// <param name="counts">Of them, how many have each value of the sensitive attribute (its codes in the table); empty where the model has none.</param>
    public abstract bool Passes(int size, ReadOnlySpan<int> counts);
}

/// <summary>A model that looks at the table as a whole, at the sizes of its classes. Small classes are suppressed until it passes.</summary>
public abstract class TableModel : PrivacyModel
{
    /// <param name="sizes">Of the classes that are left.</param>
    public abstract bool Passes(ClassSizes sizes);
}
