using System.Text;

namespace CityHub.Privacy;

/// <summary>The rows of a CSV file one after the other, for what does not need the whole table: <c>while (rows.Next()) … rows[0] …</c>. The checks are those of <see cref="CsvTable"/>.</summary>
public sealed class CsvRows : IDisposable
{
    /// <summary>Texts are kept until a column has so many distinct values; from then on one is made for each of its cells.</summary>
    private const int Kept = 1 << 16;

    private readonly Stream stream;
    private readonly bool own;
    private readonly CsvScanner scanner;
    private readonly CsvOptions options;
    private readonly int[] wanted;
    private readonly (ByteDictionary Known, List<string> Texts)[] kept;

    /// <exception cref="PrivacyException">The file has no header, or a column asked for is missing.</exception>
    public CsvRows(string path, CsvOptions? options = null, CancellationToken cancel = default)
        : this(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan), options, cancel) => own = true;

    /// <param name="stream">It stays open.</param>
    public CsvRows(Stream stream, CsvOptions? options = null, CancellationToken cancel = default)
    {
        (this.stream, this.options) = (stream, options ?? new CsvOptions());
        scanner = new CsvScanner(stream, this.options, cancel);
        wanted = CsvTable.Wanted(scanner.Names, this.options.Columns);
        Names = Array.ConvertAll(wanted, field => scanner.Names[field]);
        kept = Array.ConvertAll(wanted, _ => (new ByteDictionary(), new List<string>()));
    }

    /// <summary>Of the columns that were asked for, in that order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The one in use, given or detected.</summary>
    public char Separator => scanner.Separator;

    /// <summary>Of the row at hand, counted from 1 with the header as row 1.</summary>
    public long Row => scanner.Row;

    /// <summary>The value in the row at hand; a null is the empty text.</summary>
    /// <exception cref="PrivacyException">It is not UTF-8.</exception>
    public string this[int column]
    {
        get
        {
            var (field, (known, texts)) = (wanted[column], kept[column]);
            if (known.Count >= Kept)
                return Text(field);
            var code = known.Add(scanner.From(field), scanner.Length(field));
            if (code < 0)
                throw scanner.NotUtf8(field);
            if (code == texts.Count)
                texts.Add(Text(field));
            return texts[code];
        }
    }

    /// <summary>Goes to the next row; false at the end.</summary>
    /// <exception cref="PrivacyException">The row is ragged, or a quote is never closed.</exception>
    public bool Next() => scanner.Next();

    public void Dispose()
    {
        if (own)
            stream.Dispose();
    }

    private string Text(int field)
    {
        var bytes = scanner.From(field)[..scanner.Length(field)];
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
            throw scanner.NotUtf8(field);
        var text = Encoding.UTF8.GetString(bytes);
        return options.NullWords.Contains(text) ? "" : text;
    }
}
