using System.Text;
using System.Text.Json;
using CityHub.Crypto;
using CityHub.Privacy;
using CsCheck;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class PseudonymTests
{
    [Fact]
    public void One_person_is_the_same_in_all_tables_of_a_release_and_another_in_each_other_release()
    {
        var visits = Table.Of(["patient", "day"], Enumerable.Range(0, 30).Select(i => new[] { IdNumber(i * 2), "mon" }));
        foreach (var use in new[] { Intl, Gm })
        {
            using var context = ReleaseContext();
            var people = new KeyedPseudonym("id", "person", use, 12).Apply(People, context);
            var joined = new KeyedPseudonym("patient", "person", use, 12).Apply(visits, context);
            for (var i = 0; i < 30; i++)
                Assert.Equal(people["id"][i * 2], joined["patient"][i]);
            Assert.Equal(60, people["id"].Distinct);

            var seen = new HashSet<string>(people["id"].Values);
            foreach (var scope in new[] { Scope with { Dataset = "school" }, Scope with { Purpose = "audit" }, Scope with { Receiver = "ministry" } })
            {
                using var other = ReleaseContext(scope);
                foreach (var pseudonym in new KeyedPseudonym("id", "person", use, 12).Apply(People, other)["id"].Values)
                    Assert.True(seen.Add(pseudonym));
            }

            using var same = ReleaseContext();
            foreach (var different in new[] { new KeyedPseudonym("id", "company", use, 12), new KeyedPseudonym("id", "person", use with { Version = 2 }, 12) })
            {
                foreach (var pseudonym in different.Apply(People, same)["id"].Values)
                    Assert.True(seen.Add(pseudonym));
            }
        }
    }

    [Fact]
    public void No_letter_moves_between_the_parts_of_a_scope()
    {
        Gen.Select(Gen.String[0, 4], Gen.String[0, 4], Gen.String[0, 4]).Sample(
            (a, b, c) => Assert.NotEqual(new ReleaseScope(a + "x", b, c).Bytes("i"), new ReleaseScope(a, "x" + b, c).Bytes("i")), iter: 200, threads: 1);
        Assert.NotEqual(new ReleaseScope("a", "b", "c").Bytes("d"), new ReleaseScope("a", "b", "cd").Bytes(""));
    }

    [Fact]
    public void Suites_give_different_pseudonyms_and_the_long_form_is_the_whole_mac()
    {
        using var context = ReleaseContext();
        var intl = new KeyedPseudonym("id", "person", Intl).Open(context)("a");
        Assert.Equal(64, intl.Length);
        Assert.NotEqual(intl, new KeyedPseudonym("id", "person", Gm).Open(context)("a"));

        // Independently: HMAC under a key derived by HMAC, with the scope in it.
        static byte[] Mac(byte[] key, byte[] data) => System.Security.Cryptography.HMACSHA256.HashData(key, data);
        byte[] scope = [0, 0, 0, 6, .. "clinic"u8, 0, 0, 0, 8, .. "research"u8, 0, 0, 0, 10, .. "university"u8, 0, 0, 0, 6, .. "person"u8];
        var key = Mac(Enumerable.Repeat((byte)1, 32).ToArray(), [.. "cityhub/derive/v1\0"u8, .. "deid/keyed-pseudonym\0"u8, .. scope]);
        Assert.Equal(Convert.ToHexStringLower(Mac(key, "a"u8.ToArray())), intl);
    }

    [Fact]
    public void Two_persons_with_one_short_pseudonym_are_refused_across_the_tables_of_a_release()
    {
        // 2^20 pseudonyms of 4 letters and 3,000 persons: about four pairs are expected.
        var many = Table.Of(["id"], Enumerable.Range(0, 3000).Select(i => new[] { "p" + i }));
        using var context = ReleaseContext();
        var refusal = Refused(() => new KeyedPseudonym("id", "person", Intl, 4).Apply(many, context));
        Assert.Equal(PrivacyCodes.TransformUnusable, refusal.Code);
        Assert.Equal("id", refusal.Column);
        Assert.InRange(refusal.Row ?? 0, 3, 3001);

        var single = Enumerable.Range(0, 3000).Select(i => Table.Of(["id"], [["p" + i]])).ToArray();
        using var apart = ReleaseContext();
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => Array.ForEach(single, one => new KeyedPseudonym("id", "person", Intl, 4).Apply(one, apart))).Code);

        using var enough = ReleaseContext();
        Assert.Equal(3000, new KeyedPseudonym("id", "person", Intl, 12).Apply(many, enough)["id"].Distinct);
    }

    [Fact]
    public void A_keyed_hash_joins_releases_and_needs_the_key()
    {
        using var one = ReleaseContext();
        using var other = ReleaseContext(Scope with { Receiver = "ministry" });
        using var stranger = ReleaseContext(key: 9);
        var hash = new KeyedHash("id", Gm);
        Assert.Equal(hash.Open(one)("a"), hash.Open(other)("a"));
        Assert.NotEqual(hash.Open(one)("a"), hash.Open(stranger)("a"));
        Assert.Contains("version 3", Refused(() => new KeyedHash("id", Gm with { Version = 3 }).Open(one)).Detail);
    }

    [Fact]
    public void Random_pseudonyms_come_from_a_table_that_alone_leads_back()
    {
        using var context = ReleaseContext();
        var transform = new RandomPseudonym("id", "person");
        var made = transform.Apply(People, context);
        Assert.Equal(60, made["id"].Distinct);
        Assert.All(made["id"].Values, value => Assert.Equal(10, value.Length));
        Assert.Equal(Cells(made, "id"), Cells(transform.Apply(People, context), "id"));

        var into = new MemoryStream();
        using (var json = new Utf8JsonWriter(into))
            context.Pseudonyms["person"].Write(json);
        var kept = PseudonymTable.Read(into.ToArray());
        using var later = new TransformContext { Pseudonyms = new Dictionary<string, PseudonymTable> { ["person"] = kept } };
        Assert.Equal(Cells(People, "id"), Cells(transform.Inverse().Apply(made, later), "id"));

        Assert.True(kept.Forget(People["id"][5]));
        var refusal = Refused(() => transform.Inverse().Apply(made, later));
        Assert.Equal((PrivacyCodes.TransformUnusable, 7L), (refusal.Code, refusal.Row));
        foreach (var bad in new[] { "", "{}", """{"length":4,"origins":{"ABC":"x"}}""", """{"length":4,"origins":{"ABCD":"x"}""", """{"length":4,"origins":{"ABCD":"x","ABCE":"x"}}""" })
            Assert.Equal(PrivacyCodes.SchemeUnreadable, Refused(() => PseudonymTable.Read(Encoding.UTF8.GetBytes(bad))).Code);
    }
}
