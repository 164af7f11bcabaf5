using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CityHub.Sensing.Devices;

/// <summary>
/// What the hub keeps of a device's secret. Secrets are 256 random bits that the hub makes, so that no guessing helps against the hash; the rounds
/// of PBKDF2 guard those that an operator carried over from another system, and cost about 0.4 ms a login.
/// </summary>
internal sealed record DeviceCredential(byte[] Salt, byte[] Hash, int Rounds)
{
    private const int DefaultRounds = 2_000;
    private const int Bytes = 32;

    public static (DeviceCredential Credential, string Secret) Issue()
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
        return (Of(secret), secret);
    }

    public static DeviceCredential Of(string secret)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        return new DeviceCredential(salt, Derive(Encoding.UTF8.GetBytes(secret), salt, DefaultRounds), DefaultRounds);
    }

    public bool Fits(ReadOnlySpan<byte> secret) => CryptographicOperations.FixedTimeEquals(Derive(secret, Salt, Rounds), Hash);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("credential"u8);
        json.WriteBase64String("salt"u8, Salt);
        json.WriteBase64String("hash"u8, Hash);
        json.WriteNumber("rounds"u8, Rounds);
        json.WriteEndObject();
    }

    public static DeviceCredential? Read(JsonElement fact) => fact.TryGetProperty("credential"u8, out var found)
        ? new DeviceCredential(found.GetProperty("salt"u8).GetBytesFromBase64(), found.GetProperty("hash"u8).GetBytesFromBase64(), found.GetProperty("rounds"u8).GetInt32())
        : null;

    private static byte[] Derive(ReadOnlySpan<byte> secret, byte[] salt, int rounds)
    {
        var hash = new byte[Bytes];
        Rfc2898DeriveBytes.Pbkdf2(secret, salt, hash, rounds, HashAlgorithmName.SHA256);
        return hash;
    }
}
