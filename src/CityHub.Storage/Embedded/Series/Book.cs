namespace CityHub.Storage.Embedded.Series;

/// <summary>
/// All series of one entity, as far as they are in memory. Everything in it is under its own lock. A book comes into being empty, with
/// nothing but what is appended; it is made <see cref="Whole"/> from its record in the file when somebody needs to know the rest.
/// </summary>
internal sealed class Book(string tenant, string entity)
{
    public string Tenant => tenant;

    public string Entity => entity;

    /// <summary>Few enough to look through, in the order in which they came.</summary>
    public List<Line> Lines { get; } = new(4);

    /// <summary>Nothing of the entity is in the file that is not here.</summary>
    public bool Whole { get; set; }

    /// <summary>Changed since it was last written; it stands in the list of those to write.</summary>
    public bool Dirty { get; set; }

    /// <summary>It is among those that are being written, and has not been encoded yet: whoever changes more than the end of a series encodes it first.</summary>
    public bool Awaited { get; set; }

    /// <summary>What is being written of it, while it is.</summary>
    public BookRecord? Record { get; set; }

    /// <summary>Chunks in the file that no series has any more.</summary>
    public List<long> Dropped { get; } = [];

    /// <summary>No longer the book of its entity: find the new one.</summary>
    public bool Gone { get; set; }

    /// <summary>Read since the cache last looked.</summary>
    public bool Touched { get; set; }

    public Line? Find(string attribute, string dataset)
    {
        foreach (Line line in Lines)
        {
            if (line.Attribute == attribute && line.Dataset == dataset)
            {
                return line;
            }
        }

        return null;
    }

    public Line FindOrAdd(string attribute, string dataset)
    {
        if (Find(attribute, dataset) is { } line)
        {
            return line;
        }

        line = new Line(this, attribute, dataset);
        Lines.Add(line);
        return line;
    }
}

/// <summary>A book as of one position of the log, on its way into the file.</summary>
/// <param name="Bytes">Null: nothing is left of it.</param>
/// <param name="Chunks">New ones.</param>
/// <param name="Dropped">Ids of those that leave the file.</param>
/// <param name="Fresh">The file may have a record that this one does not know of; the writer looks, and merges where it has.</param>
internal sealed record BookRecord(byte[]? Bytes, Chunk[] Chunks, long[] Dropped, bool Fresh);
