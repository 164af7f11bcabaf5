using CityHub.Crypto;

namespace CityHub.Tests.Crypto;

public sealed class CipherTests
{
    [Fact]
    public void Sm4_gives_the_examples_of_its_standard()
    {
        // GB/T 32907, A.1 and A.2.
        var key = Convert.FromHexString("0123456789abcdeffedcba9876543210");
        using var sm4 = BlockCiphers.Sm4.Open(key);
        var block = new byte[16];
        sm4.Encrypt(key, block);
        Assert.Equal("681edf34d206965e86b3e94f536e4246", Convert.ToHexStringLower(block));
        sm4.Decrypt(block, block);
        Assert.Equal(key, block);
        for (var i = 0; i < 1_000_000; i++)
            sm4.Encrypt(block, block);
        Assert.Equal("595298c7c6fd271f0402f804c33d3f66", Convert.ToHexStringLower(block));
    }

    [Fact]
    public void Aes_gives_the_example_of_its_standard()
    {
        // FIPS 197, C.1 and C.3.
        var text = Convert.FromHexString("00112233445566778899aabbccddeeff");
        var block = new byte[16];
        using var aes128 = BlockCiphers.Aes128.Open(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"));
        aes128.Encrypt(text, block);
        Assert.Equal("69c4e0d86a7b0430d8cdb78070b4c55a", Convert.ToHexStringLower(block));
        using var aes256 = BlockCiphers.Aes256.Open(Convert.FromHexString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
        aes256.Encrypt(text, block);
        Assert.Equal("8ea2b7ca516745bfeafc49904b496089", Convert.ToHexStringLower(block));
        aes256.Decrypt(block, block);
        Assert.Equal(text, block);
    }

    [Fact]
    public void A_disposed_key_encrypts_nothing()
    {
        foreach (var cipher in new[] { BlockCiphers.Sm4, BlockCiphers.Aes128 })
        {
            var key = cipher.Open(new byte[16]);
            key.Encrypt(new byte[16], new byte[16]);
            key.Dispose();
            Assert.ThrowsAny<Exception>(() => key.Encrypt(new byte[16], new byte[16]));
        }
    }

    [Fact]
    public void Siv_gives_the_example_of_its_rfc_and_refuses_a_changed_byte()
    {
        // RFC 5297, A.1.
        using var mac = BlockCiphers.Aes128.Open(Convert.FromHexString("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0"));
        using var counter = BlockCiphers.Aes128.Open(Convert.FromHexString("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
        var siv = new Siv(mac, counter);
        var header = Convert.FromHexString("101112131415161718191a1b1c1d1e1f2021222324252627");
        var text = Convert.FromHexString("112233445566778899aabbccddee");
        var sealedText = siv.Seal(header, text);
        Assert.Equal("85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c", Convert.ToHexStringLower(sealedText));
        Assert.Equal(text, siv.Open(header, sealedText));
        for (var i = 0; i < sealedText.Length; i++)
        {
            sealedText[i] ^= 1;
            Assert.Null(siv.Open(header, sealedText));
            sealedText[i] ^= 1;
        }

        Assert.Null(siv.Open(header.AsSpan(1), sealedText));
    }

    [Fact]
    public void Siv_opens_what_it_sealed_at_every_length_with_both_ciphers()
    {
        foreach (var cipher in new[] { BlockCiphers.Sm4, BlockCiphers.Aes256 })
        {
            using var mac = cipher.Open(Enumerable.Range(0, cipher.KeySize).Select(i => (byte)i).ToArray());
            using var counter = cipher.Open(Enumerable.Range(100, cipher.KeySize).Select(i => (byte)i).ToArray());
            var siv = new Siv(mac, counter);
            for (var length = 0; length < 70; length++)
            {
                var text = new byte[length];
                text.AsSpan().Fill((byte)length);
                var sealedText = siv.Seal("h"u8, text);
                Assert.Equal(sealedText, siv.Seal("h"u8, text));
                Assert.Equal(text, siv.Open("h"u8, sealedText));
            }
        }
    }

    [Fact]
    public void A_derived_key_depends_on_its_purpose_and_its_function()
    {
        using var key = SecretKeys.Of(new byte[32]);
        var seen = new HashSet<string>();
        foreach (var mac in new[] { MacFunctions.HmacSha256, MacFunctions.HmacSm3 })
        {
            foreach (var purpose in new[] { "a", "b" })
            {
                using var derived = key.Derive(mac, System.Text.Encoding.UTF8.GetBytes(purpose));
                var tag = new byte[32];
                derived.Mac(MacFunctions.HmacSha256, "x"u8, tag);
                Assert.True(seen.Add(Convert.ToHexStringLower(tag)));
            }
        }
    }
}
