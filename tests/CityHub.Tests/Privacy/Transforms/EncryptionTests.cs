using System.Globalization;
using CityHub.Privacy;
using CsCheck;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class EncryptionTests
{
    [Fact]
    public void Format_preserving_encryption_keeps_length_alphabet_and_the_rest_and_comes_back()
    {
        using var context = ReleaseContext();
        var gen = from sm4 in Gen.Bool
                  from alphabet in Gen.OneOf(Gen.Const(FormatPreserving.Digits), Gen.Const("0123456789abcdefghijklmnopqrstuvwxyz"), Gen.Const("甲乙丙丁戊己庚辛壬癸子丑寅卯"), Gen.Const("01"))
                  from text in Gen.Char[alphabet].Array[24, 34]
                  from first in Gen.Int[0, 2]
                  from last in Gen.Int[0, 2]
                  from hyphen in Gen.Int[0, 20]
                  select (sm4, alphabet, text: new string(text).Insert(hyphen, "-"), first, last);
        gen.Sample(
            one =>
            {
                var transform = new FormatPreserving("x", "id", one.sm4 ? Gm : Intl, one.alphabet, one.first, one.last);
                var made = transform.Open(context)(one.text);
                Assert.Equal(one.text.Length, made.Length);
                Assert.NotEqual(one.text, made);
                Assert.Equal(one.text.IndexOf('-'), made.IndexOf('-'));
                Assert.All(made, c => Assert.True(c == '-' || one.alphabet.Contains(c)));
                var (before, after) = (one.text.Replace("-", ""), made.Replace("-", ""));
                Assert.Equal((before[..one.first], before[^one.last..]), (after[..one.first], after[^one.last..]));
                Assert.Equal(one.text, ((ValueTransform)transform.Inverse()).Open(context)(made));
            },
            iter: 100,
            threads: 1);
    }

    [Fact]
    public void It_is_a_permutation_that_another_scope_identity_or_prefix_changes()
    {
        using var context = ReleaseContext();
        using var other = ReleaseContext(Scope with { Receiver = "ministry" });
        var transform = new FormatPreserving("x", "phone", Gm, keepFirst: 3);
        var function = transform.Open(context);
        var images = Enumerable.Range(0, 2000).Select(i => function(string.Create(CultureInfo.InvariantCulture, $"138{i:00000000}"))).ToArray();
        Assert.Equal(2000, images.Distinct().Count());
        Assert.NotEqual(images[1], transform.Open(other)("13800000001"));
        Assert.NotEqual(images[1], new FormatPreserving("x", "fax", Gm, keepFirst: 3).Open(context)("13800000001"));
        Assert.NotEqual(images[1][3..], function("13900000001")[3..]);
    }

    [Fact]
    public void Fewer_than_a_million_possibilities_are_refused_with_the_row()
    {
        using var context = ReleaseContext();
        var table = Table.Of(["pin"], ["123456"], ["12345"]);
        var refusal = Refused(() => new FormatPreserving("pin", "pin", Intl).Apply(table, context));
        Assert.Equal((PrivacyCodes.TransformUnusable, "pin", 3L), (refusal.Code, refusal.Column, refusal.Row));
        Assert.DoesNotContain("12345", refusal.Detail);
        Assert.Contains("1000 numbers", Refused(() => _ = new IdNumberEncryption("id", "person", Intl, keepRegion: 6, keepBirth: 8)).Detail);
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => _ = new IdNumberEncryption("id", "person", Intl, keepRegion: 6, keepBirth: 4, keepSex: true)).Code);
    }

    [Fact]
    public void An_id_number_stays_one_with_what_is_asked_for_kept_and_comes_back()
    {
        using var context = ReleaseContext();
        Assert.True(IdNumberEncryption.IsValid("11010519491231002X")); // the example of GB 11643
        Assert.False(IdNumberEncryption.IsValid("110105194912310021"));
        var day = Gen.Int[0, 73_048].Select(days => new DateOnly(1900, 1, 1).AddDays(days));
        Gen.Select(Gen.Int[0, 999_999], day, Gen.Int[0, 999], Gen.OneOf(Gen.Const(0), Gen.Const(2), Gen.Const(4), Gen.Const(6)), Gen.OneOf(Gen.Const(0), Gen.Const(4), Gen.Const(8)), Gen.Bool, Gen.Bool).Sample(
            (region, birth, sequence, keepRegion, keepBirth, keepSex, sm4) =>
            {
                if ((keepRegion == 6 && keepBirth > 0) || (keepRegion == 4 && keepBirth == 8))
                    return;
                var number = string.Create(CultureInfo.InvariantCulture, $"{region:000000}{birth:yyyyMMdd}{sequence:000}");
                number += IdNumberEncryption.Check(number);
                var transform = new IdNumberEncryption("id", "person", sm4 ? Gm : Intl, keepRegion, keepBirth, keepSex);
                var made = transform.Open(context)(number);
                Assert.True(IdNumberEncryption.IsValid(made), made);
                Assert.Equal(number[..keepRegion], made[..keepRegion]);
                Assert.Equal(number[6..(6 + keepBirth)], made[6..(6 + keepBirth)]);
                if (keepSex)
                    Assert.Equal(number[16] % 2, made[16] % 2);
                Assert.Equal(number, ((ValueTransform)transform.Inverse()).Open(context)(made));
            },
            iter: 100,
            threads: 1);
        Assert.Contains("region", new IdNumberEncryption("id", "person", Gm, keepRegion: 2).Keeps);
        Assert.DoesNotContain("region", new IdNumberEncryption("id", "person", Gm).Keeps);
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => new IdNumberEncryption("id", "person", Gm).Open(context)("110105194912310021")).Code);
    }

    [Fact]
    public void Deterministic_encryption_keeps_equality_within_a_scope_and_refuses_what_is_not_its_own()
    {
        using var context = ReleaseContext();
        using var other = ReleaseContext(Scope with { Purpose = "audit" });
        foreach (var use in new[] { Intl, Gm })
        {
            var transform = new DeterministicEncryption("x", "person", use);
            var back = (ValueTransform)transform.Inverse();
            Gen.String[1, 40].Where(text => text.EnumerateRunes().All(rune => rune.Value != 0xfffd)).Sample(
                text =>
                {
                    var made = transform.Open(context)(text);
                    Assert.Equal(made, transform.Open(context)(text));
                    Assert.NotEqual(made, transform.Open(other)(text));
                    Assert.Equal(text, back.Open(context)(made));
                    Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => back.Open(other)(made)).Code);
                },
                iter: 50,
                threads: 1);
            Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => back.Open(context)("not base64 !")).Code);
        }
    }

    [Fact]
    public void Order_preserving_encryption_keeps_the_order_and_comes_back()
    {
        using var context = ReleaseContext();
        var transform = new OrderPreserving("x", "age", Gm, -50, 1_000_000_000);
        var (forward, back) = (transform.Open(context), ((ValueTransform)transform.Inverse()).Open(context));
        Gen.Select(Gen.Int[-50, 1_000_000_000], Gen.Int[-50, 1_000_000_000]).Sample(
            (a, b) =>
            {
                var (x, y) = (Encrypted(a), Encrypted(b));
                Assert.Equal(a.CompareTo(b), x.CompareTo(y));
                Assert.Equal(Math.Sign(a.CompareTo(a + 1 > 1_000_000_000 ? a : a + 1)), Math.Sign(x.CompareTo(Encrypted(Math.Min(a + 1, 1_000_000_000)))));
                Assert.Equal(a.ToString(CultureInfo.InvariantCulture), back(x.ToString(CultureInfo.InvariantCulture)));
            },
            iter: 100,
            threads: 1);
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => forward("1000000001")).Code);
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => forward("12.5")).Code);

        long Encrypted(int number) => long.Parse(forward(number.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
    }

    [Fact]
    public void A_null_stays_a_null_in_every_transform_of_single_values()
    {
        using var context = ReleaseContext();
        foreach (var transform in OfEachKind.OfType<ValueTransform>())
            Assert.Equal("", transform.Open(context)(""));
    }
}
