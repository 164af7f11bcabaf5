using CityHub.Core.Ports;
using CityHub.Privacy;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>What the hub and its jurisdiction say about all releases.</summary>
public sealed record ReleaseOptions
{
    /// <summary>At least 32 random bytes that only the hub knows: keys of pseudonyms, salts of questions and made-up rows come from it. Who changes it changes every pseudonym.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>The jurisdiction's clock: days of quotas, and what dates are rolled up by.</summary>
    public TimeSpan Offset { get; init; } = TimeSpan.FromHours(8);

    /// <summary>After how long without witnesses nothing of a dataset leaves any more; null: witnesses are not waited for.</summary>
    public Func<Dataset, TimeSpan?> WitnessedWithin { get; init; } = _ => null;

    public IWitnessed? Witnessed { get; init; }

    public IPrivacyBudget? Budget { get; init; }

    /// <summary>Between which bounds the values of a field lie (dataset, field): without them a sum has no noise that hides a person.</summary>
    public Func<string, string, (long Least, long Most)?> Bounds { get; init; } = (_, _) => null;

    /// <summary>How many releases to callers without a name run at once; the next one is asked to come again.</summary>
    public int PublicReleases { get; init; } = 16;

    public Func<IEntropy> Entropy { get; init; } = () => new CryptoEntropy();
}
