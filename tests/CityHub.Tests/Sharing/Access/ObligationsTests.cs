using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Grains;
using CityHub.Sharing.Access;
using CsCheck;

namespace CityHub.Tests.Sharing.Access;

/// <summary>The meet of obligations: no order and no repetition of grants, datasets and purposes changes what binds.</summary>
public sealed class ObligationsTests
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    private static readonly Gen<ImmutableSortedSet<string>?> AnyFields = Gen.Int[-1, 15].Select(bits => bits < 0 ? null : Names.Where((_, i) => (bits >> i & 1) != 0).ToImmutableSortedSet(StringComparer.Ordinal));
    private static readonly Gen<RowRule> AnyRule = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[1, 3]).Select((field, test, values) => new RowRule(Names[field], (RowTest)test, [.. Names.Take(values)]));
    private static readonly Gen<Grain> AnyGrain = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 7], Gen.Int[0, 3]).Select((time, space, entity) => new Grain((TimeGrain)time, (SpaceGrain)space, (EntityGrain)entity));
    private static readonly Gen<ImmutableSortedDictionary<string, MaskKind>> AnyMasks = Gen.Int[0, 5].Array[0, 4].Select(kinds => kinds.Select((kind, i) => (Names[i], (MaskKind)kind)).Where(m => m.Item2 > 0).ToImmutableSortedDictionary(m => m.Item1, m => m.Item2));
    private static readonly Gen<Quota> AnyQuota = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3]).Select((rows, requests, bytes) => new Quota(rows == 0 ? null : rows, requests == 0 ? null : requests, bytes == 0 ? null : bytes));

    internal static readonly Gen<Obligations> Any =
        Gen.Select(AnyFields, AnyRule.Array[0, 3], AnyGrain, AnyMasks, AnyQuota, Gen.Select(Gen.Int[0, 9], Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[0, 3])).Select((fields, rows, grain, masks, quota, rest) => new Obligations
        {
            Fields = fields,
            Rows = [.. rows],
            Grain = grain,
            Masks = masks,
            Quota = quota,
            SmallestGroup = rest.Item1,
            Epsilon = rest.Item2 == 0 ? null : rest.Item2 / 2.0,
            Expires = rest.Item3 == 0 ? null : DateTimeOffset.UnixEpoch.AddDays(rest.Item3),
            DestroyWithin = rest.Item4 == 0 ? null : TimeSpan.FromDays(rest.Item4),
            Onward = (rest.Item5 & 1) != 0,
            TellSubject = (rest.Item5 & 2) != 0,
        });

    [Fact]
    public void The_order_does_not_matter() => Gen.Select(Any, Any).Sample((a, b) => a.Meet(b).Equals(b.Meet(a)));

    [Fact]
    public void The_grouping_does_not_matter() => Gen.Select(Any, Any, Any).Sample((a, b, c) => a.Meet(b).Meet(c).Equals(a.Meet(b.Meet(c))));

    [Fact]
    public void Twice_is_once() => Any.Sample(a => a.Meet(a with { }).Equals(a));

    [Fact]
    public void Nothing_changes_nothing() => Any.Sample(a => a.Meet(new Obligations()).Equals(a) && Obligations.Nothing.Meet(a).Equals(a));

    [Fact]
    public void Whoever_meets_more_is_given_no_more() => Gen.Select(Any, Any).Sample((a, b) =>
    {
        var met = a.Meet(b);
        return Names.All(name => met.MaskOf(name) >= a.MaskOf(name) && (met.Fields is null || a.Fields is null || !met.Fields.Contains(name) || a.Fields.Contains(name)))
            && a.Rows.IsSubsetOf(met.Rows) && a.Grain.RollsUpTo(met.Grain) && met.SmallestGroup >= a.SmallestGroup && (a.Epsilon is null || met.Epsilon <= a.Epsilon) && (a.Onward || !met.Onward);
    });

    [Fact]
    public void Names_that_a_culture_takes_for_one_stay_two()
    {
        var plain = Obligations.Nothing with { Fields = ["name"] };
        var joined = Obligations.Nothing with { Fields = ["na\u200dme"] };
        Assert.Empty(plain.Meet(joined).Fields ?? []);
        Assert.NotEqual(plain, joined);
    }

    [Fact]
    public void What_is_written_as_JSON_is_read_back() => Any.Sample(a =>
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            ObligationsJson.Write(json, a);
        using var document = JsonDocument.Parse(stream.ToArray());
        return ObligationsJson.Read(document.RootElement).Value.Equals(a);
    });

    [Fact]
    public void An_obligation_that_is_not_known_is_refused()
    {
        using var document = JsonDocument.Parse("""{"fields":["a"],"compensate":1}""");
        Assert.Equal("sharing-bad-request", ObligationsJson.Read(document.RootElement).Problem?.Code);
    }
}
