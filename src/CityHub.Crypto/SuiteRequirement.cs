using System.Diagnostics.CodeAnalysis;

namespace CityHub.Crypto;

/// <summary>The suites that an installation asks for, all of them: <c>gm+intl</c> in China, <c>intl</c> elsewhere. Dropping one of two is a refusal, not a compromise.</summary>
public sealed class SuiteRequirement
{
    private SuiteRequirement(params CryptoSuite[] suites) => Suites = suites;

    public static SuiteRequirement Intl { get; } = new(CryptoSuite.Intl);

    public static SuiteRequirement Gm { get; } = new(CryptoSuite.Gm);

    public static SuiteRequirement Both { get; } = new(CryptoSuite.Gm, CryptoSuite.Intl);

    public IReadOnlyList<CryptoSuite> Suites { get; }

    /// <summary><c>intl</c>, <c>gm</c> or <c>gm+intl</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SuiteRequirement? requirement)
    {
        requirement = text switch
        {
            "intl" => Intl,
            "gm" => Gm,
            "gm+intl" => Both,
            _ => null,
        };
        return requirement is not null;
    }

    /// <summary>Whether an object that carries these suites has each that is asked for, and none that we do not know.</summary>
    public bool IsMetBy(IReadOnlyCollection<string> presented, [NotNullWhen(false)] out string? why)
    {
        foreach (var id in presented)
        {
            if (!CryptoSuite.TryParse(id, out _))
            {
                why = $"There is no suite {CryptoSuite.Shown(id)}.";
                return false;
            }
        }

        foreach (var suite in Suites)
        {
            if (!presented.Contains(suite.Id, StringComparer.Ordinal))
            {
                why = $"The suite {suite.Id} is required here, and what is there is {(presented.Count == 0 ? "none" : string.Join(" and ", presented))}.";
                return false;
            }
        }

        why = null;
        return true;
    }

    public override string ToString() => string.Join('+', Suites.Select(suite => suite.Id));
}
