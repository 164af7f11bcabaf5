using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Import.Files;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Import;

/// <summary>What is to be done with the files of one import.</summary>
public sealed record ImportOptions
{
    public required MappingDeclaration Mapping { get; init; }

    /// <summary>Null: as name and content say.</summary>
    public ImportFormat? Format { get; init; }

    /// <summary>Null: UTF-8, or what the byte order mark says.</summary>
    public string? Encoding { get; init; }

    /// <summary>URI of the one thing that the files are about; null: as the mapping says.</summary>
    public string? Entity { get; init; }

    /// <summary>Batches under way at a time.</summary>
    public int Parallel { get; init; } = 2;

    /// <summary>Values in a batch.</summary>
    public int BatchValues { get; init; } = 20_000;

    /// <summary>Stop when more rows than this are refused.</summary>
    public long MostRefused { get; init; } = long.MaxValue;

    /// <summary>Read at most so many rows.</summary>
    public long MostRows { get; init; } = long.MaxValue;

    /// <summary>Begin from the first row although an earlier run had come further, or to its end.</summary>
    public bool Again { get; init; }

    /// <summary>How long a hub that does not answer is waited for.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What <c>-</c> reads.</summary>
    public Stream? Input { get; init; }
}

/// <summary>How an import stands, for whoever shows it. Read from another thread than it is written on.</summary>
public sealed class ImportProgress
{
    private long _rows;
    private long _refused;
    private double _fraction = double.NaN;

    public string File { get; internal set; } = "";

    /// <summary>Rows dealt with, over all files.</summary>
    public long Rows => Volatile.Read(ref _rows);

    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Of the file that is being read, 0 to 1; NaN when nobody knows.</summary>
    public double Fraction => Volatile.Read(ref _fraction);

    internal void Add(long rows, long refused)
    {
        Interlocked.Add(ref _rows, rows);
        Interlocked.Add(ref _refused, refused);
    }

    internal void At(double? fraction) => Volatile.Write(ref _fraction, fraction ?? double.NaN);
}

/// <summary>What became of one file.</summary>
/// <param name="From">Rows that an earlier run had dealt with.</param>
/// <param name="Empty">Rows in which every value was missing.</param>
public sealed record ImportSummary(ImportState State, long From, long Empty)
{
    /// <summary>Null: to the end.</summary>
    public Problem? Stopped { get; init; }

    /// <summary>Whoever waited asked to stop.</summary>
    public bool Cancelled { get; init; }

    /// <summary>It had been imported to its end before; nothing was read.</summary>
    public bool WasDone { get; init; }
}

/// <summary>Shows what a row gives, in a dry run.</summary>
public delegate void ShowObservation(Observation observation);
