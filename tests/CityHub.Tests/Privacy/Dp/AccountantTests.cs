using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class AccountantTests
{
    static ExactRational R(string text) => ExactRational.Parse(text);

    static double D(ExactRational value) => GaussianTail.ToDouble(value);

    [Fact]
    public void A_rho_of_a_tenth_is_an_epsilon_of_2_14_at_delta_one_in_a_million()
    {
        Assert.Equal(2.14194, D(ZeroConcentrated.ToEpsilon(R("0.1"), R("1e-6"))), 5e-6);
        Assert.Equal(2.45079, D(ZeroConcentrated.ToEpsilonSimply(R("0.1"), R("1e-6"))), 5e-6);
        Assert.Equal(11.66, RdpCurve.OfRho(0.1).ToEpsilon(1e-6).Alpha, 0.01);
    }

    [Fact]
    public void The_tight_conversion_is_never_above_the_simple_one_and_never_below_the_truth()
    {
        // The truth for a Gaussian of Δ = 1, ρ = 1/2σ²: δ(ε) = Φ(1/2σ - εσ) - e^ε Φ(-1/2σ - εσ) (Balle, Wang 2018).
        Gen.Select(Gen.Double[0.01, 3], Gen.Double[2, 9]).Sample((rho, digits) =>
        {
            var delta = Math.Pow(10, -digits);
            var exactRho = ExactRational.Parse(rho.ToString("F6", System.Globalization.CultureInfo.InvariantCulture));
            var exactDelta = ExactRational.Parse(delta.ToString("F12", System.Globalization.CultureInfo.InvariantCulture));
            if (exactRho.Sign == 0 || exactDelta.Sign == 0)
                return;
            double tight = D(ZeroConcentrated.ToEpsilon(exactRho, exactDelta)), simple = D(ZeroConcentrated.ToEpsilonSimply(exactRho, exactDelta));
            Assert.True(tight <= simple + 1e-8);
            var sigma = Math.Sqrt(1 / (2 * D(exactRho)));
            var truth = Phi((1 / (2 * sigma)) - (tight * sigma)) - (Math.Exp(tight) * Phi((-1 / (2 * sigma)) - (tight * sigma)));
            Assert.True(truth <= D(exactDelta) * 1.0001 + 1e-13, $"rho {rho}, delta {delta}: {truth}");
        }, iter: 200);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(2, 5)]
    [InlineData(10, 1)]
    public void The_curve_of_laplace_noise_is_the_sum_over_all_numbers(double scale, int sensitivity)
    {
        foreach (var alpha in (double[])[1.01, 1.5, 2, 8, 64])
        {
            var sum = 0.0;
            for (var x = -2000; x <= 2000; x++)
                sum += Math.Exp((alpha * Math.Log(Math.Max(1e-300, P(x)))) + ((1 - alpha) * Math.Log(Math.Max(1e-300, P(x - sensitivity)))));
            var divergence = Math.Log(sum) / (alpha - 1);
            Assert.Equal(divergence, RdpCurve.OfLaplace(scale, sensitivity)[alpha], 1e-7 + (divergence * 1e-6));
            Assert.True(RdpCurve.OfLaplace(scale, sensitivity)[alpha] <= RdpCurve.OfEpsilon(sensitivity / scale)[alpha] + 1e-9);
        }

        double P(int x) => GoodnessOfFit.Laplace(x, scale);
    }

    [Fact]
    public void Many_small_releases_cost_less_as_a_curve_than_as_a_sum()
    {
        var curve = RdpCurve.Zero;
        for (var i = 0; i < 100; i++)
            curve = curve.Then(RdpCurve.OfEpsilon(0.05));
        Assert.InRange(curve.ToEpsilon(1e-6).Epsilon, 2, 3); // the sum is 5
        Assert.Equal(0.05, RdpCurve.OfEpsilon(0.05).Beside(RdpCurve.OfEpsilon(0.02))[1e9], 1e-12);
    }

    [Fact]
    public void Costs_on_the_same_residents_add_up_and_on_others_they_do_not()
    {
        var a = PrivacyCost.Parse("epsilon=0.1,delta=1e-6");
        var b = PrivacyCost.Parse("epsilon=1/3");
        Assert.Equal(PrivacyCost.Epsilon(R("13/30"), R("1e-6")), a.Then(b));
        Assert.Equal(PrivacyCost.Epsilon(R("1/3"), R("1e-6")), a.Beside(b));
        Assert.Equal(PrivacyCost.Rho(R("1/200"), R("1e-6")), a.ToRho());
        Assert.Equal(a, PrivacyCost.Parse(a.ToString()));
        Assert.Equal(PrivacyCodes.QueryUnusable, Assert.Throws<PrivacyException>(() => a.Then(PrivacyCost.Rho(1))).Refusal.Code);
        var tenTenths = Enumerable.Repeat(PrivacyCost.Parse("epsilon=0.1"), 10).Aggregate((x, y) => x.Then(y));
        Assert.Equal(PrivacyCost.Epsilon(1), tenTenths); // as doubles they are 0.9999999999999999
    }

    [Theory]
    [InlineData("")]
    [InlineData("epsilon")]
    [InlineData("epsilon=-1")]
    [InlineData("epsilon=1,delta=1")]
    [InlineData("delta=1e-6")]
    [InlineData("epsilon=1,epsilon=2")]
    [InlineData("epsilon=NaN")]
    [InlineData("rho=1,delta=0,delta=0")]
    public void What_is_no_cost_is_refused(string text) => Assert.Equal(PrivacyCodes.QueryUnusable, Assert.Throws<PrivacyException>(() => PrivacyCost.Parse(text)).Refusal.Code);

    [Fact]
    public void A_filter_lets_through_what_fits_and_not_a_hair_more()
    {
        var filter = new PrivacyFilter(PrivacyCost.Epsilon(1, R("1e-6")));
        Assert.True(filter.TrySpend(PrivacyCost.Epsilon(R("0.7"))));
        Assert.False(filter.TrySpend(PrivacyCost.Epsilon(R("0.3000000000000000000000000001"))));
        Assert.False(filter.TrySpend(PrivacyCost.Epsilon(R("0.1"), R("2e-6"))));
        Assert.True(filter.TrySpend(PrivacyCost.Epsilon(R("0.3"), R("1e-6"))));
        Assert.Equal(PrivacyCost.Epsilon(0), filter.Left);
        var rho = new PrivacyFilter(PrivacyCost.Rho(R("0.5")));
        Assert.True(rho.TrySpend(PrivacyCost.Epsilon(1))); // ½ε²
        Assert.False(rho.TrySpend(PrivacyCost.Rho(R("1e-30"))));
    }

    [Fact]
    public void An_odometer_never_reads_less_than_a_filter_that_was_set_before()
    {
        var odometer = new PrivacyOdometer(R("0.01"), R("1e-6"));
        Assert.Equal(PrivacyCost.Epsilon(0), odometer.Reading());
        odometer.Spend(PrivacyCost.Epsilon(R("0.1")));
        Assert.Equal(PrivacyCost.Epsilon(R("0.1")), odometer.Reading());
        var before = odometer.Reading().Amount;
        for (var i = 0; i < 20; i++)
        {
            odometer.Spend(PrivacyCost.Rho(R("0.01")));
            var now = odometer.Reading();
            Assert.True(now.Amount >= before && now.Amount >= ZeroConcentrated.ToEpsilon(R("0.01") * (i + 1), R("1e-6")) && now.Delta == R("1e-6"));
            before = now.Amount;
        }
    }

    [Fact]
    public void A_rho_without_a_delta_says_nothing_of_epsilon() =>
        Assert.Equal(PrivacyCodes.QueryUnusable, Assert.Throws<PrivacyException>(() => PrivacyCost.Rho(1).ToEpsilon(0)).Refusal.Code);

    /// <summary>The normal distribution, by adding up (Marsaglia 2004), and by its continued fraction in the tail.</summary>
    static double Phi(double x)
    {
        if (x < -6)
        {
            var fraction = 0.0;
            for (var i = 60; i > 0; i--)
                fraction = i / (-x + fraction);
            return Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) / (-x + fraction);
        }

        if (x > 6)
            return 1 - Phi(-x);
        double sum = x, term = x;
        for (var i = 3; Math.Abs(term) > 1e-18; i += 2)
            sum += term *= x * x / i;
        return 0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }
}
