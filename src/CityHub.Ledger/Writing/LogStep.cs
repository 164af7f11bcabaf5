namespace CityHub.Ledger;

/// <summary>What a writer is about to do to a file or folder; tests end the process there, and lose what was not yet synced.</summary>
internal enum LogStep
{
    WriteFile,
    SyncFile,
    FileSynced,
    MakeFolder,
    SyncFolder,
    FolderSynced,
    SyncAll,
    AllSynced,
    WriteHead,
    SyncHead,
    HeadSynced,
    ReplaceCheckpoint,
    CheckpointReplaced,
    Tidy,
}
