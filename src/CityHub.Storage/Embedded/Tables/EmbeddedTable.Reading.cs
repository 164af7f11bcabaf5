using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

internal sealed partial class EmbeddedTable
{
    public Result<IRows> Scan(ReadOnlyMemory<int> columns, long from = 0) => Scan(columns, from, null);

    /// <param name="wanted">Told the statistics of a group by column of the table: false passes it over unopened. Rows to pass over are counted before.</param>
    internal Result<IRows> Scan(ReadOnlyMemory<int> columns, long from, Func<ColumnStats[], bool>? wanted)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        Projection projection = Project(columns.Span);
        if (Refusal() is { } locked)
        {
            return locked;
        }

        lock (_gate)
        {
            if (ReadyHere(index: false) is { } refused)
            {
                return refused;
            }

            return new TableScan(this, HeldHere(), projection.Columns, projection.Schema, from, wanted);
        }
    }

    public Result<RowBatch> Find(ReadOnlySpan<byte> key, ReadOnlyMemory<int> columns)
    {
        if (Schema.Key < 0)
        {
            return TableProblems.NoKey.Because($"The rows of {Name} have no key by which one could be found.", "Read the rows with a filter instead.");
        }

        Projection projection = Project(columns.Span);
        ColumnType type = Schema.Columns[Schema.Key].Type;
        Span<byte> eight = stackalloc byte[8];
        bool readable = type == ColumnType.Text || KeyText.TryRead(key, type, eight);
        scoped ReadOnlySpan<byte> sought = type == ColumnType.Text ? key : eight;

        if (Refusal() is { } locked)
        {
            return locked;
        }

        Segment segment;
        SegmentDirectory directory;
        int row;
        lock (_gate)
        {
            if (ReadyHere(index: true) is { } refused)
            {
                return refused;
            }

            KeyIndex? index = _index;
            long place = index is null || !readable ? -1 : index.Find(index.Hash(sought));
            if (place < 0)
            {
                return NewBatch(projection.Schema);
            }

            segment = _now.Parts[_now.PartOf(place)].Segment;
            directory = DirectoryOf(segment);
            row = (int)(place - segment.FirstPlace);
            segment.Hold();
        }

        try
        {
            int g = directory.GroupOf(row);
            row -= directory.Groups[g].First;
            RowBatch batch = NewBatch(projection.Schema);
            if (!_cache.Get(segment, directory, g, segment.Map[Schema.Key]).Holds(row, sought))
            {
                return batch; // another key with the same hash
            }

            for (int c = 0; c < projection.Columns.Length; c++)
            {
                int column = segment.Map[projection.Columns[c]];
                if (column < 0)
                {
                    batch.Columns[c].Nulls = [1];
                }
                else
                {
                    _cache.Get(segment, directory, g, column).Take(row, batch.Columns[c], 0);
                }
            }

            batch.Rows = 1;
            return batch;
        }
        catch (StorageException refused)
        {
            return refused.Problem;
        }
        catch (DamageException damage)
        {
            return segment.Damaged(damage.Message).Problem;
        }
        finally
        {
            segment.Release();
        }
    }

    static RowBatch NewBatch(TableSchema schema)
    {
        var columns = new ColumnBatch[schema.Columns.Count];
        for (int c = 0; c < columns.Length; c++)
        {
            ColumnType type = schema.Columns[c].Type;
            columns[c] = type switch
            {
                ColumnType.Text => new(type) { Offsets = new int[2] },
                ColumnType.Number => new(type) { Numbers = new double[1] },
                _ => new(type) { Integers = new long[1] },
            };
        }

        return new RowBatch(schema, columns);
    }
}
