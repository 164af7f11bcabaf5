namespace CityHub.Storage.Embedded.Sqlite;

/// <summary>SQLite said no; <see cref="Code"/> is the primary result code, <see cref="ExtendedCode"/> the reason behind it.</summary>
internal sealed class SqliteException(int extendedCode, string message, int errno = 0)
    : IOException($"SQLite {extendedCode & 0xff}/{extendedCode}: {message}{(errno == 0 ? "" : $" (errno {errno})")}")
{
    public int ExtendedCode { get; } = extendedCode;

    public int Code => ExtendedCode & 0xff;

    public bool DiskFull => Code == Native.Full;

    /// <summary>The file is not what was written; another attempt reads the same.</summary>
    public bool Damaged => Code is Native.Corrupt or Native.NotADatabase;
}
