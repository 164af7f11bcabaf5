using System.Buffers;
using System.Text;
using CityHub.Core.Tables;
using CityHub.Sharing.Releases;

namespace CityHub.Server.Export;

/// <summary>All rows of a table as CSV (RFC 4180, UTF-8, a header): a missing value is empty, an empty text is <c>""</c>.</summary>
internal static class CsvRows
{
    private const int Block = 1 << 16;
    private static readonly SearchValues<byte> Special = SearchValues.Create("\",\r\n"u8);

    public static async Task WriteAsync(IRows rows, Stream to, CancellationToken cancel)
    {
        var block = new ArrayBufferWriter<byte>(Block * 2);
        for (var i = 0; i < rows.Schema.Columns.Count; i++)
        {
            block.Write(i == 0 ? ""u8 : ","u8);
            Quoted(block, Encoding.UTF8.GetBytes(rows.Schema.Columns[i].Name));
        }

        block.Write("\r\n"u8);
        while (await rows.NextAsync(cancel) is { } batch)
        {
            for (var row = 0; row < batch.Rows; row++)
                Row(block, batch, row);
            if (block.WrittenCount < Block)
                continue;
            await to.WriteAsync(block.WrittenMemory, cancel);
            block.ResetWrittenCount();
        }

        await to.WriteAsync(block.WrittenMemory, cancel);
    }

    private static void Row(ArrayBufferWriter<byte> block, RowBatch batch, int row)
    {
        Span<byte> scratch = stackalloc byte[CellText.Longest];
        for (var i = 0; i < batch.Columns.Length; i++)
        {
            block.Write(i == 0 ? ""u8 : ","u8);
            var column = batch.Columns[i];
            if (column.IsNull(row))
                continue;
            var cell = CellText.Of(column, row, scratch);
            if (column.Type == ColumnType.Text)
                Quoted(block, cell);
            else
                block.Write(cell);
        }

        block.Write("\r\n"u8);
    }

    private static void Quoted(ArrayBufferWriter<byte> block, ReadOnlySpan<byte> text)
    {
        if (text.Length > 0 && !text.ContainsAny(Special))
        {
            block.Write(text);
            return;
        }

        block.Write("\""u8);
        for (int quote; (quote = text.IndexOf((byte)'"')) >= 0; text = text[(quote + 1)..])
        {
            block.Write(text[..(quote + 1)]);
            block.Write("\""u8);
        }

        block.Write(text);
        block.Write("\""u8);
    }
}
