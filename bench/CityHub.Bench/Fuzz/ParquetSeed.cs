using Parquet;
using Parquet.Schema;

namespace CityHub.Bench.Fuzz;

/// <summary>A small Parquet file: texts by dictionary, times, numbers with gaps, numbers by difference, truth values, in several row groups.</summary>
public static class ParquetSeed
{
    public static async Task<byte[]> MakeAsync(int rows, int rowsInGroup, CompressionMethod packed, CancellationToken cancel)
    {
        var (id, time, v, n, on) = (new DataField<string>("id"), new DataField<DateTime>("time"), new DataField<double?>("v"), new DataField<int>("n"), new DataField<bool>("on"));
        using var stream = new MemoryStream();
        var options = new ParquetOptions { CompressionMethod = packed };
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(id, time, v, n, on), stream, options, cancellationToken: cancel))
        {
            for (var from = 0; from < rows; from += rowsInGroup)
            {
                var range = Enumerable.Range(from, Math.Min(rowsInGroup, rows - from)).ToList();
                using var group = writer.CreateRowGroup();
                await group.WriteAsync(id, range.Select(_ => "p").ToList());
                await group.WriteAsync<DateTime>(time, range.Select(i => new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(i)).ToArray(), cancellationToken: cancel);
                await group.WriteAsync<double>(v, range.Select(i => i % 3 == 0 ? (double?)null : i * 0.5).ToArray(), cancellationToken: cancel);
                await group.WriteAsync<int>(n, range.ToArray(), cancellationToken: cancel);
                await group.WriteAsync<bool>(on, range.Select(i => i % 2 == 0).ToArray(), cancellationToken: cancel);
                group.CompleteValidate();
            }
        }

        return stream.ToArray();
    }
}
