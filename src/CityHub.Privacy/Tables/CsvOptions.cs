namespace CityHub.Privacy;

/// <summary>How a CSV file is written: RFC 4180 with a header line, in UTF-8.</summary>
public sealed record CsvOptions
{
    /// <summary><c>,</c>, <c>;</c> or a tab; null: whichever the header has most of.</summary>
    public char? Separator { get; init; }

    /// <summary>Values that mean that there is none, e.g. <c>NULL</c>; they are read as the empty text.</summary>
    public IReadOnlyList<string> NullWords { get; init; } = [];

    /// <summary>Only these columns, in this order; null: all.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Told from time to time which share of the bytes has been read, 0 to 1; never where the length of the stream is not known.</summary>
    public IProgress<double>? Progress { get; init; }
}
