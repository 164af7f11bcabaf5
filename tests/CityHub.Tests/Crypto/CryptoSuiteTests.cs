using CityHub.Crypto;

namespace CityHub.Tests.Crypto;

public sealed class CryptoSuiteTests
{
    [Fact]
    public void A_suite_is_what_its_id_says()
    {
        Assert.Equal(("intl", "SHA-256", SignatureAlgorithm.Ed25519, "HMAC-SHA-256"), Of(CryptoSuite.Intl));
        Assert.Equal(("gm", "SM3", SignatureAlgorithm.Sm2, "HMAC-SM3"), Of(CryptoSuite.Gm));
        Assert.Equal(SignatureAlgorithm.MlDsa44, CryptoSuite.Intl.SecondSignature);
        Assert.Null(CryptoSuite.Gm.SecondSignature);

        static (string, string, SignatureAlgorithm, string) Of(CryptoSuite suite) => (suite.Id, suite.Hash.Name, suite.Signature, suite.Mac.Name);
    }

    [Fact]
    public void Every_suite_is_found_by_its_id()
    {
        foreach (var suite in CryptoSuite.All)
        {
            Assert.True(CryptoSuite.TryParse(suite.Id, out var found));
            Assert.Same(suite, found);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("null")]
    [InlineData("INTL")]
    [InlineData("Gm")]
    [InlineData(" intl")]
    [InlineData("intl ")]
    [InlineData("intl\n")]
    [InlineData("intl\0")]
    [InlineData("ｇｍ")]
    [InlineData("intl-sha1")]
    [InlineData("md5")]
    [InlineData("rsa1024")]
    [InlineData("gm+intl")]
    [InlineData("intl,gm")]
    public void A_suite_that_does_not_exist_is_not_found_and_not_accepted(string? id)
    {
        Assert.False(CryptoSuite.TryParse(id, out _));
        foreach (var suite in CryptoSuite.All)
        {
            Assert.False(suite.Accepts(id, out var why));
            Assert.StartsWith($"The suite {suite.Id} is expected here", why, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_suite_does_not_pass_for_the_other()
    {
        Assert.True(CryptoSuite.Gm.Accepts("gm", out _));
        Assert.False(CryptoSuite.Gm.Accepts("intl", out _));
        Assert.False(CryptoSuite.Intl.Accepts("gm", out _));
    }

    [Fact]
    public void A_good_signature_of_another_algorithm_is_refused()
    {
        foreach (var suite in CryptoSuite.All)
        {
            foreach (var algorithm in Enum.GetValues<SignatureAlgorithm>())
            {
                using var key = SigningKeys.Generate(algorithm);
                var signature = key.Sign("m"u8);
                Assert.True(key.Public.Verify("m"u8, signature));
                Assert.Equal(algorithm == suite.Signature, suite.Verify(key.Public, "m"u8, signature));
            }
        }
    }

    [Theory]
    [InlineData("intl", "intl")]
    [InlineData("intl", "intl gm")]
    [InlineData("gm", "gm")]
    [InlineData("gm+intl", "intl gm")]
    public void What_carries_every_required_suite_is_accepted(string required, string presented) => Assert.True(Requirement(required).IsMetBy(presented.Split(' '), out _));

    [Theory]
    [InlineData("intl", "", "The suite intl is required here, and what is there is none.")]
    [InlineData("intl", "gm", "The suite intl is required here, and what is there is gm.")]
    [InlineData("gm", "intl", "The suite gm is required here, and what is there is intl.")]
    [InlineData("gm+intl", "intl", "The suite gm is required here, and what is there is intl.")]
    [InlineData("gm+intl", "gm", "The suite intl is required here, and what is there is gm.")]
    [InlineData("intl", "intl none", "There is no suite \"none\".")]
    [InlineData("intl", "intl INTL", "There is no suite \"INTL\".")]
    [InlineData("gm+intl", "gm sha1", "There is no suite \"sha1\".")]
    public void What_lacks_a_required_suite_or_brings_an_unknown_one_is_refused(string required, string presented, string because)
    {
        Assert.False(Requirement(required).IsMetBy(presented.Split(' ', StringSplitOptions.RemoveEmptyEntries), out var why));
        Assert.Equal(because, why);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("any")]
    [InlineData("intl+gm")]
    [InlineData("gm|intl")]
    [InlineData("gm+intl+weak")]
    public void A_requirement_that_is_not_one_of_three_is_refused(string? text) => Assert.False(SuiteRequirement.TryParse(text, out _));

    private static SuiteRequirement Requirement(string text)
    {
        Assert.True(SuiteRequirement.TryParse(text, out var requirement));
        Assert.Equal(text, requirement.ToString());
        return requirement;
    }
}
