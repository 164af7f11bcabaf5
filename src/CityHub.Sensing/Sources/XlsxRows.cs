using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Xml;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sensing.Sources;

/// <summary>
/// A sheet of an Office Open XML workbook (ISO/IEC 29500) as rows of texts: the first row names the columns. Read as a stream; of the workbook only the shared strings and the
/// number formats are in memory. Dates become ISO 8601 by their cell's format; formulas give the value that was saved with them.
/// </summary>
internal sealed class XlsxRows : IRows
{
    /// <summary>Unpacked, of one part: beyond it the file is a bomb, or wants to be a database.</summary>
    private const long MostPart = 2L << 30;
    private const long MostStrings = 256L << 20;
    private const int MostColumns = 16_384;

    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreWhitespace = false, Async = false };

    private readonly Stream _file;
    private readonly ZipArchive _zip;
    private readonly XmlReader _sheet;
    private readonly IReadOnlyList<string> _strings;
    private readonly IReadOnlyList<bool> _dates;
    private readonly bool _since1904;
    private readonly BatchBuilder _batch;
    private readonly int[] _taken;
    private readonly string?[] _row;

    private XlsxRows(Stream file, ZipArchive zip, XmlReader sheet, IReadOnlyList<string> strings, IReadOnlyList<bool> dates, bool since1904, string?[] header, IReadOnlyList<string> wanted)
    {
        (_file, _zip, _sheet, _strings, _dates, _since1904) = (file, zip, sheet, strings, dates, since1904);
        var names = header.TakeWhile(h => !string.IsNullOrWhiteSpace(h)).Select(h => h?.Trim() ?? "").ToList();
        _taken = wanted.Count == 0 ? [.. Enumerable.Range(0, names.Count)] : [.. wanted.Select(w => names.IndexOf(w))];
        _row = new string?[header.Length];
        Schema = new TableSchema([.. _taken.Select(t => new TableColumn(names[t], ColumnType.Text))]);
        _batch = new BatchBuilder(Schema);
    }

    public TableSchema Schema { get; }

    /// <param name="name">Of the sheet; null: the first.</param>
    public static Result<IRows> Open(string path, string? name, IReadOnlyList<string> wanted)
    {
        Stream? file = null;
        ZipArchive? zip = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            zip = new ZipArchive(file, ZipArchiveMode.Read);
            var (target, since1904) = Sheet(zip, name);
            if (target is null)
                return Give(file, zip, $"{Path.GetFileName(path)} has no sheet {name}.");
            var (strings, dates) = (Strings(zip), Dates(zip));
            var sheet = XmlReader.Create(Part(zip, target, MostPart) ?? throw new InvalidDataException($"there is no part {target}"), Settings);
            var rows = new XlsxRows(file, zip, sheet, strings, dates, since1904, new string?[MostColumns], []);
            if (!rows.ReadRow())
                return Give(file, zip, "The sheet is empty; its first row names the columns.");
            var header = rows._row;
            var width = Array.FindIndex(header, string.IsNullOrWhiteSpace);
            width = width < 0 ? header.Length : width;
            if (width == 0)
                return Give(file, zip, "The first cell of the sheet is empty; its first row names the columns.");
            if (wanted.FirstOrDefault(w => !header.Take(width).Any(h => h?.Trim() == w)) is { } missing)
                return Give(file, zip, $"The sheet has no column {missing}; it has {string.Join(", ", header.Take(width))}.") with { Field = missing };
            return new XlsxRows(file, zip, sheet, strings, dates, since1904, header[..width], wanted);
        }
        catch (Exception e) when (IsDamage(e))
        {
            return Give(file, zip, $"{Path.GetFileName(path)} is no workbook that can be read: {e.Message}");
        }
    }

    /// <exception cref="SourceException">The workbook is damaged from here on.</exception>
    public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        _batch.Clear();
        try
        {
            while (!_batch.Full && ReadRow())
            {
                if (Array.TrueForAll(_taken, t => string.IsNullOrEmpty(_row[t])))
                    continue;
                foreach (var column in _taken)
                    _batch.Text(string.IsNullOrEmpty(_row[column]) ? null : _row[column]);
            }
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw new SourceException(SourceProblems.FileUnreadable.Because($"The workbook is damaged: {e.Message}"));
        }

        return ValueTask.FromResult(_batch.Rows == 0 ? null : _batch.Batch);
    }

    public async ValueTask DisposeAsync()
    {
        _sheet.Dispose();
        _zip.Dispose();
        await _file.DisposeAsync();
    }

    private static Problem Give(Stream? file, ZipArchive? zip, string why)
    {
        zip?.Dispose();
        file?.Dispose();
        return SourceProblems.FileUnreadable.Because(why, "Save it again as .xlsx, or give CSV.");
    }

    private static bool IsDamage(Exception e) => e is InvalidDataException or XmlException or IOException or FormatException or OverflowException or UnauthorizedAccessException;

    private static Stream? Part(ZipArchive zip, string name, long most)
    {
        if (zip.GetEntry(name.TrimStart('/')) is not { } entry)
            return null;
        return entry.Length <= most ? entry.Open() : throw new InvalidDataException($"{name} has {entry.Length >> 20} MiB unpacked");
    }

    /// <summary>The part of the sheet of this name, and whether days are counted from 1904.</summary>
    private static (string? Target, bool Since1904) Sheet(ZipArchive zip, string? name)
    {
        string? id = null;
        var since1904 = false;
        using (var workbook = XmlReader.Create(Part(zip, "xl/workbook.xml", MostStrings) ?? throw new InvalidDataException("there is no xl/workbook.xml"), Settings))
        {
            while (workbook.Read())
            {
                if (workbook.NodeType != XmlNodeType.Element)
                    continue;
                if (workbook.LocalName == "workbookPr")
                    since1904 = workbook.GetAttribute("date1904") is "1" or "true";
                if (workbook.LocalName == "sheet" && id is null && (name is null || workbook.GetAttribute("name") == name))
                    id = workbook.GetAttribute("id", "http://schemas.openxmlformats.org/officeDocument/2006/relationships");
            }
        }

        if (id is null)
            return (null, since1904);
        using var relations = XmlReader.Create(Part(zip, "xl/_rels/workbook.xml.rels", MostStrings) ?? throw new InvalidDataException("its relations are missing"), Settings);
        while (relations.Read())
            if (relations.NodeType == XmlNodeType.Element && relations.LocalName == "Relationship" && relations.GetAttribute("Id") == id && relations.GetAttribute("Target") is { } target)
                return (target.StartsWith('/') ? target[1..] : "xl/" + target, since1904);
        return (null, since1904);
    }

    private static List<string> Strings(ZipArchive zip)
    {
        var strings = new List<string>();
        if (Part(zip, "xl/sharedStrings.xml", MostStrings) is not { } part)
            return strings;
        using var reader = XmlReader.Create(part, Settings);
        var text = new StringBuilder();
        var phonetic = 0;
        while (reader.Read())
        {
            switch (reader.NodeType, reader.LocalName)
            {
                case (XmlNodeType.Element, "si"): text.Clear(); if (reader.IsEmptyElement) strings.Add(""); break;
                case (XmlNodeType.EndElement, "si"): strings.Add(text.ToString()); break;
                // How it is pronounced is not what it says.
                case (XmlNodeType.Element, "rPh") when !reader.IsEmptyElement: phonetic++; break;
                case (XmlNodeType.EndElement, "rPh"): phonetic--; break;
                case (XmlNodeType.Text or XmlNodeType.SignificantWhitespace or XmlNodeType.Whitespace or XmlNodeType.CDATA, _) when phonetic == 0: text.Append(reader.Value); break;
                default: break;
            }
        }

        return strings;
    }

    /// <summary>Which cell formats are dates or times.</summary>
    private static List<bool> Dates(ZipArchive zip)
    {
        var dates = new List<bool>();
        if (Part(zip, "xl/styles.xml", MostStrings) is not { } part)
            return dates;
        using var reader = XmlReader.Create(part, Settings);
        var own = new Dictionary<int, bool>();
        var inFormats = false;
        while (reader.Read())
        {
            switch (reader.NodeType, reader.LocalName)
            {
                case (XmlNodeType.Element, "numFmt"): own[Number(reader.GetAttribute("numFmtId"))] = SaysDate(reader.GetAttribute("formatCode") ?? ""); break;
                case (XmlNodeType.Element, "cellXfs"): inFormats = !reader.IsEmptyElement; break;
                case (XmlNodeType.EndElement, "cellXfs"): inFormats = false; break;
                case (XmlNodeType.Element, "xf") when inFormats:
                    var format = Number(reader.GetAttribute("numFmtId"));
                    // 18.8.30: the built-in formats of dates and times, those of Chinese locales among them.
                    dates.Add(own.TryGetValue(format, out var says) ? says : format is >= 14 and <= 22 or >= 27 and <= 36 or >= 45 and <= 47 or >= 50 and <= 58);
                    break;
                default: break;
            }
        }

        return dates;
    }

    /// <summary>A format code with a letter of a date in it, outside quotes and brackets.</summary>
    private static bool SaysDate(string code)
    {
        var (quoted, bracket) = (false, false);
        for (var i = 0; i < code.Length; i++)
        {
            switch (code[i])
            {
                case '\\': i++; break;
                case '"': quoted = !quoted; break;
                case '[': bracket = true; break;
                case ']': bracket = false; break;
                case 'y' or 'Y' or 'd' or 'D' or 'h' or 'H' or 's' or 'S' or 'm' or 'M' or 'e' when !quoted && !bracket: return true;
                default: break;
            }
        }

        return false;
    }

    private bool ReadRow()
    {
        while (_sheet.Read())
        {
            if (_sheet.NodeType != XmlNodeType.Element || _sheet.LocalName != "row")
                continue;
            Array.Clear(_row);
            if (!_sheet.IsEmptyElement)
                ReadCells();
            return true;
        }

        return false;
    }

    private void ReadCells()
    {
        var next = 0;
        while (_sheet.Read() && !(_sheet.NodeType == XmlNodeType.EndElement && _sheet.LocalName == "row"))
        {
            if (_sheet.NodeType != XmlNodeType.Element || _sheet.LocalName != "c")
                continue;
            var at = _sheet.GetAttribute("r") is { } reference ? ColumnOf(reference) : next;
            next = at + 1;
            var (type, style) = (_sheet.GetAttribute("t"), Number(_sheet.GetAttribute("s")));
            var value = _sheet.IsEmptyElement ? "" : ReadValue();
            if (at >= 0 && at < _row.Length)
                _row[at] = Text(value, type, style);
        }
    }

    /// <summary>The text of v, or of an inline string; that of a formula is passed over.</summary>
    private string ReadValue()
    {
        var text = new StringBuilder();
        var wanted = 0;
        while (_sheet.Read() && !(_sheet.NodeType == XmlNodeType.EndElement && _sheet.LocalName == "c"))
        {
            if (_sheet.NodeType == XmlNodeType.Element && _sheet.LocalName is "v" or "t" && !_sheet.IsEmptyElement && _sheet.NodeType == XmlNodeType.Element)
                wanted++;
            else if (_sheet.NodeType == XmlNodeType.EndElement && _sheet.LocalName is "v" or "t" && _sheet.NodeType == XmlNodeType.EndElement)
                wanted--;
            else if (wanted > 0 && _sheet.NodeType is XmlNodeType.Text or XmlNodeType.SignificantWhitespace or XmlNodeType.CDATA)
                text.Append(_sheet.Value);
        }

        return text.ToString();
    }

    private string? Text(string value, string? type, int style) => type switch
    {
        "s" => Number(value) is var index && index < _strings.Count ? _strings[index] : throw new InvalidDataException($"there is no string {value}"),
        "b" => value == "1" ? "true" : "false",
        "e" => null, // #N/A and the like: no value
        "str" or "inlineStr" or "d" => value,
        _ => value.Length > 0 && style < _dates.Count && _dates[style] && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var days) ? Date(days) : Plain(value),
    };

    /// <summary>0.1 is saved as 0.10000000000000001.</summary>
    private static string Plain(string value) =>
        value.Length > 15 && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number.ToString("R", CultureInfo.InvariantCulture) : value;

    /// <summary>Days since 1899-12-30 (the 1900 system with its day that never was), or since 1904-01-01.</summary>
    private string Date(double days)
    {
        if (days is < 0 or > 2_958_465.99999)
            throw new InvalidDataException($"{days} is no day");
        var origin = _since1904 ? new DateTime(1904, 1, 1) : days < 61 ? new DateTime(1899, 12, 31) : new DateTime(1899, 12, 30);
        var moment = origin.AddTicks((long)Math.Round(days * 86_400) * TimeSpan.TicksPerSecond);
        return moment.ToString(moment.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : days < 1 ? "HH:mm:ss" : "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
    }

    private static int ColumnOf(string reference)
    {
        var column = 0;
        foreach (var letter in reference)
        {
            if (letter is < 'A' or > 'Z')
                break;
            column = column * 26 + (letter - 'A' + 1);
            if (column > MostColumns)
                throw new InvalidDataException($"{reference} is no cell");
        }

        return column - 1;
    }

    private static int Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
