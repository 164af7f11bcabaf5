namespace CityHub.Privacy;

/// <summary>Naive Bayes over categories with Laplace smoothing. All counts are taken once; a fold's model is the counts less the fold's own.</summary>
internal static class NaiveBayes
{
    /// <summary>Share of the records that a model trained without their fold gets right. Ties go to the class that came first in the table.</summary>
    public static double Right(Examples examples)
    {
        var all = new Counts(examples);
        for (var row = 0; row < examples.Truth.Length; row++)
            all.Add(row, 1);
        var right = 0;
        for (var fold = 0; fold < examples.Folds; fold++)
        {
            var held = Rows(examples, fold);
            foreach (var row in held)
                all.Add(row, -1);
            right += held.Count(row => all.Guess(row) == examples.Truth[row]);
            foreach (var row in held)
                all.Add(row, 1);
        }

        return (double)right / examples.Truth.Length;
    }

    internal static int[] Rows(Examples examples, int fold) => [.. Enumerable.Range(0, examples.Truth.Length).Where(row => examples.Fold[row] == fold)];

    private sealed class Counts(Examples examples)
    {
        private readonly int[] classes = new int[examples.Classes];
        private readonly int[][] values = [.. examples.Distinct.Select(distinct => new int[distinct * examples.Classes])];

        public void Add(int row, int weight)
        {
            var truth = examples.Truth[row];
            classes[truth] += weight;
            for (var feature = 0; feature < values.Length; feature++)
                values[feature][(examples.Features[feature][row] * examples.Classes) + truth] += weight;
        }

        public int Guess(int row)
        {
            var (best, most) = (0, double.NegativeInfinity);
            for (var one = 0; one < classes.Length; one++)
            {
                var likely = Math.Log(classes[one] + 1.0);
                for (var feature = 0; feature < values.Length; feature++)
                    likely += Math.Log((values[feature][(examples.Features[feature][row] * classes.Length) + one] + 1.0) / (classes[one] + examples.Distinct[feature]));
                if (likely > most)
                    (best, most) = (one, likely);
            }

            return best;
        }
    }
}
