using CityHub.Crypto;
using Org.BouncyCastle.Crypto.Digests;

namespace CityHub.Tests.Crypto;

public sealed class MlDsa44Tests
{
    /// <summary>
    /// The accumulated test of C2SP/CCTV: 100 seeds from SHAKE128 of nothing; every public key and every deterministic signature of the empty message go into another
    /// SHAKE128, whose first 32 bytes were computed with libcrux, Go and others.
    /// </summary>
    [Fact]
    public void A_hundred_keys_and_signatures_are_those_of_other_implementations()
    {
        var seeds = new ShakeDigest(128);
        var all = new ShakeDigest(128);
        var seed = new byte[32];
        for (var i = 0; i < 100; i++)
        {
            seeds.Output(seed, 0, 32);
            using var key = new MlDsa44SigningKey(seed, deterministic: true);
            var signature = key.Sign([]);
            all.BlockUpdate(key.Public.Bytes.Span);
            all.BlockUpdate(signature);
            Assert.True(key.Public.Verify([], signature));
        }

        var result = new byte[32];
        all.OutputFinal(result, 0, 32);
        Assert.Equal("d51148e1f9f4fa1a723a6cf42e25f2a99eb5c1b378b3d2dbbd561b1203beeae4", Convert.ToHexStringLower(result));
    }

    [Fact]
    public void Sizes_are_those_of_fips_204_and_signatures_are_hedged()
    {
        using var key = SigningKeys.FromSecret(SignatureAlgorithm.MlDsa44, new byte[32]);
        Assert.Equal(1312, key.Public.Bytes.Length);
        Assert.Equal(1312, SignatureAlgorithm.MlDsa44.PublicKeySize());
        var first = key.Sign("a checkpoint"u8);
        var second = key.Sign("a checkpoint"u8);
        Assert.Equal(2420, first.Length);
        Assert.Equal(2420, SignatureAlgorithm.MlDsa44.SignatureSize());
        Assert.NotEqual(first, second);
        Assert.True(key.Public.Verify("a checkpoint"u8, first));
        Assert.True(key.Public.Verify("a checkpoint"u8, second));
    }

    [Fact]
    public void Changed_signatures_messages_and_keys_are_refused()
    {
        using var key = SigningKeys.Generate(SignatureAlgorithm.MlDsa44);
        using var other = SigningKeys.Generate(SignatureAlgorithm.MlDsa44);
        var signature = key.Sign("a checkpoint"u8);
        Assert.False(other.Public.Verify("a checkpoint"u8, signature));
        Assert.False(key.Public.Verify("a checkpoinu"u8, signature));
        Assert.False(key.Public.Verify("a checkpoint"u8, signature.AsSpan(0, 2419)));
        Assert.False(key.Public.Verify("a checkpoint"u8, [.. signature, 0]));
        Assert.False(key.Public.Verify("a checkpoint"u8, []));
        Assert.False(key.Public.Verify("a checkpoint"u8, new byte[2420]));

        // A bit of every tenth byte, and every bit of the hints at the end, where a signature could have two forms.
        for (var bit = 0; bit < signature.Length * 8; bit += bit < (2420 - 84) * 8 ? 77 : 1)
        {
            signature[bit >> 3] ^= (byte)(1 << (bit & 7));
            Assert.False(key.Public.Verify("a checkpoint"u8, signature), $"bit {bit}");
            signature[bit >> 3] ^= (byte)(1 << (bit & 7));
        }

        Assert.True(key.Public.Verify("a checkpoint"u8, signature));
    }

    [Fact]
    public void A_key_of_another_length_is_refused()
    {
        Assert.False(VerificationKeys.TryParse(SignatureAlgorithm.MlDsa44, new byte[1311], out _, out var why));
        Assert.Equal("A public key of ml-dsa-44 has 1312 bytes, this one has 1311.", why);
        Assert.Throws<FormatException>(() => VerificationKeys.Parse(SignatureAlgorithm.MlDsa44, new byte[1952]));
    }
}
