namespace CityHub.Privacy;

/// <summary>G. Chen and S. Keller-McNulty, Estimation of identification disclosure risk in microdata, Journal of Official Statistics 14 (1998): the slide negative binomial model.</summary>
/// <remarks>
/// Class sizes of the population, less one, are taken to be negative binomial with α and β; K of them exist, estimated after Shlosser. α and β are set so that as many classes of
/// size 1 and 2 are expected in the sample as it has; K·β^α are of size 1 in the population.
/// </remarks>
internal sealed class SnbEstimator
{
    private const int Steps = 400;
    private readonly double fraction, classes, once, twice;

    private SnbEstimator(ClassSizes sizes, double population)
    {
        fraction = sizes.Records / population;
        (once, twice) = (sizes.Count(1), sizes.Count(2));
        classes = Shlosser(sizes, fraction);
    }

    /// <summary>Null where no α &gt; 0, 0 &lt; β &lt; 1 fits; of two that do the higher risk counts.</summary>
    public static double? Share(ClassSizes sizes, double population)
    {
        if (sizes.Records >= population)
            return sizes.Count(1) / population;
        var model = new SnbEstimator(sizes, population);
        if (model.once == 0 || model.twice == 0 || !double.IsFinite(model.classes))
            return null;
        var uniques = Math.Max(model.Solve(rising: false), model.Solve(rising: true));
        return uniques > 0 && uniques <= population ? uniques / population : null;
    }

    /// <summary>The first condition binds α to β, on a rising and a falling branch; β runs over a grid and where the second condition changes its sign it is bisected. 0 where nowhere.</summary>
    private double Solve(bool rising)
    {
        double best = 0, before = double.NaN;
        for (var step = 0; step <= Steps; step++)
        {
            var difference = Difference(Beta(step), rising);
            if (difference > 0 && before <= 0 || difference <= 0 && before > 0)
            {
                double low = Beta(step - 1), high = Beta(step), middle;
                while ((middle = (low + high) / 2) > low && middle < high)
                {
                    if (Difference(middle, rising) > 0 == before > 0)
                        low = middle;
                    else
                        high = middle;
                }

                best = Math.Max(best, classes * Math.Pow(low, Alpha(low, rising)));
            }

            before = difference;
        }

        return best;
    }

    /// <summary>Classes of size 2 expected in the sample, less those it has.</summary>
    private double Difference(double beta, bool rising)
    {
        double alpha = Alpha(beta, rising), unseen = (1 - fraction) * (1 - beta);
        return (classes * alpha * Math.Pow(beta, alpha) * fraction * fraction * (1 - beta) * (2 - ((1 - alpha) * unseen)) / (2 * Math.Pow(1 - unseen, alpha + 2))) - twice;
    }

    // Logistic: as fine near 0 as near 1.
    private static double Beta(int step) => 1 / (1 + Math.Exp(((Steps / 2) - step) / 12.0));

    /// <summary>The α with which K·f·(β/(1-u))^α·(1+αu/(1-u)) classes of size 1 are expected, u = (1-f)(1-β); NaN where none.</summary>
    private double Alpha(double beta, bool rising)
    {
        var unseen = (1 - fraction) * (1 - beta);
        double decay = Math.Log(beta / (1 - unseen)), rise = unseen / (1 - unseen), wanted = once / (classes * fraction);
        // (1 + α·rise)·e^(α·decay) starts at 1, may rise to a peak, and falls to 0.
        var peak = Math.Max(0, -(1 / decay) - (1 / rise));
        if (At(peak) < wanted || (rising && wanted < 1))
            return double.NaN;
        var (above, below) = (peak, rising ? 0 : Math.Max(1, 2 * peak));
        while (!rising && At(below) > wanted)
            below *= 2;
        double middle;
        while ((middle = (above + below) / 2) != above && middle != below)
        {
            if (At(middle) > wanted)
                above = middle;
            else
                below = middle;
        }

        return above;

        double At(double alpha) => (1 + (alpha * rise)) * Math.Exp(alpha * decay);
    }

    /// <summary>Shlosser's estimator of the number of classes, as P. Haas and L. Stokes modified it: Estimating the number of classes in a finite population, JASA 93 (1998).</summary>
    private static double Shlosser(ClassSizes sizes, double f)
    {
        double a = 0, b = 0, c = 0, d = 0;
        foreach (var (size, classes) in sizes.Groups)
        {
            var missed = classes * Math.Pow(1 - f, size);
            a += classes * size * f * f * Math.Pow(1 - (f * f), size - 1);
            b += missed * (Math.Pow(1 + f, size) - 1);
            c += missed;
            d += classes * size * f * Math.Pow(1 - f, size - 1);
        }

        return sizes.Classes + (sizes.Count(1) * (a / b) * (c / d) * (c / d));
    }
}
