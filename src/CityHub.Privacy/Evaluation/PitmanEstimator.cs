namespace CityHub.Privacy;

/// <summary>N. Hoshino, Applying Pitman's sampling formula to microdata disclosure risk assessment, Journal of Official Statistics 17 (2001).</summary>
internal static class PitmanEstimator
{
    /// <summary>
    /// The likelihood of the class sizes under Pitman's formula has two parameters, θ and α. For each α between 0 and 1 its derivative by θ falls through zero once; along that
    /// line the derivative by α is followed to its zero. Two nested bisections need no start value and cannot run away, as Newton's method on both does.
    /// Uniques: Γ(θ+1)/Γ(θ+α) · N^α. Null where the likelihood has its maximum at an edge.
    /// </summary>
    public static double? Share(ClassSizes sizes, double population)
    {
        if (sizes.Classes < 2 || sizes.Classes == sizes.Records)
            return null;
        // Below, θ/α is so large that the difference of the digammas loses its digits.
        double low = 1e-4, high = 1 - 1e-9;
        if (Slope(sizes, low) is not > 0 || Slope(sizes, high) is not < 0)
            return null;
        double middle;
        while ((middle = (low + high) / 2) > low && middle < high)
        {
            if (Slope(sizes, middle) > 0)
                low = middle;
            else
                high = middle;
        }

        var theta = Theta(sizes, low);
        if (theta < 0)
            return null;
        var uniques = Math.Exp(Gamma.Log(theta + 1) - Gamma.Log(theta + low) + (low * Math.Log(population)));
        return uniques >= 0 && uniques <= population ? uniques / population : null;
    }

    /// <summary>The derivative of the log likelihood by α, at the θ that is best for it.</summary>
    private static double Slope(ClassSizes sizes, double alpha)
    {
        var theta = Theta(sizes, alpha);
        var slope = (sizes.Classes - 1 - (theta * Sum(sizes.Classes, theta, alpha))) / alpha;
        var one = Gamma.Digamma(1 - alpha);
        foreach (var (size, classes) in sizes.Groups)
        {
            if (size > 1)
                slope -= classes * (Gamma.Digamma(size - alpha) - one);
        }

        return slope;
    }

    /// <summary>Where the derivative by θ is zero: Σ 1/(θ+iα), i &lt; classes, equals Σ 1/(θ+i), i &lt; records.</summary>
    private static double Theta(ClassSizes sizes, double alpha)
    {
        // θ = e^x - α: the derivative is positive at -α and negative far out.
        double low = -40, high = Math.Log(sizes.Records) + 40;
        double middle;
        while ((middle = (low + high) / 2) > low && middle < high)
        {
            var theta = Math.Exp(middle) - alpha;
            if (Sum(sizes.Classes, theta, alpha) > Gamma.Digamma(sizes.Records + theta) - Gamma.Digamma(theta + 1))
                low = middle;
            else
                high = middle;
        }

        return Math.Exp(low) - alpha;
    }

    /// <summary>Σ 1/(θ+iα) for i from 1 to classes - 1.</summary>
    private static double Sum(int classes, double theta, double alpha) =>
        (Gamma.Digamma((theta / alpha) + classes) - Gamma.Digamma((theta / alpha) + 1)) / alpha;
}
