using System.Buffers;
using CityHub.Core.Tables;
using CityHub.Sharing.Releases;

namespace CityHub.Server.Export;

/// <summary>All rows of a table as CSV, in the form in which releases have it.</summary>
internal static class CsvRows
{
    private const int Block = 1 << 16;

    public static async Task WriteAsync(IRows rows, Stream to, CancellationToken cancel)
    {
        var block = new ArrayBufferWriter<byte>(Block * 2);
        block.Write(ReleaseCsv.Header(rows.Schema));
        while (await rows.NextAsync(cancel) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
            {
                Put(block, batch, row);
                if (block.WrittenCount < Block)
                    continue;
                await to.WriteAsync(block.WrittenMemory, cancel);
                block.ResetWrittenCount();
            }

        await to.WriteAsync(block.WrittenMemory, cancel);
    }

    private static void Put(ArrayBufferWriter<byte> block, RowBatch batch, int row)
    {
        var (size, length) = (Block, 0);
        while ((length = ReleaseCsv.Row(batch, row, block.GetSpan(size))) < 0)
            size *= 2;
        block.Advance(length);
    }
}
