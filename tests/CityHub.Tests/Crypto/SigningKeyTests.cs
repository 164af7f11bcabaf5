using CityHub.Crypto;

namespace CityHub.Tests.Crypto;

public sealed class SigningKeyTests
{
    public static TheoryData<SignatureAlgorithm> Algorithms => [.. Enum.GetValues<SignatureAlgorithm>()];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_key_signs_and_verifies_for_many_threads_at_once(SignatureAlgorithm algorithm)
    {
        using var key = SigningKeys.Generate(algorithm);
        var good = 0;
        Parallel.For(0, 24, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, i =>
        {
            byte[] message = [(byte)i, .. new byte[i * 40]];
            if (key.Public.Verify(message, key.Sign(message)))
                Interlocked.Increment(ref good);
        });
        Assert.Equal(24, good);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Sizes_are_as_stated_and_no_message_is_too_long_or_too_short(SignatureAlgorithm algorithm)
    {
        using var key = SigningKeys.Generate(algorithm);
        Assert.Equal(algorithm.PublicKeySize(), key.Public.Bytes.Length);
        foreach (var length in new[] { 0, 1, 511, 512, 513, 100_000 })
        {
            var message = new byte[length];
            var signature = key.Sign(message);
            Assert.Equal(algorithm.SignatureSize(), signature.Length);
            Assert.True(key.Public.Verify(message, signature));
            Assert.False(key.Public.Verify(new byte[length + 1], signature));
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_secret_of_another_length_is_refused(SignatureAlgorithm algorithm)
    {
        Assert.Throws<FormatException>(() => SigningKeys.FromSecret(algorithm, new byte[31]));
        Assert.Throws<FormatException>(() => SigningKeys.FromSecret(algorithm, new byte[33]));
        Assert.Throws<FormatException>(() => SigningKeys.FromSecret(algorithm, []));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_signature_or_key_of_another_algorithm_is_refused(SignatureAlgorithm algorithm)
    {
        using var key = SigningKeys.Generate(algorithm);
        foreach (var other in Enum.GetValues<SignatureAlgorithm>().Where(other => other != algorithm))
        {
            using var foreign = SigningKeys.Generate(other);
            Assert.False(key.Public.Verify("m"u8, foreign.Sign("m"u8)));
            Assert.False(VerificationKeys.TryParse(algorithm, foreign.Public.Bytes.Span, out _, out _));
        }
    }

    [Fact]
    public void An_algorithm_is_found_by_its_word_and_by_nothing_else()
    {
        foreach (var algorithm in Enum.GetValues<SignatureAlgorithm>())
        {
            Assert.True(SignatureAlgorithms.TryParse(algorithm.Word(), out var found));
            Assert.Equal(algorithm, found);
        }

        foreach (var word in new[] { null, "", "none", "Ed25519", "ED25519", "ml-dsa-65", "rsa", "sm2 ", "1" })
            Assert.False(SignatureAlgorithms.TryParse(word, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => SigningKeys.FromSecret(default, new byte[32]));
        Assert.Throws<ArgumentOutOfRangeException>(() => VerificationKeys.Parse((SignatureAlgorithm)9, new byte[32]));
    }

    [Fact]
    public void A_key_that_was_made_is_another_one_each_time()
    {
        var keys = Enumerable.Range(0, 20).Select(_ => Convert.ToHexString(SigningKeys.Generate(SignatureAlgorithm.Ed25519).Public.Bytes.Span));
        Assert.Equal(20, keys.Distinct(StringComparer.Ordinal).Count());
    }
}
