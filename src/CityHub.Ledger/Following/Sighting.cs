namespace CityHub.Ledger;

/// <summary>What a checkpoint is to somebody who has followed the log so far.</summary>
public enum SightingKind
{
    /// <summary>The log has grown, and what was there is there.</summary>
    Grown,

    /// <summary>Known.</summary>
    Same,

    /// <summary>One that the log had before: a cache, or somebody who is behind. It fits.</summary>
    Older,

    /// <summary>Not a checkpoint of this log; says nothing about the log.</summary>
    NotSigned,

    /// <summary>The log has signed what cannot be true of one growing list. The two notes prove it to anybody.</summary>
    Divergence,

    /// <summary>The files of the log do not fit its signed checkpoint, or are not there.</summary>
    FilesDoNotFit,
}

/// <param name="Why">In a sentence, where it is not well.</param>
/// <param name="Tree">Of the latest checkpoint, verified, where the log has grown.</param>
public sealed record Sighting(SightingKind Kind, SignedNote Note, Checkpoint? Head, string? Why, TileTree? Tree)
{
    /// <summary>What the log said before, where it contradicts itself.</summary>
    public SignedNote? Before { get; init; }

    public bool IsAlarm => Kind is SightingKind.Divergence or SightingKind.FilesDoNotFit;
}
