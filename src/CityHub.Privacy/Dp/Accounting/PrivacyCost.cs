namespace CityHub.Privacy;

/// <summary>In which measure a loss of privacy is counted.</summary>
public enum PrivacyMeasure
{
    /// <summary>ε, or (ε, δ) where δ is above 0 (Dwork, McSherry, Nissim, Smith 2006).</summary>
    Epsilon,

    /// <summary>ρ of zero-concentrated differential privacy, δ-approximate where δ is above 0 (Bun, Steinke 2016).</summary>
    Rho,
}

/// <summary>What a release costs a resident, at most: an exact number, so that a sum of costs is one, too.</summary>
public readonly record struct PrivacyCost
{
    private PrivacyCost(PrivacyMeasure measure, ExactRational amount, ExactRational delta)
    {
        if (amount.Sign < 0 || delta.Sign < 0 || delta >= 1)
            throw new PrivacyRefusal(PrivacyCodes.QueryUnusable, $"A cost of {amount} and delta {delta} does not exist.", "Epsilon and rho are at least 0, delta is at least 0 and below 1.", "privacy cost").ToException();
        (Measure, Amount, Delta) = (measure, amount, delta);
    }

    public PrivacyMeasure Measure { get; }

    /// <summary>ε or ρ.</summary>
    public ExactRational Amount { get; }

    public ExactRational Delta { get; }

    /// <exception cref="PrivacyException">Epsilon is negative, or delta not in [0, 1).</exception>
    public static PrivacyCost Epsilon(ExactRational epsilon, ExactRational delta = default) => new(PrivacyMeasure.Epsilon, epsilon, delta);

    /// <exception cref="PrivacyException">Rho is negative, or delta not in [0, 1).</exception>
    public static PrivacyCost Rho(ExactRational rho, ExactRational delta = default) => new(PrivacyMeasure.Rho, rho, delta);

    /// <summary>Reads <c>epsilon=0.1</c>, <c>epsilon=0.1,delta=1e-6</c> or <c>rho=1/50</c>.</summary>
    /// <exception cref="PrivacyException">The text is none of these.</exception>
    public static PrivacyCost Parse(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var measure = parts[0].StartsWith("rho=", StringComparison.Ordinal) ? PrivacyMeasure.Rho : PrivacyMeasure.Epsilon;
        var name = measure == PrivacyMeasure.Rho ? "rho=" : "epsilon=";
        if (parts.Length > 2 || !parts[0].StartsWith(name, StringComparison.Ordinal) || (parts.Length == 2 && !parts[1].StartsWith("delta=", StringComparison.Ordinal)))
        {
            throw new PrivacyRefusal(
                PrivacyCodes.QueryUnusable, $"\"{text}\" is no privacy cost.", "Write epsilon=0.1, or epsilon=0.1,delta=1e-6, or rho=0.02.", "privacy cost").ToException();
        }

        return new PrivacyCost(measure, ExactRational.Parse(parts[0][name.Length..]), parts.Length == 2 ? ExactRational.Parse(parts[1]["delta=".Length..]) : ExactRational.Zero);
    }

    /// <summary>Both on the same residents, the second perhaps chosen after the first was seen: the sum.</summary>
    /// <exception cref="PrivacyException">They are of two measures.</exception>
    public PrivacyCost Then(PrivacyCost other) => new(Same(other), Amount + other.Amount, Cap(Delta + other.Delta));

    /// <summary>On residents of which none is in both: the larger of the two.</summary>
    /// <exception cref="PrivacyException">They are of two measures.</exception>
    public PrivacyCost Beside(PrivacyCost other) => new(Same(other), ExactRational.Max(Amount, other.Amount), ExactRational.Max(Delta, other.Delta));

    /// <summary>In units of ρ: ε-differential privacy is ε²/2-zCDP (Bun, Steinke 2016, proposition 1.4).</summary>
    public PrivacyCost ToRho() => Measure == PrivacyMeasure.Rho ? this : new PrivacyCost(PrivacyMeasure.Rho, Amount * Amount / 2, Delta);

    /// <summary>In units of ε; of a ρ it takes a further δ, and the tightest ε that is known for it, rounded up.</summary>
    public PrivacyCost ToEpsilon(ExactRational delta) => Measure == PrivacyMeasure.Epsilon
        ? this
        : new PrivacyCost(PrivacyMeasure.Epsilon, ZeroConcentrated.ToEpsilon(Amount, delta), Cap(Delta + delta));

    /// <summary>Whether it is within <paramref name="left"/>, in both numbers.</summary>
    /// <exception cref="PrivacyException">They are of two measures.</exception>
    public bool Fits(PrivacyCost left)
    {
        _ = Same(left);
        return Amount <= left.Amount && Delta <= left.Delta;
    }

    /// <summary>What is left of it, at least 0.</summary>
    /// <exception cref="PrivacyException">They are of two measures.</exception>
    public PrivacyCost Less(PrivacyCost spent) => new(Same(spent), ExactRational.Max(0, Amount - spent.Amount), ExactRational.Max(0, Delta - spent.Delta));

    public override string ToString() =>
        $"{(Measure == PrivacyMeasure.Rho ? "rho" : "epsilon")}={Amount}{(Delta.Sign == 0 ? "" : $",delta={Delta}")}";

    private static ExactRational Cap(ExactRational delta) => delta < 1 ? delta : throw new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, $"Together they have delta {delta}, which promises nothing.", "Use smaller deltas.", "privacy cost").ToException();

    private PrivacyMeasure Same(PrivacyCost other) => Measure == other.Measure ? Measure : throw new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, $"{this} and {other} are counted in two measures.", "Turn one into the other's with ToRho, or ToEpsilon and a delta.", "composition").ToException();
}
