using System.Collections.Immutable;
using CityHub.Core.Grains;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Tests.Sharing.Access;

/// <summary>What a grant may not say, one by one, each a change of a grant that can be kept.</summary>
public sealed class GrantCheckTests
{
    private static readonly Dataset Register = new()
    {
        Id = "register", Version = 1, Provider = "police", Title = new("登记", "Register"), Abstract = new("登记", "Register"), Class = SharingClass.Conditional, Frequency = UpdateFrequency.Daily,
        Modes = DeliveryModes.Api | DeliveryModes.Batch | DeliveryModes.Verify | DeliveryModes.Enclave, State = DatasetState.Published, Area = "area", Time = "day",
        Fields =
        [
            Field("id", ColumnType.Text), Field("area", ColumnType.Text), Field("day", ColumnType.Date), Field("at", ColumnType.Instant), Field("income", ColumnType.Number), Field("children", ColumnType.Integer),
            Field("married", ColumnType.Boolean),
        ],
    };

    private static readonly PurposeTree Purposes = new(
    [
        new("welfare", new("救助", "Welfare"), "law", Obligations.Nothing), new("statistics", new("统计", "Statistics"), "law", new() { Fields = ["income"] }),
        new("old", new("旧", "Old"), "law", Obligations.Nothing) { Withdrawn = true },
    ]);

    private static readonly Grant Good = new()
    {
        Id = "g", Version = 1, Dataset = "register", Provider = "police", Receiver = "civil", Rights = Rights.Obtain | Rights.Use, Purpose = "welfare", Modes = DeliveryModes.Api | DeliveryModes.Batch,
        Obligations = new()
        {
            Fields = ["id", "area", "day", "income"], Onward = false, Masks = Mask("id", MaskKind.Partial), DestroyWithin = TimeSpan.FromDays(30), Quota = new(1000, null, null),
            Rows = [new("area", RowTest.Under, ["5001"]), new("day", RowTest.Between, ["2025-01-01", ""]), new("children", RowTest.In, ["1", "2"])],
        },
        From = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), Until = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero), Basis = "request", SignedBy = "officer",
    };

    [Fact]
    public void A_grant_that_a_release_can_keep_is_accepted() => Assert.Null(GrantCheck.Executable(Good, Register, City.None, Purposes));

    [Fact]
    public void Groups_with_noise_by_the_enclave_are_accepted() =>
        Assert.Null(GrantCheck.Executable(Good with { Rights = Rights.Use, Modes = DeliveryModes.Enclave, Obligations = new() { Onward = false, SmallestGroup = 5, Epsilon = 0.5 } }, Register, City.None, Purposes));

    [Fact]
    public void A_standing_grant_is_accepted_where_the_dataset_is_unconditional_and_to_the_public_where_it_is_open()
    {
        Assert.Null(GrantCheck.Executable(Good with { Receiver = "*" }, Register with { Class = SharingClass.Unconditional }, City.None, Purposes));
        Assert.Null(GrantCheck.Executable(Good with { Receiver = "public", Obligations = Good.Obligations with { Onward = true } }, Register with { Open = true }, City.None, Purposes));
    }

    [Fact]
    public void What_does_not_stand_is_refused()
    {
        Refused("names the dataset", Good with { Dataset = "other" });
        Refused("is not published", Good, Register with { State = DatasetState.Approved });
        Refused("not shared by law", Good, Register with { Class = SharingClass.Withheld });
        Refused("is not in the list of purposes", Good with { Purpose = "marketing" });
        Refused("is not in the list of purposes", Good with { Purpose = "old" });
        Refused("ends before it begins", Good with { Until = Good.From });
        Refused("needs an unconditional dataset", Good with { Receiver = "*" });
        Refused("needs an open dataset", Good with { Receiver = "public" });
        Refused("is not handed on", Bound(Good.Obligations with { Onward = true }));
    }

    [Fact]
    public void What_the_decision_would_refuse_of_every_ask_is_refused_when_it_is_granted()
    {
        var adoptions = Register with { Id = "adoptions", Class = SharingClass.Withheld };
        var middle = Register with { Id = "middle", DerivedFrom = ["adoptions"] };
        Refused("is on the negative list", Good, catalogue: new City([], "register"));
        Refused("is on the negative list", Good, Register with { DerivedFrom = ["gone"] }, new City([], "gone"));
        Refused("made from one that is not shared by law", Good, Register with { DerivedFrom = ["middle"] }, new City([middle, adoptions]));
        Refused("no field may leave", Good, Register with { DerivedFrom = ["source"] }, new City([Register with { Id = "source", Obligations = new() { Fields = ["children"] } }]));
    }

    [Fact]
    public void What_cannot_be_delivered_is_refused()
    {
        Refused("gives no right", Good with { Rights = Rights.None });
        Refused("gives no right", Good with { Rights = (Rights)8 });
        Refused("is not offered by", Good with { Modes = DeliveryModes.Api | DeliveryModes.File });
        Refused("a way by which rows leave", Good with { Rights = Rights.Obtain, Modes = DeliveryModes.Verify });
        Refused("a way by which questions are answered", Good with { Rights = Rights.Use, Modes = DeliveryModes.Batch });
    }

    [Fact]
    public void Fields_and_masks_that_nothing_can_apply_are_refused()
    {
        Refused("no field may leave", Good with { Purpose = "statistics", Obligations = new() { Fields = ["id"], Onward = false } });
        Refused("has no field blood", Bound(new() { Fields = ["id", "blood"], Onward = false }));
        Refused("which the dataset register does not have", Bound(Masked("blood", MaskKind.Hidden)));
        Refused("none that is known", Bound(Masked("id", (MaskKind)9)));
        Refused("nothing coarser", Bound(Masked("married", MaskKind.Coarse)));
        Refused("no hierarchy rolls up", Bound(Masked("id", MaskKind.Coarse)));
        Refused("does not say how far", Bound(Masked("area", MaskKind.Coarse)));
        Refused("does not say how far", Bound(Masked("day", MaskKind.Coarse)));
        Refused("no ends to keep", Bound(Masked("income", MaskKind.Partial)));
    }

    [Fact]
    public void Rules_on_rows_that_nothing_can_test_are_refused()
    {
        Refused("a rule looks at blood", Ruled("blood", RowTest.In, "A"));
        Refused("has no values", Ruled("area", RowTest.In));
        Refused("nothing begins with anything", Ruled("income", RowTest.Under, "1"));
        Refused("needs two values", Ruled("day", RowTest.Between, "2025-01-01"));
        Refused("the test on area is none", Ruled("area", (RowTest)7, "5001"));
        Refused("is no value of day", Ruled("day", RowTest.In, "01.02.2025"));
        Refused("is no value of at", Ruled("at", RowTest.Between, "yesterday", ""));
        Refused("is no value of children", Ruled("children", RowTest.In, "1.5"));
        Refused("is no value of income", Ruled("income", RowTest.In, "much"));
        Refused("is no value of married", Ruled("married", RowTest.In, "yes"));
        Refused("is no value of area", Ruled("area", RowTest.In, ""));
    }

    [Fact]
    public void Groups_noise_and_limits_that_contradict_are_refused()
    {
        var use = Good with { Rights = Rights.Use, Modes = DeliveryModes.Enclave };
        var kept = new Obligations { Onward = false };
        Refused("cannot be rolled up to this grain", use with { Obligations = kept with { Grain = new(TimeGrain.Month, SpaceGrain.Point, EntityGrain.Individual) } }, Register with { Grain = new(TimeGrain.Week, SpaceGrain.Point, EntityGrain.Individual) });
        Refused("is made of entities", use with { Obligations = kept with { SmallestGroup = 5 } }, Register with { Source = DatasetSource.Entities });
        Refused("negative", use with { Obligations = kept with { SmallestGroup = -1 } });
        Refused("no positive number", use with { Obligations = kept with { SmallestGroup = 5, Epsilon = 0 } });
        Refused("no positive number", use with { Obligations = kept with { SmallestGroup = 5, Epsilon = double.NaN } });
        Refused("noise is for counts", use with { Obligations = kept with { Epsilon = 1 } });
        Refused("cannot both be", Bound(kept with { SmallestGroup = 5 }));
        Refused("a verification is about one row", use with { Modes = DeliveryModes.Verify, Obligations = kept with { SmallestGroup = 5 } });
        Refused("a quota of nothing", use with { Obligations = kept with { Quota = new(null, 0, null) } });
        Refused("destruction is negative", use with { Obligations = kept with { DestroyWithin = TimeSpan.FromDays(-1) } });
        Refused("run out before it begins", use with { Obligations = kept with { Expires = Good.From } });
    }

    private static void Refused(string because, Grant grant, Dataset? dataset = null, ICatalogue? catalogue = null)
    {
        var problem = GrantCheck.Executable(grant, dataset ?? Register, catalogue ?? City.None, Purposes);
        Assert.NotNull(problem);
        Assert.Equal(AccessProblems.GrantNotExecutable, problem.Kind);
        Assert.Contains(because, problem.Detail, StringComparison.Ordinal);
    }

    private static Grant Bound(Obligations obligations) => Good with { Obligations = obligations };

    private static Grant Ruled(string field, RowTest test, params string[] values) => Bound(new() { Onward = false, Rows = [new(field, test, [.. values])] });

    private static Obligations Masked(string field, MaskKind kind) => new() { Onward = false, Masks = Mask(field, kind) };

    private static ImmutableSortedDictionary<string, MaskKind> Mask(string field, MaskKind kind) => ImmutableSortedDictionary<string, MaskKind>.Empty.Add(field, kind);

    private static DataField Field(string name, ColumnType type) => new(name, type, new(name, name));

    private sealed class City(IReadOnlyList<Dataset> datasets, params string[] negative) : ICatalogue
    {
        public static readonly City None = new([]);

        public IEnumerable<Dataset> Published => datasets;

        public long Version => 1;

        public Dataset? Find(string id) => datasets.FirstOrDefault(d => d.Id == id);

        public Dataset? OfType(string tenant, string entityType) => null;

        public bool IsNegative(string dataset) => negative.Contains(dataset);
    }
}
