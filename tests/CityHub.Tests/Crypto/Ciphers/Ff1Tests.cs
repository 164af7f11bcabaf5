using CityHub.Crypto;
using CsCheck;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Fpe;
using Org.BouncyCastle.Crypto.Parameters;

namespace CityHub.Tests.Crypto;

public sealed class Ff1Tests
{
    private const string Letters = "0123456789abcdefghijklmnopqrstuvwxyz";

    private const string Key128 = "2B7E151628AED2A6ABF7158809CF4F3C", Key192 = Key128 + "EF4359D8D580AA4F", Key256 = Key192 + "7F036D6F04FC6A94";

    /// <summary>The nine samples that NIST gives for FF1 of SP 800-38G.</summary>
    [Theory]
    [InlineData(Key128, "", 10, "0123456789", "2433477484")]
    [InlineData(Key128, "39383736353433323130", 10, "0123456789", "6124200773")]
    [InlineData(Key128, "3737373770717273373737", 36, "0123456789abcdefghi", "a9tv40mll9kdu509eum")]
    [InlineData(Key192, "", 10, "0123456789", "2830668132")]
    [InlineData(Key192, "39383736353433323130", 10, "0123456789", "2496655549")]
    [InlineData(Key192, "3737373770717273373737", 36, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr")]
    [InlineData(Key256, "", 10, "0123456789", "6657667009")]
    [InlineData(Key256, "39383736353433323130", 10, "0123456789", "1001623463")]
    [InlineData(Key256, "3737373770717273373737", 36, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd")]
    public void It_gives_the_samples_of_the_standard(string key, string tweak, int radix, string text, string expected)
    {
        var cipher = key.Length switch { 32 => BlockCiphers.Aes128, 48 => BlockCiphers.Aes192, _ => BlockCiphers.Aes256 };
        using var handle = cipher.Open(Convert.FromHexString(key));
        var ff1 = new Ff1(handle, radix);
        var numerals = text.Select(c => (ushort)Letters.IndexOf(c)).ToArray();
        ff1.Encrypt(numerals, Convert.FromHexString(tweak));
        Assert.Equal(expected, string.Concat(numerals.Select(one => Letters[one])));
        ff1.Decrypt(numerals, Convert.FromHexString(tweak));
        Assert.Equal(text, string.Concat(numerals.Select(one => Letters[one])));
    }

    [Fact]
    public void Any_text_comes_back_and_agrees_with_another_implementation_with_aes_and_sm4()
    {
        var gen = from sm4 in Gen.Bool
                  from radix in Gen.OneOf(Gen.Int[2, 256], Gen.Const(2), Gen.Const(10), Gen.Const(36), Gen.Const(256))
                  let limits = Limits(radix)
                  from length in Gen.Int[limits.Min, limits.Max]
                  from numerals in Gen.Int[0, radix - 1].Array[length]
                  from tweak in Gen.Byte.Array[0, 40]
                  from key in Gen.Byte.Array[16]
                  select (sm4, radix, numerals, tweak, key);
        gen.Sample(
            one =>
            {
                using var handle = (one.sm4 ? BlockCiphers.Sm4 : BlockCiphers.Aes128).Open(one.key);
                var ff1 = new Ff1(handle, one.radix);
                var mine = one.numerals.Select(n => (ushort)n).ToArray();
                ff1.Encrypt(mine, one.tweak);

                IBlockCipher engine = one.sm4 ? new SM4Engine() : new AesEngine();
                var theirs = new FpeFf1Engine(engine);
                theirs.Init(true, new FpeParameters(new KeyParameter(one.key), one.radix, one.tweak));
                var expected = new byte[one.numerals.Length];
                theirs.ProcessBlock(one.numerals.Select(n => (byte)n).ToArray(), 0, one.numerals.Length, expected, 0);
                Assert.Equal(expected.Select(b => (ushort)b), mine);

                ff1.Decrypt(mine, one.tweak);
                Assert.Equal(one.numerals.Select(n => (ushort)n), mine);
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public void A_domain_of_less_than_a_million_is_refused()
    {
        using var handle = BlockCiphers.Sm4.Open(new byte[16]);
        Assert.Equal(6, new Ff1(handle, 10).MinLength);
        Assert.Equal(20, new Ff1(handle, 2).MinLength);
        Assert.Equal(4, new Ff1(handle, 36).MinLength);
        Assert.Throws<ArgumentException>(() => new Ff1(handle, 10).Encrypt(new ushort[5], default));
        Assert.Throws<ArgumentException>(() => new Ff1(handle, 10).Encrypt(new ushort[] { 1, 2, 3, 4, 5, 10 }, default));
    }

    private static (int Min, int Max) Limits(int radix)
    {
        using var handle = BlockCiphers.Sm4.Open(new byte[16]);
        var ff1 = new Ff1(handle, radix);
        return (ff1.MinLength, ff1.MaxLength);
    }
}
