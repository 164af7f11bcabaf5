using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// How well a simple classifier learns a column from the others, before and after: the share of records it gets right that it was not trained with, by cross validation in
/// seeded folds. Utility in the words of somebody who wants to work with the data.
/// </summary>
/// <param name="Target">The column that is learnt; its values are those of the input on both sides.</param>
/// <param name="Majority">What guessing the most frequent value gets right: what the features are worth nothing below.</param>
/// <param name="Before">Learnt from the features as they were.</param>
/// <param name="After">Learnt from the features as they are released.</param>
public sealed record ClassifierAccuracy(string Target, ClassifierKind Kind, double Majority, double Before, double After)
{
    /// <summary>The share of what the features were worth that is left: 1 all, 0 no better than guessing, below 0 worse; null where they were worth nothing before.</summary>
    public double? Kept => Before > Majority ? (After - Majority) / (Before - Majority) : null;

    /// <param name="features">Columns of both tables, row for row the same records.</param>
    /// <param name="folds">At least 2 and at most as many as there are records.</param>
    /// <param name="seed">Which record is in which fold, and the order of learning.</param>
    /// <exception cref="PrivacyException">A column is missing, the tables differ in length, or the target has fewer than two values.</exception>
    public static ClassifierAccuracy Of(
        Table input, Table output, IReadOnlyList<string> features, string target, ClassifierKind kind = ClassifierKind.NaiveBayes, int folds = 10, ulong seed = 1)
    {
        var wanted = input[target];
        if (input.Rows != output.Rows)
            throw Unusable(target, string.Create(CultureInfo.InvariantCulture, $"Before there are {input.Rows} records, after {output.Rows}: accuracy compares the same records."));
        if (wanted.Distinct < 2 || folds < 2 || folds > input.Rows)
            throw Unusable(target, string.Create(CultureInfo.InvariantCulture, $"{target} has {wanted.Distinct} values in {input.Rows} records: nothing can be learnt about it in {folds} folds."));
        var truth = Codes(wanted);
        var fold = new int[input.Rows];
        for (var row = 0; row < fold.Length; row++)
            fold[row] = (int)(Mix(seed, (ulong)row) % (ulong)folds);
        return new ClassifierAccuracy(target, kind, Right([], null), Right([.. features.Select(name => input[name])], kind), Right([.. features.Select(name => output[name])], kind));

        double Right(Column[] columns, ClassifierKind? how)
        {
            var examples = new Examples([.. columns.Select(Codes)], [.. columns.Select(column => column.Distinct)], truth, wanted.Distinct, fold, folds);
            // Naive Bayes without a feature is the guess of the most frequent value.
            return how == ClassifierKind.LogisticRegression ? LogisticRegression.Right(examples, seed) : NaiveBayes.Right(examples);
        }
    }

    /// <summary>splitmix64 (Steele, Lea and Flood 2014): the same folds on every machine.</summary>
    internal static ulong Mix(ulong seed, ulong index)
    {
        var z = seed + ((index + 1) * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static int[] Codes(Column column)
    {
        var codes = new int[column.Rows];
        column.CopyCodes(0, codes);
        return codes;
    }

    private static PrivacyException Unusable(string column, string why) =>
        new PrivacyRefusal(PrivacyCodes.ColumnUnusable, why, "Take a column with a few values as the target, such as an income class.") { Column = column }.ToException();
}

/// <summary>The classifiers of <see cref="ClassifierAccuracy"/>.</summary>
public enum ClassifierKind
{
    /// <summary>Counts with Laplace smoothing.</summary>
    NaiveBayes,

    /// <summary>Multinomial, one weight for each value of each feature, by stochastic gradient descent.</summary>
    LogisticRegression,
}

/// <summary>Records to learn from: codes of the features, the class of each, and the fold in which it is asked for.</summary>
internal sealed record Examples(int[][] Features, int[] Distinct, int[] Truth, int Classes, int[] Fold, int Folds);
