using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Parameters that are shares.</summary>
internal static class Shares
{
    public static double Of(double share, string rule) => share is >= 0 and <= 1 ? share : throw Outside(share, "between 0 and 1", rule);

    public static double AboveZero(double share, string rule) => share is > 0 and <= 1 ? share : throw Outside(share, "above 0 and at most 1", rule);

    private static PrivacyException Outside(double share, string wanted, string rule) => new PrivacyRefusal(
        PrivacyCodes.ModelUnusable, string.Create(CultureInfo.InvariantCulture, $"{rule} takes a share {wanted}, not {share}."), Rule: rule).ToException();
}
