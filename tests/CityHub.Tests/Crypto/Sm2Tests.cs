using CityHub.Crypto;
using CsCheck;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;

namespace CityHub.Tests.Crypto;

public sealed class Sm2Tests
{
    // GB/T 32918.5-2017, A.2: the user id 1234567812345678, the message "message digest".
    private const string D = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
    private const string X = "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020";
    private const string Y = "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";
    private const string K = "59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21";
    private const string R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3";
    private const string S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA";
    private const string N = "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123";

    private static ISigningKey Key => SigningKeys.FromSecret(SignatureAlgorithm.Sm2, Convert.FromHexString(D));

    [Fact]
    public void The_signature_of_the_standard_is_good_under_the_key_of_the_standard()
    {
        using var key = Key;
        Assert.Equal("04" + X + Y, Convert.ToHexString(key.Public.Bytes.Span));
        Assert.True(key.Public.Verify("message digest"u8, Convert.FromHexString(R + S)));
        Assert.False(key.Public.Verify("message digesu"u8, Convert.FromHexString(R + S)));
    }

    /// <summary>With the standard's k, so that Z, e and the arithmetic are those of the standard and not only consistent with themselves.</summary>
    [Fact]
    public void The_library_makes_the_signature_of_the_standard_from_its_number()
    {
        var signer = new SM2Signer(PlainDsaEncoding.Instance);
        var d = new ECPrivateKeyParameters(new BigInteger(D, 16), Sm2.Curve);
        signer.Init(true, new ParametersWithID(new ParametersWithRandom(d, new Fixed(Convert.FromHexString(K))), Sm2.DefaultUserId.ToArray()));
        signer.BlockUpdate("message digest"u8);
        Assert.Equal(R + S, Convert.ToHexString(signer.GenerateSignature()));
    }

    [Fact]
    public void What_it_signs_it_verifies_and_each_signature_is_another_one()
    {
        using var key = Key;
        var first = key.Sign("第一条"u8);
        var second = key.Sign("第一条"u8);
        Assert.NotEqual(first, second);
        foreach (var signature in new[] { first, second })
        {
            Assert.Equal(64, signature.Length);
            Assert.True(key.Public.Verify("第一条"u8, signature));
        }
    }

    [Fact]
    public void Changed_signatures_messages_and_keys_are_refused() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Int[0, 511]).Sample(
            (message, bit) =>
            {
                using var key = Key;
                using var other = SigningKeys.Generate(SignatureAlgorithm.Sm2);
                var signature = key.Sign(message);
                var good = key.Public.Verify(message, signature) && !other.Public.Verify(message, signature) && !key.Public.Verify([.. message, 0], signature);
                signature[bit >> 3] ^= (byte)(1 << (bit & 7));
                return good && !key.Public.Verify(message, signature);
            },
            iter: 25);

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        using var key = Key;
        var zero = new string('0', 64);
        foreach (var signature in new[] { zero + S, R + zero, N + S, R + N, new string('F', 128), zero + zero })
            Assert.False(key.Public.Verify("message digest"u8, Convert.FromHexString(signature)), signature);
        // r + s = n makes t zero.
        var t = new BigInteger(N, 16).Subtract(new BigInteger(R, 16)).ToString(16).PadLeft(64, '0');
        Assert.False(key.Public.Verify("message digest"u8, Convert.FromHexString(R + t)));
        Assert.False(key.Public.Verify("message digest"u8, Convert.FromHexString(R + S).AsSpan(0, 63)));
        Assert.False(key.Public.Verify("message digest"u8, []));
    }

    [Theory]
    [InlineData("04" + X + X, "not a point")]
    [InlineData("03" + X + Y, "uncompressed")]
    [InlineData("02" + X, "65 bytes")]
    [InlineData("00", "65 bytes")]
    [InlineData("04FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF" + Y, "not a point")]
    public void A_key_that_is_no_point_in_its_one_form_is_refused(string key, string why)
    {
        Assert.False(VerificationKeys.TryParse(SignatureAlgorithm.Sm2, Convert.FromHexString(key), out _, out var said));
        Assert.Contains(why, said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_private_key_is_between_1_and_n_minus_2()
    {
        foreach (var d in new[] { new string('0', 64), N, new BigInteger(N, 16).Subtract(BigInteger.One).ToString(16), new string('f', 64) })
            Assert.Throws<FormatException>(() => SigningKeys.FromSecret(SignatureAlgorithm.Sm2, Convert.FromHexString(d)));
        using var last = SigningKeys.FromSecret(SignatureAlgorithm.Sm2, Convert.FromHexString(new BigInteger(N, 16).Subtract(BigInteger.Two).ToString(16)));
        Assert.True(last.Public.Verify("m"u8, last.Sign("m"u8)));
    }

    [Fact]
    public void Der_and_back_is_the_same_and_der_has_one_form() =>
        Gen.Byte.Array[64].Sample(raw =>
        {
            if (raw[63] % 3 == 0)
                raw.AsSpan(0, raw[62] % 33).Clear();
            var der = Sm2Encoding.ToDer(raw);
            return Sm2Encoding.TryFromDer(der, out var back) && raw.AsSpan().SequenceEqual(back) && !Sm2Encoding.TryFromDer(der.Append((byte)0).ToArray(), out _)
                && !Sm2Encoding.TryFromDer(der.AsMemory(0, der.Length - 1), out _);
        });

    [Theory]
    [InlineData("")]
    [InlineData("3003020101")]
    [InlineData("30060201ff020101")] // below zero
    [InlineData("3007020200010201" + "01")] // a zero too many
    [InlineData("3009020101020101020101")] // three numbers
    [InlineData("3080020101020101" + "0000")] // BER
    public void What_is_not_der_of_two_numbers_is_refused(string der) => Assert.False(Sm2Encoding.TryFromDer(Convert.FromHexString(der), out _));

    private sealed class Fixed(byte[] bytes) : Org.BouncyCastle.Security.SecureRandom(new Source(bytes))
    {
        private sealed class Source(byte[] bytes) : Org.BouncyCastle.Crypto.Prng.IRandomGenerator
        {
            public void AddSeedMaterial(byte[] seed)
            {
            }

            public void AddSeedMaterial(ReadOnlySpan<byte> seed)
            {
            }

            public void AddSeedMaterial(long seed)
            {
            }

            public void NextBytes(byte[] into) => bytes.CopyTo(into, 0);

            public void NextBytes(byte[] into, int start, int length) => bytes.AsSpan(0, length).CopyTo(into.AsSpan(start));

            public void NextBytes(Span<byte> into) => bytes.AsSpan(0, into.Length).CopyTo(into);
        }
    }
}
