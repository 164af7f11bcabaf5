using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>Why a table says no.</summary>
public static class TableProblems
{
    /// <summary>RFC 4918, 11.3.</summary>
    public static readonly ProblemKind Locked = new("table-locked", "The department has not unlocked its data", 423);

    public static readonly ProblemKind RowsUnfit = new("table-rows-unfit", "The rows do not fit the table", 422);

    public static readonly ProblemKind NoKey = new("table-has-no-key", "The rows of this table have no names", 409);

    public static readonly ProblemKind Superseded = new("table-superseded", "Other rows took the place of the table", 409);

    internal static Problem LockedBy(string table, string owner, bool wrongKey) => Locked.Because(
        wrongKey ? $"{table} is sealed under a key of {owner} that is not the one at hand." : $"{table} is sealed under the key of {owner}, and the hub does not have that key now.",
        wrongKey ? $"{owner} must unlock its data with the key that it used when the data was delivered." : $"Ask {owner} to unlock its data; nobody else can.",
        "Only the providing department holds the key of its data.");

    internal static Problem Damaged(string file, string what) => FactProblems.StorageDamaged.Because(
        $"{file} is not what was written: {what}.", "Keep a copy of the folder, check the disk, and restore the last backup, or let the department deliver this dataset again.");

    internal static Problem NotWritten(string table, IOException failure) => IsFull(failure)
        ? FactProblems.StorageFull.Because($"The rows for {table} have no room on the disk ({failure.Message}).", "Free some space and deliver again; the table is what it was before.")
        : FactProblems.StorageUnavailable.Because($"The rows for {table} could not be written: {failure.Message}", "Check the disk of the data folder and deliver again; the table is what it was before.");

    /// <summary>ENOSPC and EDQUOT; ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.</summary>
    internal static bool IsFull(IOException failure) => failure.HResult is 28 or 122 or unchecked((int)0x80070070) or unchecked((int)0x80070027);
}
