namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>Sorted rows → a chunk: blocks one behind the other, and their summaries. One thread at a time.</summary>
internal sealed class ChunkEncoder(SeriesOptions options)
{
    /// <summary>A block ends when its bodies have this many bytes, so that one sample does not cost the reading of megabytes.</summary>
    const int BlockBodyBytes = 256 << 10;

    readonly ByteWriter _writer = new();
    readonly BlockScratch _scratch = new();
    readonly List<BlockSummary> _blocks = [];
    readonly int _most = Math.Min(options.BlockSamples, PatchedBits.Most);

    public Chunk Encode(ReadOnlySpan<Row> rows, long id)
    {
        _writer.Clear();
        _blocks.Clear();
        (long minSequence, long maxSequence, long minRecorded, long maxRecorded) = (long.MaxValue, long.MinValue, long.MaxValue, long.MinValue);
        for (int start = 0; start < rows.Length;)
        {
            int length = BlockLength(rows[start..]);
            ReadOnlySpan<Row> block = rows.Slice(start, length);
            int offset = _writer.Length;
            Block.Write(_writer, block, _scratch);
            Tally tally = Tally.Empty;
            tally.Add(_scratch.Numbers.AsSpan(0, length));
            _blocks.Add(tally.Summary(block[0].Time, block[^1].Time, offset, _writer.Length - offset));
            foreach (ref readonly Row row in block)
            {
                minSequence = Math.Min(minSequence, row.Sequence);
                maxSequence = Math.Max(maxSequence, row.Sequence);
                minRecorded = Math.Min(minRecorded, row.Recorded);
                maxRecorded = Math.Max(maxRecorded, row.Recorded);
            }

            start += length;
        }

        BlockSummary[] summaries = [.. _blocks];
        byte[] body = _writer.Written.ToArray();
        _writer.Shrink(1 << 20);
        return new Chunk
        {
            Id = id,
            First = rows[0].Mark,
            Last = rows[^1].Mark,
            MinSequence = minSequence,
            MaxSequence = maxSequence,
            MinRecorded = minRecorded,
            MaxRecorded = maxRecorded,
            Count = rows.Length,
            BodyBytes = body.Length,
            Held = new ChunkBytes(summaries, BlockSummary.Write(summaries, id), body),
        };
    }

    int BlockLength(ReadOnlySpan<Row> rows)
    {
        int most = Math.Min(rows.Length, _most);
        long bodies = rows[0].Body?.Length ?? 0;
        for (int i = 1; i < most; i++)
        {
            bodies += rows[i].Body?.Length ?? 0;
            if ((i >= options.HourSamples && Hour(rows[i].Time) != Hour(rows[i - 1].Time)) || bodies > BlockBodyBytes)
            {
                return i;
            }
        }

        return most;
    }

    /// <summary>Which hour a time lies in; rounded down also before the year 1.</summary>
    public static long Hour(long time) => (long)((ulong)(time ^ long.MinValue) / TimeSpan.TicksPerHour);
}
