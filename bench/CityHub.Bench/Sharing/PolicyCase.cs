using System.Collections.Immutable;
using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Bench.Sharing;

/// <summary>A small world drawn at random: one dataset, some grants, a tree of purposes, and an ask. Made so that about one ask in six is permitted and every test is the one that fails now and then.</summary>
public sealed record PolicyCase(Dataset Dataset, bool Negative, ImmutableArray<Grant> Grants, ImmutableArray<Purpose> Purposes, Ask Ask, DateTimeOffset Now)
{
    public const string Id = "people";
    public const string Place = "place";
    public const string Day = "day";

    public static readonly string[] Fields = ["a", "b", "c", "d", Place, Day];
    public static readonly string[] Leaves = ["500101", "500103", "500105", "500199", "500201", "500299", "510101", "510199"];
    public static readonly string[] Tree = ["w", "w/e", "w/e/x", "w/p", "h", "h/s"];

    private static readonly string[] Prefixes = ["50", "5001", "500101", "500103", "5002", "51"];
    private static readonly string[] Asked = ["500000", "500100", "500101", "500103", "500105", "500200", "510000"];
    private static readonly DeliveryModes[] Modes = [DeliveryModes.Api, DeliveryModes.Batch, DeliveryModes.File, DeliveryModes.Verify, DeliveryModes.Enclave];
    private static readonly Rights[] OneRight = [Rights.Collect, Rights.Obtain, Rights.Use];
    private static readonly string[] Receivers = ["A", "A", "A", "A", "B", "*", "public"];
    private static readonly DateTimeOffset Noon = new(2026, 1, 20, 12, 0, 0, TimeSpan.Zero);

    public CaseCatalogue Catalogue => new(Dataset, Negative);

    public static PolicyCase Draw(Random random)
    {
        ImmutableArray<Purpose> purposes = [.. Tree.Select(code => new Purpose(code, new(code, code), "law", Chance(random, 12) ? Bound(random, rare: true) : Obligations.Nothing) { Withdrawn = Chance(random, 25) })];
        var dataset = new Dataset
        {
            Id = Id,
            Version = 1,
            Provider = Chance(random, 20) ? "A" : "P",
            Title = new("人", "people"),
            Abstract = default,
            Fields = [.. Fields.Select(name => new DataField(name, name == Day ? ColumnType.Date : ColumnType.Text, new(name, name)))],
            Class = Chance(random, 25) ? SharingClass.Withheld : Chance(random, 3) ? SharingClass.Unconditional : SharingClass.Conditional,
            Modes = Some(random, Modes, 4),
            Frequency = UpdateFrequency.Daily,
            Area = Place,
            Time = Day,
            Protected = Chance(random, 3),
            Open = Chance(random, 4),
            State = Chance(random, 25) ? DatasetState.Withdrawn : DatasetState.Published,
            Obligations = Chance(random, 8) ? Bound(random, rare: true) : Obligations.Nothing,
        };
        ImmutableArray<Grant> grants = [.. Enumerable.Range(0, random.Next(6)).Select(i => DrawGrant(random, i))];
        return new(dataset, Chance(random, 25), grants, purposes, DrawAsk(random, grants), Noon);
    }

    private static Grant DrawGrant(Random random, int number) => new()
    {
        Id = $"g{random.Next(10)}{number}",
        Version = 1,
        Dataset = Chance(random, 12) ? "other" : Id,
        Provider = "P",
        Receiver = Receivers[random.Next(Receivers.Length)],
        Rights = Some(random, OneRight, 2),
        Purpose = Tree[random.Next(Tree.Length)],
        Modes = Some(random, Modes, 2),
        Obligations = Bound(random, rare: false),
        From = Noon.AddSeconds(Chance(random, 6) ? random.Next(-1, 2) : -1000),
        Until = Noon.AddSeconds(Chance(random, 6) ? random.Next(-1, 2) : 1000),
        Basis = "law",
        State = Chance(random, 10) ? (GrantState)random.Next(9) : GrantState.Active,
        SignedBy = "officer",
    };

    /// <summary>Five of six asks are aimed at one of the grants, and then one thing or another may be changed: near the edge is where leaks are.</summary>
    private static Ask DrawAsk(Random random, ImmutableArray<Grant> grants)
    {
        var aimed = grants.Length > 0 && !Chance(random, 6) ? grants[random.Next(grants.Length)] : null;
        var right = aimed is null || Chance(random, 16) ? OneRight[random.Next(3)] : OneRight.First(r => (aimed.Rights & r) != 0);
        var mode = aimed is null || Chance(random, 16) ? Modes[random.Next(Modes.Length)] : Modes.First(m => (aimed.Modes & m) != 0);
        var purpose = aimed is null || Chance(random, 16) ? Tree[random.Next(Tree.Length)] : Tree.Last(p => p == aimed.Purpose || Chance(random, 2) && p.StartsWith(aimed.Purpose + "/", StringComparison.Ordinal));
        ImmutableArray<string>? fields = Chance(random, 4) ? null
            : aimed?.Obligations.Fields is { Count: > 0 } had && !Chance(random, 12) ? [.. had.Take(random.Next(1, had.Count + 1))]
            : [.. Fields.OrderBy(_ => random.Next()).Take(random.Next(1, 4))];
        if (fields is not null && Chance(random, 30))
            fields = fields.Value.Add("nowhere");
        var from = Chance(random, 8) ? At(random) : (DateTimeOffset?)null;
        var to = Chance(random, 8) ? At(random) : (DateTimeOffset?)null;
        var caller = random.Next(28) switch
        {
            0 => Caller.Anyone,
            1 => new Caller("citizen", "A", Roles.Citizen),
            2 => new Caller("root", "A", Roles.Operator),
            3 => new Caller("two", "A", Roles.Authority | Roles.Auditor),
            4 => new Caller("b", "B", Roles.DataOfficer),
            5 => new Caller("c", "C", Roles.DataOfficer),
            6 => new Caller("star", "*", Roles.DataOfficer),
            _ => new Caller("a", "A", Roles.DataOfficer),
        };
        return new(caller, Chance(random, 60) ? Rights.Obtain | Rights.Use : right, Chance(random, 60) ? "nothing" : Id, Chance(random, 40) ? "unlisted" : purpose, mode)
        {
            Fields = fields,
            Area = Chance(random, 8) ? Asked[random.Next(Asked.Length)] : null,
            From = from,
            To = to,
            Grant = Chance(random, 12) ? aimed?.Id ?? "g00" : null,
        };
    }

    private static Obligations Bound(Random random, bool rare)
    {
        var bound = Obligations.Nothing with { Onward = rare, SmallestGroup = Chance(random, 6) ? 5 : 0, TellSubject = Chance(random, 6) };
        if (Chance(random, rare ? 3 : 2))
            bound = bound with { Fields = [.. Fields.Where(_ => !Chance(random, 3))] };
        if (Chance(random, 4))
            bound = bound with { Rows = bound.Rows.Add(new RowRule(Place, Chance(random, 4) ? RowTest.In : RowTest.Under, [.. Prefixes.OrderBy(_ => random.Next()).Take(random.Next(1, 3))])) };
        if (Chance(random, 4))
            bound = bound with { Rows = bound.Rows.Add(new RowRule(Day, RowTest.Between, [Chance(random, 4) ? "" : Date(random.Next(1, 6)), Chance(random, 4) ? "" : Date(random.Next(5, 12))])) };
        if (Chance(random, 5))
            bound = bound with { Masks = bound.Masks.SetItem(Fields[random.Next(Fields.Length)], (MaskKind)random.Next(6)), Grain = new(default, (SpaceGrain)random.Next(8), default) };
        if (Chance(random, 15))
            bound = bound with { Expires = Noon.AddSeconds(random.Next(-1, 2)) };
        return bound;
    }

    private static DateTimeOffset At(Random random) => new(2026, 1, random.Next(1, 12), 0, 0, 0, TimeSpan.Zero);

    private static string Date(int day) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"2026-01-{day:00}");

    private static bool Chance(Random random, int oneIn) => random.Next(oneIn) == 0;

    private static DeliveryModes Some(Random random, DeliveryModes[] all, int most)
    {
        var modes = all[random.Next(all.Length)];
        for (var i = 1; i < most; i++)
            modes |= all[random.Next(all.Length)];
        return modes;
    }

    private static Rights Some(Random random, Rights[] all, int most)
    {
        var rights = all[random.Next(all.Length)];
        for (var i = 1; i < most; i++)
            rights |= all[random.Next(all.Length)];
        return rights;
    }
}

/// <summary>A catalogue of one.</summary>
public sealed class CaseCatalogue(Dataset dataset, bool negative) : ICatalogue
{
    public long Version => 1;

    public IEnumerable<Dataset> Published => dataset.State == DatasetState.Published ? [dataset] : [];

    public Dataset? Find(string id) => id == dataset.Id ? dataset : null;

    public Dataset? OfType(string tenant, string entityType) => null;

    public bool IsNegative(string dataset) => negative && Find(dataset) is not null;
}
