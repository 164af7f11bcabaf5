using System.Text;
using CityHub.Core.Problems;
using CityHub.Privacy;
using CityHub.Sensing.Import.Files;
using Cell = CityHub.Sensing.Mapping.Cell;
using Parquet;
using Parquet.Schema;

namespace CityHub.Server.Deidentification;

/// <summary>Tables from and to files, CSV or Parquet by their names.</summary>
internal static class TableFile
{
    private const string Parquet = ".parquet";
    private const int RowsInGroup = 1 << 18;

    public static bool IsParquet(string path) => path.EndsWith(Parquet, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="PrivacyException">It cannot be read, or is no table.</exception>
    public static async Task<Table> ReadAsync(string path, char? separator, IReadOnlyList<string> nulls, IProgress<double>? progress, CancellationToken cancel)
    {
        try
        {
            return IsParquet(path)
                ? await ReadParquetAsync(path, nulls, progress, cancel)
                : CsvTable.Read(path, new CsvOptions { Separator = separator, NullWords = nulls, Progress = progress }, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PrivacyException(new PrivacyRefusal(PrivacyCodes.TableUnreadable, $"{path} cannot be read: {e.Message}", "Is the path right, and may you read it?"), e);
        }
    }

    /// <summary>The file has its name only when it is complete and on the disk.</summary>
    public static async Task<Problem?> WriteAsync(Table table, string path, char separator, CancellationToken cancel)
    {
        try
        {
            if (IsParquet(path))
                await WriteParquetAsync(table, path, cancel);
            else
                CsvTable.Write(table, path, separator, cancel);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DeidentifyProblems.OutputUnwritable.Because($"{path} cannot be written: {e.Message}", "Free space or give another name with --out; what stood there before is untouched.");
        }
    }

    /// <summary>Small results: reports, schemes.</summary>
    public static Problem? Write(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            CityHub.Ledger.DurableFiles.Replace(path, content);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return DeidentifyProblems.OutputUnwritable.Because($"{path} cannot be written: {e.Message}", "Free space or give another name; what stood there before is untouched.");
        }
    }

    private static async Task<Table> ReadParquetAsync(string path, IReadOnlyList<string> nulls, IProgress<double>? progress, CancellationToken cancel)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (!(await ParquetRecords.OpenAsync(file, cancel)).TryGet(out var records, out var problem))
            throw Refused(problem);
        await using (records)
        {
            var builders = records.Columns.Select(name => new ColumnBuilder(name)).ToArray();
            var text = new char[256];
            while (true)
            {
                if (!(await records.NextAsync(cancel)).TryGet(out var more, out problem))
                    throw Refused(problem);
                if (!more)
                    break;
                for (var i = 0; i < builders.Length; i++)
                    Append(builders[i], records.Cells[i], ref text);
                if ((records.Row & 0x3FFF) == 0)
                    progress?.Report(records.Fraction ?? 0);
            }

            var table = new Table(builders.Select(one => one.Build()));
            return nulls.Count == 0 ? table : new Table(table.Columns.Select(one => WithoutWords(one, nulls)));
        }
    }

    private static Column WithoutWords(Column column, IReadOnlyList<string> nulls)
    {
        if (!column.Values.Any(nulls.Contains))
            return column;
        var builder = new ColumnBuilder(column.Name);
        for (var row = 0; row < column.Rows; row++)
            builder.Append(nulls.Contains(column[row]) ? "" : column[row]);
        return builder.Build();
    }

    private static void Append(ColumnBuilder column, in Cell cell, ref char[] text)
    {
        var bytes = cell.Characters;
        if (bytes.Length > text.Length)
            text = new char[bytes.Length * 2];
        column.Append(text.AsSpan(0, Encoding.UTF8.GetChars(bytes, text)));
    }

    private static PrivacyException Refused(Problem problem) => new PrivacyRefusal(PrivacyCodes.TableUnreadable, problem.Detail, problem.Hint, problem.Rule).ToException();

    /// <summary>All columns are texts: released values are labels such as 20-39 or *.</summary>
    private static async Task WriteParquetAsync(Table table, string path, CancellationToken cancel)
    {
        var part = path + ".part";
        try
        {
            await using (var file = new FileStream(part, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            {
                var fields = table.Columns.Select(one => new DataField<string>(one.Name)).ToArray();
                await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), file, new ParquetOptions { CompressionMethod = CompressionMethod.Gzip }, cancellationToken: cancel))
                {
                    for (var from = 0; from < table.Rows; from += RowsInGroup)
                    {
                        cancel.ThrowIfCancellationRequested();
                        using var group = writer.CreateRowGroup();
                        for (var i = 0; i < fields.Length; i++)
                        {
                            var column = table.Columns[i];
                            await group.WriteAsync(fields[i], Enumerable.Range(from, Math.Min(RowsInGroup, table.Rows - from)).Select(row => column[row]).ToList());
                        }

                        group.CompleteValidate();
                    }
                }

                file.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }
}
