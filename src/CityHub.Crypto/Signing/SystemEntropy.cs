using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace CityHub.Crypto;

/// <summary>What BouncyCastle draws its random numbers from: the operating system at every draw, not a generator of its own that was seeded once.</summary>
internal static class SystemEntropy
{
    public static readonly SecureRandom Instance = new(new CryptoApiRandomGenerator());
}
