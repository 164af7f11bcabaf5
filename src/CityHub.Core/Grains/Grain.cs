namespace CityHub.Core.Grains;

/// <summary>How fine in time 时间粒度. A week lies in no month, so that only <see cref="Always"/> is coarser than a week.</summary>
public enum TimeGrain
{
    Instant,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Always,
}

/// <summary>How fine in space 空间粒度, after the levels of GB/T 2260 and GB/T 10114, each inside the next.</summary>
public enum SpaceGrain
{
    Point,
    Grid,
    Community,
    Town,
    District,
    City,
    Province,
    Everywhere,
}

/// <summary>How fine in whom or what 主体粒度.</summary>
public enum EntityGrain
{
    Individual,
    Household,
    Group,
    All,
}

/// <summary>How fine a dataset or a release is. What is finer may be rolled up to what is coarser, never the other way round.</summary>
public readonly record struct Grain(TimeGrain Time, SpaceGrain Space, EntityGrain Entity)
{
    public static readonly Grain Finest;

    /// <summary>The finest grain that is at least as coarse as both: commutative, associative, idempotent.</summary>
    public Grain Coarsest(Grain other) => new(Coarsest(Time, other.Time), Larger(Space, other.Space), Larger(Entity, other.Entity));

    /// <summary>True when what has this grain may be rolled up to <paramref name="coarser"/>.</summary>
    public bool RollsUpTo(Grain coarser) => Coarsest(coarser) == coarser;

    private static TimeGrain Coarsest(TimeGrain one, TimeGrain other)
    {
        var larger = Larger(one, other);
        return (one == TimeGrain.Week || other == TimeGrain.Week) && larger is not (TimeGrain.Week or TimeGrain.Always) ? TimeGrain.Always : larger;
    }

    private static T Larger<T>(T one, T other)
        where T : struct, Enum => Comparer<T>.Default.Compare(one, other) >= 0 ? one : other;
}
