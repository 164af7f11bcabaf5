using System.Globalization;
using CityHub.Core.Grains;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Access;

/// <summary>Can what the grant says be done at all? Asked when it is made, so that no release finds out later (XACML: an obligation that is not understood refuses).</summary>
public static class GrantCheck
{
    private const DeliveryModes OfRows = DeliveryModes.Api | DeliveryModes.Batch | DeliveryModes.File | DeliveryModes.Subscription;
    private const int MostCanaries = 10_000;
    private const DeliveryModes OfAnswers = DeliveryModes.Api | DeliveryModes.Verify | DeliveryModes.Enclave | DeliveryModes.Joint;

    public static Problem? Executable(Grant grant, Dataset dataset, ICatalogue catalogue, IPurposes purposes)
    {
        if (Stands(grant, dataset, purposes) is { } stands)
            return stands;
        // What the decision would refuse of every ask under it is refused here: the lists, and what its sources pass on.
        var inherent = dataset.Obligations;
        if (Decider.Prohibited(dataset, catalogue, ref inherent) is { } prohibited)
            return No(prohibited == AccessProblems.DatasetNegative ? $"the dataset {dataset.Id}, or one that it was made from, is on the negative list" : $"the dataset {dataset.Id} was made from one that is not shared by law",
                "Nothing of it can be granted.", "decree 809, art. 15");
        return Delivers(grant, dataset) ?? Binds(grant.Obligations.Meet(inherent).Meet(purposes.Of(grant.Purpose)), grant, dataset);
    }

    private static Problem? Stands(Grant grant, Dataset dataset, IPurposes purposes) =>
        grant.Dataset != dataset.Id ? No($"it names the dataset {grant.Dataset}, not {dataset.Id}", "Grant the dataset that was asked for.")
        : dataset.State != DatasetState.Published ? No($"the dataset {dataset.Id} is not published", "Publish it first.", "decree 809, art. 12")
        : dataset.Class == SharingClass.Withheld ? No($"the dataset {dataset.Id} is not shared by law", "Nothing of it can be granted.", "decree 809, art. 15")
        : !purposes.IsKnown(grant.Purpose) ? No($"the purpose {grant.Purpose} is not in the list of purposes", "Grant it for a listed purpose.", "list of purposes")
        : grant.From >= grant.Until ? No("it ends before it begins", "Give a term in which it is in force.")
        : grant.Receiver == Decider.AnyDepartment && dataset.Class != SharingClass.Unconditional
            ? No("a standing grant to any department needs an unconditional dataset", "Grant it to one department.", "decree 809, art. 14")
        : grant.Receiver == Decider.Public && !dataset.Open ? No("a grant to the public needs an open dataset", "Grant it to one department, or open the dataset with a licence.")
        : grant.Obligations.Onward && !dataset.Open ? No("what is received is not handed on", "Say that it is not; a third party makes a request of its own.", "decree 809, art. 25")
        : null;

    private static Problem? Delivers(Grant grant, Dataset dataset)
    {
        if (grant.Rights == Rights.None || (grant.Rights & ~(Rights.Collect | Rights.Obtain | Rights.Use)) != 0)
            return No("it gives no right", "Give the right to collect, to obtain or to use.");
        if ((grant.Modes & ~dataset.Modes) is not DeliveryModes.None and var missing)
            return No($"the dataset {dataset.Id} is not offered by {Refusals.Name(missing)}", $"It is offered by {Refusals.Name(dataset.Modes)}.", "decree 809, art. 13");
        if ((grant.Rights & Rights.Obtain) != 0 && (grant.Modes & OfRows) == 0)
            return No("the right to obtain needs a way by which rows leave", "Grant api, batch, file or subscription, or the right to use alone.");
        if ((grant.Rights & Rights.Use) != 0 && (grant.Modes & OfAnswers) == 0)
            return No("the right to use needs a way by which questions are answered", "Grant api, verify, enclave or joint, or the right to obtain alone.");
        return null;
    }

    private static Problem? Binds(Obligations bound, Grant grant, Dataset dataset)
    {
        if (bound.Fields is { Count: 0 })
            return No("no field may leave under it, its dataset and its purpose together", "Grant fields that the purpose allows.");
        foreach (var field in bound.Fields ?? [])
            if (Find(dataset, field) is null)
                return No($"the dataset {dataset.Id} has no field {field}", "Name fields of the catalogue.");
        foreach (var (field, kind) in bound.Masks)
            if (Masks(dataset, field, kind, bound.Grain) is { } problem)
                return problem;
        foreach (var rule in bound.Rows)
            if (Tests(dataset, rule) is { } problem)
                return problem;
        return Traces(bound, grant, dataset) ?? Aggregates(bound, grant, dataset);
    }

    private static Problem? Masks(Dataset dataset, string name, MaskKind kind, Grain grain)
    {
        if (!Enum.IsDefined(kind))
            return No($"the mask of {name} is none that is known", "Use raw, partial, coarse, pseudonym, presence or hidden.");
        if (Find(dataset, name) is not { } field)
            return No($"the mask is on {name}, which the dataset {dataset.Id} does not have", "Mask fields of the catalogue.");
        if (kind == MaskKind.Coarse)
        {
            if (field.Type is ColumnType.Boolean)
                return No($"{name} is yes or no: there is nothing coarser", "Mask it as presence or hidden.");
            if (field.Type is ColumnType.Text && name != dataset.Area)
                return No($"{name} is a text that no hierarchy rolls up", "Mask it as partial, pseudonym or hidden.");
            if (name == dataset.Area && grain.Space == SpaceGrain.Point)
                return No($"{name} is to be rolled up, and the grain does not say how far", "Give a grain in space.");
            if (field.Type is ColumnType.Date or ColumnType.Instant && grain.Time == TimeGrain.Instant)
                return No($"{name} is to be rolled up, and the grain does not say how far", "Give a grain in time.");
        }

        if (kind is MaskKind.Partial && field.Type is not ColumnType.Text)
            return No($"{name} is no text: it has no ends to keep", "Mask it as coarse, presence or hidden.");
        return null;
    }

    private static Problem? Tests(Dataset dataset, RowRule rule)
    {
        if (Find(dataset, rule.Field) is not { } field)
            return No($"a rule looks at {rule.Field}, which the dataset {dataset.Id} does not have", "Use fields of the catalogue.");
        if (rule.Values.IsDefaultOrEmpty)
            return No($"a rule on {rule.Field} has no values: no row would ever pass", "Name the values.");
        if (rule.Test == RowTest.Under && field.Type != ColumnType.Text)
            return No($"{rule.Field} is no text: nothing begins with anything", "Use the test in or between.");
        if (rule.Test == RowTest.Between && rule.Values.Length != 2)
            return No($"the rule between on {rule.Field} needs two values", "Give the first and the end; an empty one is open.");
        foreach (var value in rule.Values)
            if (!(rule.Test == RowTest.Between && value.Length == 0) && !Parses(field.Type, value))
                return No($"\"{value}\" is no value of {rule.Field} ({Refusals.Name(field.Type)})", "Numbers in invariant notation, dates and instants in ISO 8601, true or false.");
        return Enum.IsDefined(rule.Test) ? null : No($"the test on {rule.Field} is none that is known", "Use in, under or between.");
    }

    /// <summary>What leads from a leaked sample to the receiver needs rows that leave, one receiver, and for a mark a measurement that leaves as it is.</summary>
    private static Problem? Traces(Obligations bound, Grant grant, Dataset dataset)
    {
        if (bound.Canaries is < 0 or > MostCanaries)
            return No($"there are 0 to {MostCanaries} rows of nobody", "Twenty are enough to find a receiver.");
        if (bound is { Canaries: 0, Watermark: false })
            return null;
        if ((grant.Rights & Rights.Obtain) == 0 || (grant.Modes & OfRows) == 0 || bound.SmallestGroup > 1 || bound.Epsilon is not null || bound.Grain.Entity >= EntityGrain.Group)
            return No("no rows leave under it that could be marked", "Leave the watermark and the rows of nobody out.");
        if (grant.Receiver == Decider.Public)
            return No("all of the public would have the same mark", "Leave the watermark and the rows of nobody out.");
        return bound.Watermark && !dataset.Fields.Any(field =>
                field.Tolerance is not null && bound.Fields?.Contains(field.Name) != false && Releases.ReleasePlan.KindOf(field, dataset, bound) == MaskKind.Raw)
            ? No("a watermark needs a measurement that may move, and no field that leaves as it is has a tolerance", $"Have {dataset.Provider} declare the tolerance of a measurement, or give rows of nobody (canaries).")
            : null;
    }

    private static Problem? Aggregates(Obligations bound, Grant grant, Dataset dataset)
    {
        var grouped = bound.SmallestGroup > 1 || bound.Epsilon is not null || bound.Grain.Entity >= EntityGrain.Group;
        if (grant.Obligations.Grain is var grain && grain != Grain.Finest && !dataset.Grain.RollsUpTo(new(
            grain.Time == TimeGrain.Instant ? dataset.Grain.Time : grain.Time,
            grain.Space == SpaceGrain.Point ? dataset.Grain.Space : grain.Space,
            grain.Entity == EntityGrain.Individual ? dataset.Grain.Entity : grain.Entity)))
            return No($"the dataset {dataset.Id} cannot be rolled up to this grain", "Grant a grain that is coarser than the dataset's; weeks lie in no month.");
        if (bound.SmallestGroup < 0)
            return No("the smallest group is negative", "Give 0, or the number of members below which a group is not released.");
        if (bound.Epsilon is { } epsilon && !(epsilon > 0 && double.IsFinite(epsilon)))
            return No("ε is no positive number", "Give an ε greater than 0.");
        if (bound.Epsilon is not null && bound.SmallestGroup <= 1 && bound.Grain.Entity < EntityGrain.Group)
            return No("noise is for counts and sums, and nothing says that only these leave", "Give a smallest group, or a grain of groups.");
        if (grouped && bound.Epsilon is null && dataset.Source == DatasetSource.Entities)
            return No($"{dataset.Id} is made of entities, and with each report the groups before and after differ by one of them", "Add noise (ε), or have it delivered as a table.");
        if (grouped && (grant.Rights & Rights.Obtain) != 0 && (grant.Modes & OfRows) != 0 && bound.Grain.Entity < EntityGrain.Group)
            return No("rows one by one and groups only cannot both be", "Give a grain of groups, or the right to use by api or enclave.");
        if (grouped && (grant.Modes & DeliveryModes.Verify) != 0 && (grant.Rights & Rights.Use) != 0)
            return No("a verification is about one row, and only groups may leave", "Leave verification out, or the smallest group.");
        if (bound.Quota is { RowsPerDay: < 1 } or { RequestsPerDay: < 1 } or { BytesPerDay: < 1 })
            return No("a quota of nothing gives nothing", "Leave the quota out or give a positive one.");
        if (bound.DestroyWithin < TimeSpan.Zero)
            return No("the time for destruction is negative", "Give the days within which destruction is proved.");
        if (bound.Expires <= grant.From)
            return No("it would have run out before it begins", "Give a later end.");
        return null;
    }

    private static bool Parses(ColumnType type, string value) => type switch
    {
        ColumnType.Integer => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        ColumnType.Number => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number),
        ColumnType.Boolean => value is "true" or "false",
        ColumnType.Date => DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ColumnType.Instant => DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
        _ => value.Length > 0,
    };

    private static DataField? Find(Dataset dataset, string name) => dataset.Fields.FirstOrDefault(field => field.Name == name);

    private static Problem No(string why, string hint, string? rule = null) =>
        AccessProblems.GrantNotExecutable.Because($"The grant cannot be kept: {why}.", hint, rule ?? "sharing, obligations that a release can keep");
}
