using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CityHub.Sharing.Subscriptions;

/// <summary>Keys of subscriptions, each derived from the secret of the hub and the id: none is stored. A hub with another secret sends nothing under what this one promised.</summary>
internal sealed class SubscriptionKeys(ReadOnlyMemory<byte> secret)
{
    private const int Tag = 16;

    /// <summary>No key seals twice, so that one nonce is enough for all.</summary>
    private static readonly byte[] Nonce = new byte[12];

    /// <summary>Hex of 32 bytes: told once, to whoever subscribes.</summary>
    public string SecretOf(string id) => Convert.ToHexStringLower(Derived("sign", id));

    /// <summary>HMAC-SHA256, hex, over what a push says of itself: <c>id.delivery.change.receipt.timestamp</c>.</summary>
    public string Sign(string id, long delivery, string change, long receipt, long timestamp) => Convert.ToHexStringLower(
        HMACSHA256.HashData(Derived("sign", id), Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{delivery}.{change}.{receipt}.{timestamp}"))));

    public string Seal(string id, string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedText = new byte[plain.Length + Tag];
        using var cipher = new AesGcm(Derived("seal", id), Tag);
        cipher.Encrypt(Nonce, plain, sealedText.AsSpan(0, plain.Length), sealedText.AsSpan(plain.Length));
        return Convert.ToBase64String(sealedText);
    }

    /// <summary>Null: it was sealed under another secret.</summary>
    public string? Open(string id, string text)
    {
        var sealedText = Convert.FromBase64String(text);
        if (sealedText.Length < Tag)
            return null;
        var plain = new byte[sealedText.Length - Tag];
        using var cipher = new AesGcm(Derived("seal", id), Tag);
        try
        {
            cipher.Decrypt(Nonce, sealedText.AsSpan(0, plain.Length), sealedText.AsSpan(plain.Length), plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private byte[] Derived(string what, string id) => HKDF.DeriveKey(HashAlgorithmName.SHA256, secret.ToArray(), 32, info: Encoding.UTF8.GetBytes($"cityhub subscription {what}\n{id}"));
}
