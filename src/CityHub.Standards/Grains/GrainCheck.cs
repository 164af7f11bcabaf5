using CityHub.Core.Grains;
using CityHub.Core.Problems;

namespace CityHub.Standards.Grains;

/// <param name="Left">Whether the first of the two has to be rolled up, to <see cref="JoinedGrain.Common"/>.</param>
/// <param name="Right">Whether the second has to be.</param>
public sealed record JoinedGrain(Grain Common, bool Left, bool Right);

/// <summary>One dimension in which two datasets are not of one grain.</summary>
/// <param name="Dimension"><c>time</c>, <c>space</c> or <c>entity</c>.</param>
/// <param name="To">What both can be rolled up to.</param>
public sealed record GrainDifference(string Dimension, string Left, string Right, string To);

/// <summary>
/// Before two datasets are joined: are they of one grain 粒度? A figure per town beside a figure per district is two numbers that look alike. Only what is finer is rolled up.
/// </summary>
public static class GrainCheck
{
    /// <summary>In which dimensions the two differ, and what they have in common above it.</summary>
    public static IReadOnlyList<GrainDifference> Differences(Grain left, Grain right)
    {
        var common = left.Coarsest(right);
        var differences = new List<GrainDifference>(3);
        if (left.Time != right.Time)
            differences.Add(new("time", Name(left.Time), Name(right.Time), Name(common.Time)));
        if (left.Space != right.Space)
            differences.Add(new("space", Name(left.Space), Name(right.Space), Name(common.Space)));
        if (left.Entity != right.Entity)
            differences.Add(new("entity", Name(left.Entity), Name(right.Entity), Name(common.Entity)));
        return differences;
    }

    /// <summary>Refused with every dimension that differs, and with what has to be rolled up to what before the two may stand beside each other.</summary>
    /// <param name="left">Name of the first dataset.</param>
    /// <param name="right">Name of the second.</param>
    public static Result<Grain> Joinable(string left, Grain leftGrain, string right, Grain rightGrain)
    {
        var differences = Differences(leftGrain, rightGrain);
        return differences.Count == 0
            ? leftGrain
            : StandardsProblems.GrainMismatch.Because(
                string.Join("; ", differences.Select(d => $"{d.Dimension}: {left} is by {d.Left}, {right} by {d.Right}")) + ".",
                string.Join("; ", differences.SelectMany(d => Steps(d, left, right))) + ".",
                "Grain model: what is finer may be rolled up to what is coarser, never the other way round; a week lies in no month");
    }

    /// <summary>What has to be done so that the two are of one grain.</summary>
    public static JoinedGrain Plan(Grain left, Grain right)
    {
        var common = left.Coarsest(right);
        return new(common, left != common, right != common);
    }

    /// <summary>Refused when the wanted grain is finer, in any dimension, than what there is.</summary>
    public static Result<Grain> RollUp(string dataset, Grain from, Grain to)
    {
        if (from.RollsUpTo(to))
            return to;
        var wrong = Differences(from, to).Where(d => d.To != d.Right).Select(d => $"{d.Dimension}: from {d.Left} to {d.Right}");
        return StandardsProblems.GrainMismatch.Because($"{dataset} cannot be rolled up, {string.Join("; ", wrong)}.",
            $"The finest that it can be rolled up to beside that is {Say(from.Coarsest(to))}.", "Grain model: lawful roll-ups");
    }

    public static string Say(Grain grain) => $"{Name(grain.Time)}/{Name(grain.Space)}/{Name(grain.Entity)}";

    /// <summary><c>day/district/individual</c>.</summary>
    public static Result<Grain> Read(string text)
    {
        var parts = text.Split('/');
        if (parts.Length == 3 && Read(parts[0], out TimeGrain time) && Read(parts[1], out SpaceGrain space) && Read(parts[2], out EntityGrain entity))
            return new Grain(time, space, entity);
        return StandardsProblems.BadRequest.Because($"\"{text}\" is no grain.",
            $"time/space/entity, e.g. day/district/individual. Time: {Names<TimeGrain>()}. Space: {Names<SpaceGrain>()}. Entity: {Names<EntityGrain>()}.");
    }

    private static IEnumerable<string> Steps(GrainDifference difference, string left, string right)
    {
        if (difference.Left != difference.To)
            yield return $"roll {left} up from {difference.Left} to {difference.To}";
        if (difference.Right != difference.To)
            yield return $"roll {right} up from {difference.Right} to {difference.To}";
    }

    private static bool Read<T>(string text, out T value)
        where T : struct, Enum => Enum.TryParse(text, true, out value) && Enum.IsDefined(value) && text.All(char.IsAsciiLetter);

    private static string Names<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(v => Name(v)));

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
