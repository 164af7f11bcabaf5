using CityHub.Crypto;

namespace CityHub.Tests.Crypto;

public sealed class PublicKeyPemTests
{
    [Theory]
    [InlineData(SignatureAlgorithm.Ed25519)]
    [InlineData(SignatureAlgorithm.MlDsa44)]
    [InlineData(SignatureAlgorithm.Sm2)]
    public void A_public_key_is_the_same_after_pem_and_back(SignatureAlgorithm algorithm)
    {
        using var key = SigningKeys.Generate(algorithm);
        var pem = PublicKeyPem.Write(key.Public);
        Assert.True(PublicKeyPem.TryRead(pem, out var back, out _));
        Assert.Equal((algorithm, Convert.ToHexString(key.Public.Bytes.Span)), (back.Algorithm, Convert.ToHexString(back.Bytes.Span)));
    }

    /// <summary>RFC 8410, 10.1.</summary>
    [Fact]
    public void The_example_of_the_rfc_is_read()
    {
        Assert.True(PublicKeyPem.TryRead("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n", out var key, out _));
        Assert.Equal("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1", Convert.ToHexStringLower(key.Bytes.Span));
    }

    [Theory]
    [InlineData("", "BEGIN PUBLIC KEY")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PRIVATE KEY-----\n", "BEGIN PUBLIC KEY")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZg==\n-----END PUBLIC KEY-----\n", "32 bytes")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n", "none of the algorithms")]
    [InlineData("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "none of the algorithms")]
    public void What_is_not_a_key_of_ours_is_refused(string pem, string because)
    {
        Assert.False(PublicKeyPem.TryRead(pem, out _, out var why));
        Assert.Contains(because, why, StringComparison.Ordinal);
    }
}
