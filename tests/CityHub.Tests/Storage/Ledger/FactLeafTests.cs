using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Crypto;
using CityHub.Storage.Ledger;
using CsCheck;

namespace CityHub.Tests.Storage.Ledger;

public sealed class FactLeafTests
{
    private static readonly byte[] Salt = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static Fact Said(string payload, string stream = "entities", string type = "EntityUpdated") =>
        new(7, stream, 3, type, new DateTimeOffset(2026, 11, 23, 7, 29, 21, TimeSpan.FromHours(8)).AddTicks(5_080_390), Encoding.UTF8.GetBytes(payload)) { Salt = Salt };

    [Fact]
    public void A_leaf_says_what_kind_of_fact_and_commits_to_the_rest()
    {
        var commitment = Convert.ToHexStringLower(SHA256.HashData([.. Salt, .. "{\"id\":\"urn:x:1\"}"u8]));
        Assert.Equal(
            $$$"""{"at":"2026-11-22T23:29:21.508039Z","commitment":{"SHA-256":"{{{commitment}}}"},"position":7,"stream":"entities","type":"EntityUpdated","version":3}""",
            Encoding.UTF8.GetString(new FactLeaf(HashFunctions.Sha256).Write(Said("{\"id\":\"urn:x:1\"}"))));
    }

    [Fact]
    public void Any_time_is_written_in_UTC_to_the_tick_and_without_zeros_at_its_end() =>
        Gen.Select(Gen.Long[0, DateTimeOffset.MaxValue.Ticks - TimeSpan.TicksPerDay], Gen.Int[0, 7], Gen.Int[-12, 12]).Sample((ticks, digits, hours) =>
        {
            var step = (long)Math.Pow(10, digits);
            var at = new DateTimeOffset(Math.Max(ticks / step * step, TimeSpan.TicksPerDay), TimeSpan.Zero).ToOffset(TimeSpan.FromHours(hours));
            var leaf = Encoding.UTF8.GetString(new FactLeaf(HashFunctions.Sha256).Write(new Fact(1, "s", 1, "T", at, Encoding.UTF8.GetBytes("{}")) { Salt = Salt }));
            Assert.StartsWith($"{{\"at\":\"{at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", System.Globalization.CultureInfo.InvariantCulture)}\",", leaf, StringComparison.Ordinal);
        });

    [Fact]
    public void Each_tree_has_its_commitment()
    {
        var leaf = JsonDocument.Parse(new FactLeaf(HashFunctions.Sm3, HashFunctions.Sha256).Write(Said("x"))).RootElement.GetProperty("commitment");
        Assert.Equal(["SHA-256", "SM3"], leaf.EnumerateObject().Select(p => p.Name));
        Assert.True(Commitment.Opens(HashFunctions.Sm3, Convert.FromHexString(leaf.GetProperty("SM3").GetString() ?? ""), Salt, "x"u8));
    }

    [Fact]
    public void The_subjects_of_an_act_stand_in_its_leaf_and_nothing_else_of_it()
    {
        const string Act = """{"what":{"name":"secret words"},"subjects":["aa","bb"],"sealed":[]}""";
        var leaf = Encoding.UTF8.GetString(new FactLeaf(HashFunctions.Sha256).Write(Said(Act, "acts", "DataAccessed")));
        Assert.Contains("\"stream\":\"acts\",\"subjects\":[\"aa\",\"bb\"],\"type\":\"DataAccessed\"", leaf, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", leaf, StringComparison.Ordinal);
        Assert.DoesNotContain("subjects", Encoding.UTF8.GetString(new FactLeaf(HashFunctions.Sha256).Write(Said(Act))), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_name_gives_canonical_JSON_that_reads_back() =>
        Gen.Select(Gen.String, Gen.String).Sample((stream, type) =>
        {
            if (Acts.IsActs(stream) || Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(stream + type)) != stream + type)
                return;
            var leaf = new FactLeaf(HashFunctions.Sha256).Write(Said("{}", stream, type));
            using var json = JsonDocument.Parse(leaf);
            Assert.Equal((stream, type), (json.RootElement.GetProperty("stream").GetString(), json.RootElement.GetProperty("type").GetString()));
            var names = json.RootElement.EnumerateObject().Select(p => p.Name).ToList();
            Assert.Equal(names.Order(StringComparer.Ordinal), names);
            Assert.DoesNotContain((byte)' ', leaf.AsSpan(0, 5).ToArray());
        });

    [Fact]
    public void Another_salt_is_another_commitment_and_none_is_an_error()
    {
        var leaf = new FactLeaf(HashFunctions.Sha256);
        Assert.NotEqual(leaf.Write(Said("x")), leaf.Write(Said("x") with { Salt = new byte[32] }));
        Assert.Throws<ArgumentException>(() => leaf.Write(Said("x") with { Salt = default }));
    }
}
