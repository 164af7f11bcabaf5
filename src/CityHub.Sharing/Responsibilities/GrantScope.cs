using System.Collections.Immutable;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Responsibilities;

/// <summary>Does a grant stay within an item: its fields, receivers, purposes, grain and time? Everything in which it does not is told at once.</summary>
internal static class GrantScope
{
    public static IReadOnlyList<string> Beyond(Grant grant, ResponsibilityItem item, Dataset dataset)
    {
        var beyond = new List<string>();
        if (grant.Dataset != item.Dataset || grant.Provider != item.Provider)
            beyond.Add($"the item is {item.Dataset} of {item.Provider}");
        if (item.Fields.Count > 0)
        {
            var asked = grant.Obligations.Fields ?? dataset.Fields.Select(f => f.Name).ToImmutableSortedSet(StringComparer.Ordinal);
            var outside = asked.Where(f => !item.Fields.Contains(f, StringComparer.Ordinal)).ToList();
            if (outside.Count > 0)
                beyond.Add($"fields {string.Join(", ", outside)} are not in it");
        }

        if (!item.Receivers.Contains(grant.Receiver, StringComparer.Ordinal) && !(grant.Receiver != "public" && item.Receivers.Contains("*", StringComparer.Ordinal)) && !item.Receivers.Contains("public", StringComparer.Ordinal))
            beyond.Add($"{grant.Receiver} is none of its receivers ({string.Join(", ", item.Receivers)})");
        if (!item.Purposes.Any(p => Covers(p, grant.Purpose)))
            beyond.Add($"the purpose {grant.Purpose} is none of its purposes ({string.Join(", ", item.Purposes)})");
        if (!item.Grain.RollsUpTo(grant.Obligations.Grain))
            beyond.Add($"it is finer than {CatalogueNames.Of(item.Grain.Time)}, {CatalogueNames.Of(item.Grain.Space)}, {CatalogueNames.Of(item.Grain.Entity)}");
        if (grant.From < item.From || grant.Until > item.Until)
            beyond.Add($"the item is in force from {Http.RoomHttp.Time(item.From)} to {Http.RoomHttp.Time(item.Until)}");
        return beyond;
    }

    /// <summary>A purpose covers itself and what is below it.</summary>
    private static bool Covers(string listed, string asked) => asked == listed || asked.StartsWith(listed + "/", StringComparison.Ordinal);
}
