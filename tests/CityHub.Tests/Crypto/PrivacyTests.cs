using System.Security.Cryptography;
using CityHub.Crypto;
using CsCheck;

namespace CityHub.Tests.Crypto;

public sealed class PrivacyTests
{
    public static TheoryData<string> Suites => [.. CryptoSuite.All.Select(suite => suite.Id)];

    [Theory]
    [MemberData(nameof(Suites))]
    public void A_commitment_is_the_hash_of_salt_and_field_and_opens_to_nothing_else(string id)
    {
        Assert.True(CryptoSuite.TryParse(id, out var suite));
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[0, 700], Gen.Int[0, 255]).Sample(
            (salt, field, bit) =>
            {
                var commitment = Commitment.Make(suite.Hash, salt, field);
                if (!commitment.AsSpan().SequenceEqual(suite.Hash.Hash([.. salt, .. field])) || !Commitment.Opens(suite.Hash, commitment, salt, field))
                    return false;
                var otherSalt = (byte[])salt.Clone();
                otherSalt[bit >> 3] ^= (byte)(1 << (bit & 7));
                var otherCommitment = (byte[])commitment.Clone();
                otherCommitment[bit >> 3] ^= (byte)(1 << (bit & 7));
                return !Commitment.Opens(suite.Hash, commitment, otherSalt, field) && !Commitment.Opens(suite.Hash, commitment, salt, [.. field, 0])
                    && !Commitment.Opens(suite.Hash, otherCommitment, salt, field) && !Commitment.Opens(suite.Hash, commitment.AsSpan(0, 31), salt, field);
            },
            iter: 200);
    }

    [Fact]
    public void No_byte_moves_between_the_salt_and_the_field()
    {
        var whole = RandomNumberGenerator.GetBytes(40);
        var commitment = Commitment.Make(HashFunctions.Sha256, whole.AsSpan(0, 32), whole.AsSpan(32));
        for (var cut = 0; cut <= whole.Length; cut++)
            Assert.Equal(cut == 32, Commitment.Opens(HashFunctions.Sha256, commitment, whole.AsSpan(0, cut), whole.AsSpan(cut)));
        Assert.Throws<ArgumentException>(() => Commitment.Make(HashFunctions.Sha256, whole.AsSpan(0, 31), whole.AsSpan(31)));
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void A_person_has_one_tag_for_a_purpose_and_unrelated_ones_for_others(string id)
    {
        Assert.True(CryptoSuite.TryParse(id, out var suite));
        var key = RandomNumberGenerator.GetBytes(32);
        var tag = SubjectTag.Make(suite.Mac, key, "shuzhou.example/audit"u8);
        Assert.Equal(tag, SubjectTag.Make(suite.Mac, key, "shuzhou.example/audit"u8));
        Assert.NotEqual(tag, SubjectTag.Make(suite.Mac, key, "shuzhou.example/health"u8));
        Assert.NotEqual(tag, SubjectTag.Make(suite.Mac, RandomNumberGenerator.GetBytes(32), "shuzhou.example/audit"u8));
        Assert.True(suite.Mac.Verify(key, "cityhub/subject-tag/v1\0shuzhou.example/audit"u8, tag));
        Assert.Equal(32, SubjectTag.Make(suite.Mac, key, new byte[1000]).Length);
        Assert.Throws<ArgumentException>(() => SubjectTag.Make(suite.Mac, key.AsSpan(0, 16), "x"u8));
    }
}
