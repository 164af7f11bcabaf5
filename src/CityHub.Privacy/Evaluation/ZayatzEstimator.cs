namespace CityHub.Privacy;

/// <summary>L. Zayatz, Estimation of the percent of unique population elements on a microdata file using the sample, Bureau of the Census 1991.</summary>
internal static class ZayatzEstimator
{
    /// <summary>Taking the class sizes of the sample for those of the population, Bayes' rule tells how many classes that show one record have only one; needs a unique record.</summary>
    public static double Share(ClassSizes sizes, double population)
    {
        double sample = sizes.Records, seen = 0, once = 0;
        // The chance that exactly 1 of j residents is drawn: j · n/N · Π (N-n-i+1)/(N-i), i = 1 … j-1. Sizes rise, so the product goes on from one to the next.
        double others = 1;
        var drawn = 1;
        foreach (var (size, classes) in sizes.Groups)
        {
            for (; drawn < size; drawn++)
                others *= Math.Max(0, population - sample - drawn + 1) / (population - drawn);
            var chance = size * (sample / population) * others;
            seen += classes * chance;
            if (size == 1)
                once = classes * chance;
        }

        return sizes.Count(1) * (once / seen) / sample;
    }
}
