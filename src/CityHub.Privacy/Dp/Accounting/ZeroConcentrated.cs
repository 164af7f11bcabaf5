namespace CityHub.Privacy;

/// <summary>What a ρ of zero-concentrated differential privacy means in ε and δ. All results are rounded up.</summary>
public static class ZeroConcentrated
{
    /// <summary>The ε of ρ-zCDP at a δ: the least over α of Canonne, Kamath, Steinke 2020, corollary 13.</summary>
    /// <exception cref="PrivacyException">Rho is below 0, or delta not between 0 and 1.</exception>
    public static ExactRational ToEpsilon(ExactRational rho, ExactRational delta) => Upper(RdpCurve.OfRho(Checked(rho)).ToEpsilon(Checked(delta, rho)).Epsilon);

    /// <summary>ρ + 2·√(ρ·ln(1/δ)): Bun and Steinke 2016, proposition 1.3. Larger than <see cref="ToEpsilon"/>; for comparison with what others print.</summary>
    /// <exception cref="PrivacyException">Rho is below 0, or delta not between 0 and 1.</exception>
    public static ExactRational ToEpsilonSimply(ExactRational rho, ExactRational delta)
    {
        var r = Checked(rho);
        return Upper(r + (2 * Math.Sqrt(r * -Math.Log(Checked(delta, rho)))));
    }

    /// <summary>A fraction that is certainly not below what the double stands for, if that is right to 10 digits.</summary>
    internal static ExactRational Upper(double value)
    {
        const int places = 9;
        var units = Math.Ceiling(value * (1 + 1e-10) * 1e9);
        return double.IsFinite(units) ? new ExactRational(new System.Numerics.BigInteger(units), System.Numerics.BigInteger.Pow(10, places)) : throw new PrivacyRefusal(
            PrivacyCodes.QueryUnusable, "The loss is without bound.", "Use a smaller rho or a larger delta.", "conversion").ToException();
    }

    private static double Checked(ExactRational rho) => rho.Sign >= 0 ? GaussianTail.ToDouble(rho) : throw new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, $"Rho is {rho}.", "Rho is at least 0.", "zCDP").ToException();

    private static double Checked(ExactRational delta, ExactRational rho) => delta.Sign > 0 && delta < 1 ? GaussianTail.ToDouble(delta) : throw new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, $"Rho {rho} with delta {delta} says nothing of epsilon.", "Delta is above 0 and below 1, and mostly below one in the number of residents.", "zCDP").ToException();
}
