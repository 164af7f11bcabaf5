namespace CityHub.Privacy;

/// <summary>The logarithm of the gamma function and its first two derivatives, for positive arguments: recurrence up to 15, the asymptotic series above, full double precision.</summary>
internal static class Gamma
{
    private const double Far = 15;
    private const double HalfLogTwoPi = 0.91893853320467274178;

    public static double Log(double x)
    {
        var below = 0.0;
        for (; x < Far; x++)
            below += Math.Log(x);
        var r = 1 / (x * x);
        var series = (1.0 / 12) - (r * ((1.0 / 360) - (r * ((1.0 / 1260) - (r * ((1.0 / 1680) - (r * ((1.0 / 1188) - (r * 691.0 / 360360)))))))));
        return ((x - 0.5) * Math.Log(x)) - x + HalfLogTwoPi + (series / x) - below;
    }

    public static double Digamma(double x)
    {
        var below = 0.0;
        for (; x < Far; x++)
            below += 1 / x;
        var r = 1 / (x * x);
        var series = r * ((1.0 / 12) - (r * ((1.0 / 120) - (r * ((1.0 / 252) - (r * ((1.0 / 240) - (r * ((1.0 / 132) - (r * 691.0 / 32760))))))))));
        return Math.Log(x) - (0.5 / x) - series - below;
    }
}
