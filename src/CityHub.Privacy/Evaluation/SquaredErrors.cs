namespace CityHub.Privacy;

/// <summary>How far records may have moved: each value is the place of its leaf in the hierarchy, in units of the column's standard deviation.</summary>
internal static class SquaredErrors
{
    /// <summary>1 - (distance of every record to the farthest corner of what it may be now) / (to the farthest corner of all values).</summary>
    public static double Of(Recoding[] columns)
    {
        var rows = columns[0].Input.Rows;
        var deviations = columns.Select(Deviation).ToArray();
        var bounds = columns.Select(Bounds).ToArray();
        double moved = 0, farthest = 0;
        for (var row = 0; row < rows; row++)
        {
            double near = 0, far = 0;
            for (var i = 0; i < columns.Length; i++)
            {
                if (deviations[i] == 0)
                    continue;
                var (from, to) = (columns[i].LeafOf[columns[i].Input.Code(row)], columns[i].Output.Code(row));
                near += Square(Reach(from, columns[i].LowestLeaf[to], columns[i].HighestLeaf[to]) / deviations[i]);
                far += Square(Reach(from, bounds[i].Low, bounds[i].High) / deviations[i]);
            }

            moved += Math.Sqrt(near);
            farthest += Math.Sqrt(far);
        }

        return 1 - UtilityFigures.Scaled(moved, 0, farthest);
    }

    private static double Square(double x) => x * x;

    private static double Reach(int from, int low, int high) => Math.Max(high - from, from - low);

    /// <summary>The first and the last leaf that occurs before or after.</summary>
    private static (int Low, int High) Bounds(Recoding column) =>
        (Math.Min(column.LeafOf.Min(), column.LowestLeaf.Min()), Math.Max(column.LeafOf.Max(), column.HighestLeaf.Max()));

    private static double Deviation(Recoding column)
    {
        var counts = column.Input.Counts();
        double rows = column.Input.Rows, mean = 0, squares = 0;
        for (var code = 0; code < counts.Length; code++)
            mean += counts[code] * (column.LeafOf[code] / rows);
        for (var code = 0; code < counts.Length; code++)
            squares += counts[code] * Square(column.LeafOf[code] - mean);
        return Math.Sqrt(squares / rows);
    }
}
