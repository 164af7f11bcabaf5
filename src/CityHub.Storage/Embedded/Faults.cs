namespace CityHub.Storage.Embedded;

/// <summary>The steps of the commit sequences. What a crash leaves at each is said beside the step in the code.</summary>
internal enum FaultPoint
{
    OpenBeforeLock,
    OpenBeforeFacts,
    OpenBeforeSchema,
    OpenBeforeTailCheck,
    AppendBeforeInsert,
    AppendAfterInsert,
    AppendBeforeCommit,
    AppendAfterCommit,
    AppendAfterObserve,
    AppendAfterAnswer,
    CheckpointBefore,
    CheckpointAfter,
    ViewBeforeChanges,
    ViewBeforeCommit,
    ViewAfterCommit,
    SeriesBeforeChanges,
    SeriesBeforeCommit,
    SeriesAfterCommit,
    SnapshotBeforeWrite,
    SnapshotBeforeHeader,
    SnapshotBeforeSync,
    SnapshotBeforeRename,
    SnapshotBeforeFolderSync,
    SnapshotBeforeTidy,
}
