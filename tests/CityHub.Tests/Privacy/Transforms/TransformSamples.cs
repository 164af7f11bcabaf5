using System.Globalization;
using CityHub.Crypto;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>One transform of each kind, a small table that each can work on, and a context with all they need.</summary>
internal static class TransformSamples
{
    public static readonly ReleaseScope Scope = new("clinic", "research", "university");

    public static readonly KeyUse Intl = new("people", 1, CryptoSuite.Intl), Gm = new("people", 1, CryptoSuite.Gm);

    public static IReadOnlyList<Transform> OfEachKind { get; } =
    [
        new Sample(0.5m, ["district"], 1),
        new Aggregate(["district"], new CellRules(3, 2, 85, 10), ["income"], ["age"], 1, "id", leaveOut: true),
        new DeterministicEncryption("id", "person", Gm),
        new OrderPreserving("age", "age", Intl, 0, 130),
        new FormatPreserving("phone", "phone", Gm, keepFirst: 3),
        new IdNumberEncryption("id", "person", Intl, keepRegion: 2, keepBirth: 4, keepSex: true),
        new KeyedHash("id", Gm),
        new Mask("name", 1, 0, "●", MaskClasses.Han | MaskClasses.Letters),
        new SuppressCells("disease", "HIV", "flu"),
        new SuppressRare(["district", "age"], 3),
        new SuppressRecords("disease", "HIV"),
        new SuppressColumns("name", "phone"),
        new KeyedPseudonym("id", "person", Intl, 12, "P-"),
        new RandomPseudonym("id", "person"),
        new Anatomise("disease", 2),
        new RoundNumbers("income", 2.5m),
        new TopBottomCode("age", 20, null, marked: true),
        new CombineColumns(["district", "disease"], "both", "/"),
        new GeneraliseRare("district", 20),
        new Generalise("district", 1),
        new AddNoise("income", 100, 3, 2, min: 0),
        new Permute(["disease"], "district"),
        new Swap(["disease"], 0.3m, "district"),
        new RankSwap("income", 10, "district"),
        new Microaggregate(["age", "income"], 3, 1),
        new Synthesise(["district", "disease"], 50, 2),
        new Watermark(Gm, [new MarkedColumn("income", 10, 2)], 3, ["district,disease"]),
    ];

    public static readonly Hierarchy Districts = Hierarchy.Of("district", ["East", "city", "*"], ["West", "city", "*"], ["Hill", "country", "*"], ["Lake", "country", "*"]);

    /// <summary>Sixty persons.</summary>
    public static Table People { get; } = Table.Of(
        ["id", "name", "phone", "district", "age", "income", "disease"],
        Enumerable.Range(0, 60).Select(i => new[]
        {
            IdNumber(i), "张王李赵"[i % 4] + new string('伟', 1 + (i % 2)), string.Create(CultureInfo.InvariantCulture, $"138{10_000_000 + (i * 7919)}"),
            i < 25 ? "East" : i < 45 ? "West" : i < 58 ? "Hill" : "Lake", (18 + (i * 7 % 60)).ToString(CultureInfo.InvariantCulture),
            (3000 + (i * i * 37 % 9000)).ToString(CultureInfo.InvariantCulture), i % 10 == 0 ? "HIV" : i % 3 == 0 ? "flu" : i % 3 == 1 ? "none" : "asthma",
        }));

    public static TransformContext ReleaseContext(ReleaseScope? scope = null, long seed = 1, byte key = 1) => new()
    {
        Scope = scope ?? Scope,
        Entropy = new SeededEntropy(seed),
        Keys = Ring(key),
        Hierarchies = new Dictionary<string, Hierarchy> { ["district"] = Districts },
        Pseudonyms = new Dictionary<string, PseudonymTable> { ["person"] = new(10) },
    };

    public static KeyRing Ring(byte key) => new KeyRing().Add("people", 1, SecretKeys.Of(Enumerable.Repeat(key, 32).ToArray())).Add("people", 2, SecretKeys.Of(Enumerable.Repeat((byte)(key + 100), 32).ToArray()));

    public static string IdNumber(int i)
    {
        var number = string.Create(CultureInfo.InvariantCulture, $"110{101 + (i % 7)}{new DateOnly(1950, 1, 1).AddDays(i * 331 % 20_000):yyyyMMdd}{i % 1000:000}");
        return number + IdNumberEncryption.Check(number);
    }

    public static string[] Cells(Table table, string column) => [.. Enumerable.Range(0, table.Rows).Select(row => table[column][row])];

    public static PrivacyRefusal Refused(Action action)
    {
        var refusal = Assert.Throws<PrivacyException>(action).Refusal;
        Assert.False(string.IsNullOrEmpty(refusal.Detail));
        return refusal;
    }
}
