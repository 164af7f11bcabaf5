using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Sqlite;

namespace CityHub.Storage.Embedded.Facts;

/// <summary>One row of `facts` into a <see cref="Fact"/>, checked.</summary>
internal static class RowReader
{
    public const string Columns = "SELECT position, stream, version, type, at, row_check, salt, payload FROM facts";

    /// <param name="expected">The position the row must have: the log is gapless.</param>
    public static Problem? Read(SqliteStatement row, FactNames names, long expected, out Fact fact)
    {
        long position = row.Long(0), stream = row.Long(1), version = row.Long(2), type = row.Long(3), at = row.Long(4);
        fact = default;
        if (position != expected)
        {
            return Damaged(expected, $"position {position} stands in its place");
        }

        ReadOnlySpan<byte> payload = row.Blob(7), salt = row.Blob(6);
        if ((uint)row.Long(5) != RowCheck.Of(position, stream, version, type, at, salt, payload) || salt.Length != Fact.SaltBytes || at is < 0 or > 3155378975999999999)
        {
            return Damaged(position, "its check does not fit its content");
        }

        if (names.StreamName(stream) is not { } streamName || names.TypeName(type) is not { } typeName)
        {
            return Damaged(position, "its stream or type has no name");
        }

        fact = new Fact(position, streamName, version, typeName, new DateTimeOffset(at, TimeSpan.Zero), payload.ToArray()) { Salt = salt.ToArray() };
        return null;
    }

    public static Problem Damaged(long position, string what) => FactProblems.StorageDamaged.Because(
        $"Fact {position} in {FactFile.FileName}: {what}.",
        "Stop the hub, keep a copy of the folder, and restore the last backup; see docs/problems/storage-damaged.md.");
}
