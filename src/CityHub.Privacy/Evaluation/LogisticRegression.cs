namespace CityHub.Privacy;

/// <summary>Multinomial logistic regression over categories: a weight for each value of each feature and class, and one for each class alone.</summary>
internal static class LogisticRegression
{
    private const int Epochs = 5;

    /// <summary>Share of the records that a model trained without their fold gets right.</summary>
    public static double Right(Examples examples, ulong seed)
    {
        var right = 0;
        for (var fold = 0; fold < examples.Folds; fold++)
        {
            var weights = Train(examples, fold, seed);
            var scores = new double[examples.Classes];
            foreach (var row in NaiveBayes.Rows(examples, fold))
            {
                Score(examples, weights, row, scores);
                right += Array.IndexOf(scores, scores.Max()) == examples.Truth[row] ? 1 : 0;
            }
        }

        return (double)right / examples.Truth.Length;
    }

    private static double[][] Train(Examples examples, int fold, ulong seed)
    {
        double[][] weights = [.. examples.Distinct.Select(distinct => new double[distinct * examples.Classes]), new double[examples.Classes]];
        int[] rows = [.. Enumerable.Range(0, examples.Truth.Length).Where(row => examples.Fold[row] != fold)];
        var scores = new double[examples.Classes];
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            // Each epoch another order, the same for each run: records of one kind often stand together.
            var order = (int[])rows.Clone();
            Array.Sort([.. order.Select(row => ClassifierAccuracy.Mix(seed + (ulong)epoch + 1, (ulong)row))], order);
            // The features together move a score by their number: the step is shared among them, and falls from epoch to epoch.
            var step = 0.5 / ((weights.Length + 1) * (1 + epoch));
            foreach (var row in order)
            {
                Score(examples, weights, row, scores);
                var top = scores.Max();
                var sum = 0.0;
                for (var one = 0; one < scores.Length; one++)
                    sum += scores[one] = Math.Exp(scores[one] - top);
                for (var one = 0; one < scores.Length; one++)
                {
                    var move = step * ((one == examples.Truth[row] ? 1 : 0) - (scores[one] / sum));
                    for (var feature = 0; feature < examples.Features.Length; feature++)
                        weights[feature][(examples.Features[feature][row] * scores.Length) + one] += move;
                    weights[^1][one] += move;
                }
            }
        }

        return weights;
    }

    private static void Score(Examples examples, double[][] weights, int row, double[] scores)
    {
        weights[^1].CopyTo(scores, 0);
        for (var feature = 0; feature < examples.Features.Length; feature++)
        {
            var from = examples.Features[feature][row] * scores.Length;
            for (var one = 0; one < scores.Length; one++)
                scores[one] += weights[feature][from + one];
        }
    }
}
