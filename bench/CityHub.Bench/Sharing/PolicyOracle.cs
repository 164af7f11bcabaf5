using System.Collections.Immutable;
using CityHub.Core.Grains;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Bench.Sharing;

/// <summary>
/// Judges decisions without sharing a line with them: it lists every row (place and day) and every field of the small world, and asks of each cell whether one grant gives it.
/// An ask is to be permitted exactly when one grant gives all of its cells; what a permit releases has to lie among the cells of the grant that it names.
/// </summary>
public static class PolicyOracle
{
    private static readonly string[] Days = [.. Enumerable.Range(0, 13).Select(i => new DateOnly(2025, 12, 31).AddDays(i).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture))];
    private static readonly (string Place, string Day)[] Rows = [.. from place in PolicyCase.Leaves from day in Days select (place, day)];

    /// <summary>Null: the decision is right. Otherwise what is wrong with it.</summary>
    public static string? Judge(PolicyCase world, Decision decision)
    {
        var giving = Barred(world) ? [] : world.Grants.Where(grant => Gives(world, grant)).Select(grant => grant.Id).Order(StringComparer.Ordinal).ToList();
        if (decision is not Permit permit)
            return giving.Count == 0 ? Silent(world, (Refuse)decision) : $"refused ({((Refuse)decision).Code}), although {giving[0]} gives all of it";
        if (giving.Count == 0)
            return $"permitted by {permit.Grant.Id}, and no single grant gives all of it";
        if (permit.Grant.Id != giving[0])
            return $"permitted by {permit.Grant.Id} instead of {giving[0]}";
        return Leak(world, permit);
    }

    /// <summary>What is said to who holds nothing tells nothing of what others hold.</summary>
    private static string? Silent(PolicyCase world, Refuse refuse)
    {
        var own = world.Grants.Where(grant => Reaches(world, grant)).Select(grant => grant.Id).ToHashSet(StringComparer.Ordinal);
        var told = world.Grants.FirstOrDefault(grant => !own.Contains(grant.Id) && grant.Id != world.Ask.Grant && (refuse.Why + refuse.Rule + refuse.WayForward).Contains(grant.Id, StringComparison.Ordinal));
        return told is null ? null : $"the refusal names {told.Id}, which the asker does not hold";
    }

    private static bool Barred(PolicyCase world)
    {
        var (ask, set) = (world.Ask, world.Dataset);
        var roles = new[] { Roles.Authority, Roles.Auditor, Roles.Operator }.Count(role => ask.By.Roles.HasFlag(role));
        var chain = ask.Purpose.Split('/').Select((_, i) => string.Join('/', ask.Purpose.Split('/').Take(i + 1)));
        return ask.Right.ToString().Contains(',') || (ask.From is { } from && ask.To is { } to && from >= to)
            || (ask.Right == Rights.Obtain && ask.Mode is DeliveryModes.Verify or DeliveryModes.Enclave && ask.Right == Rights.Obtain)
            || roles > 1 || ask.By.Roles.HasFlag(Roles.Operator) || ask.Dataset != set.Id || set.State != DatasetState.Published || world.Negative || set.Class == SharingClass.Withheld
            || chain.Any(code => !world.Purposes.Any(purpose => purpose.Code == code && !purpose.Withdrawn));
    }

    private static bool Reaches(PolicyCase world, Grant grant)
    {
        var department = world.Ask.By.Roles.HasFlag(Roles.Citizen) || world.Ask.By.Department is null or "*" or "public" ? null : world.Ask.By.Department;
        return grant.Dataset == world.Dataset.Id && grant.Receiver switch
        {
            "*" => department is not null && world.Dataset.Class == SharingClass.Unconditional,
            "public" => world.Dataset.Open,
            var receiver => receiver == department,
        };
    }

    private static bool Gives(PolicyCase world, Grant grant)
    {
        var ask = world.Ask;
        if (!Reaches(world, grant) || (ask.Grant is not null && ask.Grant != grant.Id) || grant.State != GrantState.Active || world.Now < grant.From || world.Now >= grant.Until)
            return false;
        if (!grant.Rights.HasFlag(ask.Right) || !(ask.Purpose + "/").StartsWith(grant.Purpose + "/", StringComparison.Ordinal))
            return false;
        if (ask.Right != Rights.Collect && !(grant.Modes.HasFlag(ask.Mode) && world.Dataset.Modes.HasFlag(ask.Mode)))
            return false;
        var bound = Binding(world, grant);
        if (bound.Any(b => b.Expires <= world.Now))
            return false;
        var open = PolicyCase.Fields.Where(field => bound.All(b => b.Fields is null || b.Fields.Any(f => f == field))).ToList();
        if (ask.Fields is { } fields ? fields.Any(field => !open.Contains(field)) : open.Count == 0)
            return false;
        return PlaceGiven(ask, bound, open) && PeriodGiven(ask, bound, open);
    }

    private static bool PlaceGiven(Ask ask, ImmutableArray<Obligations> bound, List<string> open)
    {
        if (ask.Area is not { } area)
            return true;
        var trimmed = area.TrimEnd('0') is var t && t.Length % 2 == 0 ? t : t + "0";
        var rules = bound.SelectMany(b => b.Rows).Where(rule => rule.Field == PolicyCase.Place).ToList();
        var inside = PolicyCase.Leaves.Where(leaf => leaf.StartsWith(trimmed, StringComparison.Ordinal)).Append(trimmed + "98");
        if (rules.Any(rule => rule.Test == RowTest.In ? !rule.Values.Contains(trimmed) : inside.Any(leaf => !Holds(rule, leaf))))
            return false;
        if (rules.Any(rule => rule.Test == RowTest.Under && rule.Values.Length == 1 && rule.Values[0] == trimmed))
            return true;
        var masks = bound.Select(b => b.Masks.GetValueOrDefault(PolicyCase.Place)).ToList();
        if (!open.Contains(PolicyCase.Place))
            return false;
        if (masks.All(mask => mask == MaskKind.Raw))
            return true;
        var grain = bound.Max(b => b.Grain.Space);
        return masks.All(mask => mask is MaskKind.Raw or MaskKind.Coarse) && bound[0].Grain.Space > SpaceGrain.Point
            && trimmed.Length <= (grain switch { SpaceGrain.Everywhere => 0, SpaceGrain.Province => 2, SpaceGrain.City => 4, _ => 6 });
    }

    private static bool PeriodGiven(Ask ask, ImmutableArray<Obligations> bound, List<string> open)
    {
        if (ask.From is null && ask.To is null)
            return true;
        var rules = bound.SelectMany(b => b.Rows).Where(rule => rule.Field == PolicyCase.Day).ToList();
        var from = ask.From is { } f ? Day(f) : null;
        var to = ask.To is { } t ? Day(t) : null;
        var low = rules.Select(rule => rule.Values[0]).Max(StringComparer.Ordinal) ?? "";
        var high = rules.Select(rule => rule.Values[1]).Where(value => value.Length > 0).Min(StringComparer.Ordinal) ?? "9999";
        var begins = from ?? low;
        var ends = to ?? high;
        if (string.CompareOrdinal(begins, low) < 0 || string.CompareOrdinal(ends, high) > 0 || string.CompareOrdinal(begins, ends) >= 0)
            return false;
        return (open.Contains(PolicyCase.Day) && bound.All(b => b.Masks.GetValueOrDefault(PolicyCase.Day) == MaskKind.Raw))
            || rules.Any(rule => rule.Values[0] == (from ?? "") && rule.Values[1] == (to ?? ""));
    }

    /// <summary>Cells released by the permit that the grant, the dataset and the purpose do not give all three, or less protected than any of them says.</summary>
    private static string? Leak(PolicyCase world, Permit permit)
    {
        var bound = Binding(world, permit.Grant);
        var given = permit.Obligations;
        var fields = PolicyCase.Fields.Where(field => given.Fields is null || given.Fields.Contains(field)).ToList();
        foreach (var field in fields)
        {
            if (bound.Any(b => b.Fields is not null && !b.Fields.Any(f => f == field)) || (world.Ask.Fields is { } asked && !asked.Contains(field)))
                return $"{field} leaves under {permit.Grant.Id}";
            if (bound.Any(b => b.Masks.GetValueOrDefault(field) > given.Masks.GetValueOrDefault(field)))
                return $"{field} leaves less masked than {permit.Grant.Id} says";
        }

        foreach (var (place, day) in Rows)
            if (given.Rows.All(rule => Holds(rule, place, day)) && bound.Any(b => b.Rows.Any(rule => !Holds(rule, place, day))))
                return $"the row {place} {day} leaves under {permit.Grant.Id}";
        if (bound.Any(b => b.SmallestGroup > given.SmallestGroup || b.Grain.Space > given.Grain.Space || (b.TellSubject && !given.TellSubject) || (!b.Onward && given.Onward) || b.Expires < (given.Expires ?? DateTimeOffset.MaxValue)))
            return $"an obligation of {permit.Grant.Id} is lost";
        return null;
    }

    private static ImmutableArray<Obligations> Binding(PolicyCase world, Grant grant) =>
        [grant.Obligations, world.Dataset.Obligations, .. world.Purposes.Where(purpose => (world.Ask.Purpose + "/").StartsWith(purpose.Code + "/", StringComparison.Ordinal)).Select(purpose => purpose.Obligations)];

    private static bool Holds(RowRule rule, string place, string day) => rule.Field == PolicyCase.Place ? Holds(rule, place) : Holds(rule, day);

    private static bool Holds(RowRule rule, string value) => rule.Test switch
    {
        RowTest.In => rule.Values.Contains(value),
        RowTest.Under => rule.Values.Any(v => value.StartsWith(v, StringComparison.Ordinal)),
        _ => string.CompareOrdinal(value, rule.Values[0]) >= 0 && (rule.Values[1].Length == 0 || string.CompareOrdinal(value, rule.Values[1]) < 0),
    };

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
