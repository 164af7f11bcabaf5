using System.IO.Compression;
using System.Security;
using System.Text;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>A workbook written by hand, part by part, so that the reader is tested against the standard and not against itself.</summary>
internal sealed class Workbook
{
    private readonly List<string> _strings = [];
    private readonly StringBuilder _rows = new();
    private int _row;

    /// <summary>The style of dates in <see cref="Save"/>: cellXfs has General, yyyy-mm-dd (built in), and a format of its own.</summary>
    public const int BuiltInDate = 1, OwnDate = 2;

    public Workbook Row(params string[] cells)
    {
        _rows.Append(System.Globalization.CultureInfo.InvariantCulture, $"<row r=\"{++_row}\">").AppendJoin("", cells).Append("</row>");
        return this;
    }

    public string Shared(string at, string text, string? phonetic = null)
    {
        _strings.Add($"<si><t xml:space=\"preserve\">{SecurityElement.Escape(text)}</t>{(phonetic is null ? "" : $"<rPh sb=\"0\" eb=\"1\"><t>{phonetic}</t></rPh>")}</si>");
        return $"<c r=\"{at}{_row + 1}\" t=\"s\"><v>{_strings.Count - 1}</v></c>";
    }

    public string Inline(string at, string text) => $"<c r=\"{at}{_row + 1}\" t=\"inlineStr\"><is><t>{SecurityElement.Escape(text)}</t></is></c>";

    public string Number(string at, string text, int style = 0) => $"<c r=\"{at}{_row + 1}\" s=\"{style}\"><v>{text}</v></c>";

    public string Formula(string at, string formula, string value) => $"<c r=\"{at}{_row + 1}\"><f>{formula}</f><v>{value}</v></c>";

    public string Wrong(string at) => $"<c r=\"{at}{_row + 1}\" t=\"e\"><v>#N/A</v></c>";

    public void Save(string path, bool since1904 = false)
    {
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        const string main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        Part("xl/workbook.xml", $"<workbook xmlns=\"{main}\" xmlns:r=\"{relations}\"><workbookPr{(since1904 ? " date1904=\"1\"" : "")}/><sheets><sheet name=\"人员\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"空\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>");
        Part("xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Target=\"/xl/worksheets/sheet2.xml\"/></Relationships>");
        Part("xl/styles.xml", $"<styleSheet xmlns=\"{main}\"><numFmts count=\"1\"><numFmt numFmtId=\"170\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"170\"/></cellXfs></styleSheet>");
        Part("xl/sharedStrings.xml", $"<sst xmlns=\"{main}\">{string.Join("", _strings)}</sst>");
        Part("xl/worksheets/sheet1.xml", $"<worksheet xmlns=\"{main}\"><sheetData>{_rows}</sheetData></worksheet>");
        Part("xl/worksheets/sheet2.xml", $"<worksheet xmlns=\"{main}\"><sheetData/></worksheet>");

        void Part(string name, string xml)
        {
            using var writer = new StreamWriter(zip.CreateEntry(name).Open());
            writer.Write("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>" + xml);
        }
    }
}
