using System.Security.Cryptography;
using CityHub.Crypto;
using CsCheck;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace CityHub.Tests.Crypto;

public sealed class HashFunctionTests
{
    /// <summary>GB/T 32905-2016, A.1 and A.2, and the empty message.</summary>
    [Theory]
    [InlineData("616263", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")]
    [InlineData(
        "61626364616263646162636461626364616263646162636461626364616263646162636461626364616263646162636461626364616263646162636461626364",
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")]
    [InlineData("", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b")]
    public void Sm3_is_as_the_standard_shows(string data, string hash) =>
        Assert.Equal(hash, Convert.ToHexStringLower(HashFunctions.Sm3.Hash(Convert.FromHexString(data))));

    [Fact]
    public void Sha256_is_as_the_standard_shows() =>
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Convert.ToHexStringLower(HashFunctions.Sha256.Hash("abc"u8)));

    [Fact]
    public void A_hash_is_the_same_in_one_piece_in_two_and_in_many() =>
        Gen.Select(Gen.Byte.Array[0, 1500], Gen.Int[0, 1500], Gen.Int[1, 200]).Sample(
            (data, cut, piece) =>
            {
                cut = Math.Min(cut, data.Length);
                foreach (var function in new[] { HashFunctions.Sha256, HashFunctions.Sm3 })
                {
                    var expected = function == HashFunctions.Sm3 ? Sm3(data) : SHA256.HashData(data);
                    var two = new byte[32];
                    function.Hash(data.AsSpan(0, cut), data.AsSpan(cut), two);
                    var many = new byte[32];
                    using (var running = function.Start())
                    {
                        running.Append("what went before is forgotten"u8);
                        running.Finish(many);
                        for (var i = 0; i < data.Length; i += piece)
                            running.Append(data.AsSpan(i, Math.Min(piece, data.Length - i)));
                        running.Finish(many);
                    }

                    if (!expected.AsSpan().SequenceEqual(function.Hash(data)) || !expected.AsSpan().SequenceEqual(two) || !expected.AsSpan().SequenceEqual(many))
                        return false;
                }

                return true;
            },
            iter: 500);

    [Fact]
    public void A_hash_may_be_written_over_what_was_hashed()
    {
        foreach (var function in new[] { HashFunctions.Sha256, HashFunctions.Sm3 })
        {
            var data = Enumerable.Range(0, 64).Select(i => (byte)i).ToArray();
            var expected = function.Hash(data);
            function.Hash(data, data);
            Assert.Equal(expected, data[..32]);
        }
    }

    /// <summary>RFC 4231, case 2.</summary>
    [Fact]
    public void Hmac_sha256_is_as_the_rfc_shows()
    {
        var mac = new byte[32];
        MacFunctions.HmacSha256.Compute("Jefe"u8, "what do ya want for nothing?"u8, mac);
        Assert.Equal("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", Convert.ToHexStringLower(mac));
    }

    [Fact]
    public void Hmac_sm3_is_what_another_implementation_computes() =>
        Gen.Select(Gen.Byte.Array[1, 150], Gen.Byte.Array[0, 300]).Sample(
            (key, data) =>
            {
                var theirs = new HMac(new SM3Digest());
                theirs.Init(new KeyParameter(key));
                theirs.BlockUpdate(data, 0, data.Length);
                var expected = new byte[32];
                theirs.DoFinal(expected, 0);
                var ours = new byte[32];
                MacFunctions.HmacSm3.Compute(key, data, ours);
                return expected.AsSpan().SequenceEqual(ours) && MacFunctions.HmacSm3.Verify(key, data, expected) && !MacFunctions.HmacSm3.Verify(key, [.. data, 1], expected)
                    && !MacFunctions.HmacSm3.Verify(key, data, expected.AsSpan(0, 31));
            },
            iter: 300);

    private static byte[] Sm3(byte[] data)
    {
        var digest = new SM3Digest();
        digest.BlockUpdate(data, 0, data.Length);
        var hash = new byte[32];
        digest.DoFinal(hash, 0);
        return hash;
    }
}
