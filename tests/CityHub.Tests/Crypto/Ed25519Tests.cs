using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using CityHub.Crypto;
using CityHub.Crypto.Curve25519;
using CsCheck;
using Org.BouncyCastle.Math;
using BouncyEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace CityHub.Tests.Crypto;

public sealed class Ed25519Tests
{
    private static readonly ConcurrentDictionary<string, IVerificationKey?> Keys = new();

    /// <summary>RFC 8032, 7.1: secret key, public key, message, signature.</summary>
    public static TheoryData<string, string, string, string> Rfc8032 => new()
    {
        {
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        },
        {
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        },
    };

    [Theory]
    [MemberData(nameof(Rfc8032))]
    public void Signs_and_verifies_as_the_rfc_shows(string secret, string publicKey, string message, string signature)
    {
        using var key = SigningKeys.FromSecret(SignatureAlgorithm.Ed25519, Convert.FromHexString(secret));
        var text = Convert.FromHexString(message);
        Assert.Equal(publicKey, Convert.ToHexStringLower(key.Public.Bytes.Span));
        Assert.Equal(signature, Convert.ToHexStringLower(key.Sign(text)));
        Assert.True(key.Public.Verify(text, Convert.FromHexString(signature)));
        Assert.False(key.Public.Verify([.. text, 0], Convert.FromHexString(signature)));
    }

    /// <summary>
    /// The rule, from the flags of the vectors alone: a vector is accepted if it has none. Every flag is a case in which some verifiers differ,
    /// and the rule is that of all of them together.
    /// </summary>
    [Fact]
    public void Of_914_edge_cases_only_those_are_accepted_on_which_every_verifier_agrees()
    {
        var vectors = Vectors();
        Assert.Equal(914, vectors.Count);
        foreach (var vector in vectors)
            Assert.True(vector.Flags.Length == 0 == Accepts(vector), $"vector {vector.Number} with the flags {string.Join(' ', vector.Flags)}");
        Assert.Equal(1, vectors.Count(Accepts));
    }

    /// <summary>
    /// Go, OpenSSL and the others that come from ref10 compute R and compare its bytes, and look no further: they take keys of low and mixed order and keys in more than
    /// one encoding. With such a key one signature can fit many messages, or fit for us and not for a verifier with the cofactor. We refuse the key when it is read.
    /// </summary>
    [Fact]
    public void What_others_accept_and_we_refuse_has_a_key_that_no_generator_makes_or_an_R_that_no_signer_makes()
    {
        foreach (var vector in Vectors())
        {
            var ref10 = !vector.Flags.Any(flag => flag is "non_canonical_R" or "low_order_residue" or "reencoded_k");
            if (Accepts(vector))
            {
                Assert.True(ref10, $"vector {vector.Number}: we accept what Go refuses");
                Assert.True(BouncyAccepts(vector), $"vector {vector.Number}: we accept what BouncyCastle refuses");
            }
            else if (ref10)
            {
                var badKey = vector.Flags.Any(flag => flag is "low_order_A" or "low_order_component_A" or "non_canonical_A");
                var badR = vector.Flags.Contains("low_order_R");
                Assert.True(badKey || badR, $"vector {vector.Number}");
                Assert.Equal(badKey, KeyOf(vector) is null);
            }
        }
    }

    [Fact]
    public void A_key_of_low_or_mixed_order_is_refused_when_it_is_read_and_says_so()
    {
        var refused = 0;
        foreach (var vector in Vectors().DistinctBy(vector => Convert.ToHexString(vector.Key)))
        {
            var bad = vector.Flags.Any(flag => flag.EndsWith("_A", StringComparison.Ordinal));
            Assert.Equal(!bad, VerificationKeys.TryParse(SignatureAlgorithm.Ed25519, vector.Key, out _, out var why));
            if (!bad)
                continue;
            refused++;
            Assert.Contains(vector.Flags.Contains("non_canonical_A") ? "canonical" : "order", why, StringComparison.Ordinal);
        }

        Assert.Equal(21, refused);
    }

    [Fact]
    public void A_signature_with_S_of_L_or_more_is_refused_although_the_equation_holds()
    {
        using var key = SigningKeys.FromSecret(SignatureAlgorithm.Ed25519, new byte[32]);
        var signature = key.Sign("one form"u8);
        Assert.True(key.Public.Verify("one form"u8, signature));
        var order = new BigInteger("7237005577332262213973186563042994240857116359379907606001950938285454250989");
        var s = new BigInteger(1, signature[32..], bigEndian: false);
        for (var more = s.Add(order); more.BitLength <= 256; more = more.Add(order))
        {
            var bytes = more.ToByteArrayUnsigned();
            Array.Reverse(bytes);
            byte[] other = [.. signature[..32], .. bytes, .. new byte[32 - bytes.Length]];
            Assert.False(key.Public.Verify("one form"u8, other));
        }
    }

    [Fact]
    public void Every_flipped_bit_of_a_signature_is_seen()
    {
        using var key = SigningKeys.FromSecret(SignatureAlgorithm.Ed25519, Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());
        var signature = key.Sign("a checkpoint"u8);
        for (var bit = 0; bit < signature.Length * 8; bit++)
        {
            var other = (byte[])signature.Clone();
            other[bit >> 3] ^= (byte)(1 << (bit & 7));
            Assert.False(key.Public.Verify("a checkpoint"u8, other), $"bit {bit}");
        }

        Assert.False(key.Public.Verify("a checkpoint"u8, signature.AsSpan(0, 63)));
        Assert.False(key.Public.Verify("a checkpoint"u8, [.. signature, 0]));
        Assert.False(key.Public.Verify("a checkpoint"u8, []));
    }

    [Fact]
    public void Our_verifier_and_another_one_agree_on_what_honest_keys_sign_and_on_what_was_changed() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[0, 900], Gen.Int[0, 511], Gen.Bool).Sample(
            (seed, message, bit, change) =>
            {
                using var key = SigningKeys.FromSecret(SignatureAlgorithm.Ed25519, seed);
                var signature = key.Sign(message);
                if (change)
                    signature[bit >> 3] ^= (byte)(1 << (bit & 7));
                var theirs = BouncyEd25519.Verify(signature, 0, key.Public.Bytes.ToArray(), 0, message, 0, message.Length);
                return key.Public.Verify(message, signature) == theirs && theirs != change;
            },
            iter: 300);

    [Fact]
    public void A_multiple_of_the_base_point_is_the_public_key_that_another_implementation_computes() =>
        Gen.Byte.Array[64].Sample(
            wide =>
            {
                var reduced = new BigInteger(1, wide, bigEndian: false).Mod(new BigInteger("7237005577332262213973186563042994240857116359379907606001950938285454250989"));
                var bytes = reduced.ToByteArrayUnsigned();
                Array.Reverse(bytes);
                Array.Resize(ref bytes, 32);
                Assert.True(Scalar.TryRead(bytes, out var read));
                Assert.True(CombAgrees(Scalar.Reduce(wide), read));
                // x·B computed with the table and by doubling and adding.
                var slow = Point.Identity;
                for (var bit = 255; bit >= 0; bit--)
                {
                    slow = slow.Doubled();
                    if ((bytes[bit >> 3] >> (bit & 7) & 1) != 0)
                        slow = slow.Plus(Point.Base);
                }

                return Encoded(slow) == Encoded(Comb.Base.Times(read));
            },
            iter: 200);

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void The_field_is_canonical_when_written(string number)
    {
        var bytes = Convert.FromHexString(number);
        var p = BigInteger.One.ShiftLeft(255).Subtract(BigInteger.ValueOf(19));
        var expected = new BigInteger(1, bytes, bigEndian: false).Mod(p);
        Span<byte> written = stackalloc byte[32];
        Field.Read(bytes).Write(written);
        Assert.Equal(expected, new BigInteger(1, written.ToArray(), bigEndian: false));
    }

    [Fact]
    public void The_field_computes_as_large_numbers_do() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[32]).Sample(
            (x, y) =>
            {
                // Half of them near the prime, where the carries are.
                if ((x[1] & 1) != 0)
                    x.AsSpan(2).Fill(0xff);
                if ((y[1] & 1) != 0)
                    y.AsSpan(2).Fill(0xff);
                var p = BigInteger.One.ShiftLeft(255).Subtract(BigInteger.ValueOf(19));
                x[31] &= 0x7f;
                y[31] &= 0x7f;
                BigInteger a = new(1, x, bigEndian: false), b = new(1, y, bigEndian: false);
                Field f = Field.Read(x), g = Field.Read(y);
                return Number(f * g).Equals(a.Multiply(b).Mod(p)) && Number(f.Squared()).Equals(a.Multiply(a).Mod(p)) && Number(f + g).Equals(a.Add(b).Mod(p))
                    && Number(f - g).Equals(a.Subtract(b).Mod(p)) && Number((f - g) * (f + g)).Equals(a.Multiply(a).Subtract(b.Multiply(b)).Mod(p))
                    && Number((f - g).Squared()).Equals(a.Subtract(b).Pow(2).Mod(p)) && (a.Mod(p).SignValue == 0 || Number(f.Inverse()).Equals(a.ModInverse(p)));
            },
            iter: 2000);

    private static BigInteger Number(in Field field)
    {
        var bytes = new byte[32];
        field.Write(bytes);
        return new BigInteger(1, bytes, bigEndian: false);
    }

    private static string Encoded(in Point point)
    {
        Span<byte> bytes = stackalloc byte[32];
        point.Write(bytes);
        return Convert.ToHexString(bytes);
    }

    private static bool CombAgrees(in Scalar x, in Scalar y)
    {
        Span<sbyte> a = stackalloc sbyte[Scalar.DigitsOf(7)];
        Span<sbyte> b = stackalloc sbyte[Scalar.DigitsOf(7)];
        x.Write(a, 7);
        y.Write(b, 7);
        return a.SequenceEqual(b);
    }

    private static bool Accepts(Vector vector) => KeyOf(vector) is { } key && key.Verify(vector.Message, vector.Signature);

    /// <summary>The vectors have 42 keys among them.</summary>
    private static IVerificationKey? KeyOf(Vector vector) =>
        Keys.GetOrAdd(Convert.ToHexString(vector.Key), _ => VerificationKeys.TryParse(SignatureAlgorithm.Ed25519, vector.Key, out var key, out var _) ? key : null);

    private static bool BouncyAccepts(Vector vector) => BouncyEd25519.Verify(vector.Signature, 0, vector.Key, 0, vector.Message, 0, vector.Message.Length);

    internal static List<Vector> Vectors()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(SharedData.Need("ledger/ed25519/ed25519vectors.json")));
        return [.. json.RootElement.EnumerateArray().Select(one => new Vector(
            one.GetProperty("number").GetInt32(),
            Convert.FromHexString(one.GetProperty("key").GetString() ?? ""),
            Convert.FromHexString(one.GetProperty("sig").GetString() ?? ""),
            Encoding.UTF8.GetBytes(one.GetProperty("msg").GetString() ?? ""),
            one.GetProperty("flags") is { ValueKind: JsonValueKind.Array } flags ? [.. flags.EnumerateArray().Select(flag => flag.GetString() ?? "")] : []))];
    }

    internal sealed record Vector(int Number, byte[] Key, byte[] Signature, byte[] Message, string[] Flags);
}
