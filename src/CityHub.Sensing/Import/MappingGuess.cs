using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sensing.Import.Files;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Import;

/// <summary>A mapping for a file that has none, from its first rows, and what its reader should look at.</summary>
public sealed record MappingGuess(MappingDeclaration Declaration, IReadOnlyList<string> Notes)
{
    private const int Rows = 1000;
    private const int MostDepth = 4;

    public static async Task<Result<MappingGuess>> OfAsync(string path, ImportFormat? format, string? encoding, Stream? input, CancellationToken cancel)
    {
        try
        {
            var each = await ReadingsAsync(path, format, encoding, cancel);
            if (!(await ImportFile.OpenAsync(path, format, encoding, input, cancel)).TryGet(out var file, out var problem))
                return problem;
            await using (file)
            {
                var declaration = each is null ? null : new MappingDeclaration { Type = "T", Attributes = [], Each = each };
                if (!(await file.ReadAsync(declaration, cancel)).TryGet(out var reader, out problem))
                    return problem;
                await using (reader)
                    return await OfAsync(file.Format, reader, each, cancel);
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or DecoderFallbackException)
        {
            return ImportProblems.FileUnreadable.Because(e.Message, $"--encoding says which it is: {string.Join(", ", ImportFile.Encodings)}");
        }
    }

    /// <summary>An object whose one member is a long array holds its readings there.</summary>
    private static async ValueTask<string?> ReadingsAsync(string path, ImportFormat? format, string? encoding, CancellationToken cancel)
    {
        if (path == ImportFile.StandardInput || !(await ImportFile.OpenAsync(path, format, encoding, null, cancel)).TryGet(out var file, out _))
            return null;
        await using (file)
        {
            if (file.Format != ImportFormat.Json)
                return null;
            var head = new byte[256 << 10];
            return FirstArray(head.AsSpan(0, await file.Content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel)));
        }
    }

    private static string? FirstArray(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, isFinalBlock: false, default);
        var way = new List<string>();
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        way.RemoveRange(reader.CurrentDepth - 1, way.Count - (reader.CurrentDepth - 1));
                        way.Add(reader.GetString() ?? "");
                        break;
                    case JsonTokenType.StartArray:
                        var place = reader;
                        if (place.Read() && place.TokenType == JsonTokenType.StartObject)
                            return "$" + string.Concat(way.Select(Step)) + "[*]";
                        if (!reader.TrySkip())
                            return null;
                        break;
                    default:
                        break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }

        return null;
    }

    private static async Task<Result<MappingGuess>> OfAsync(ImportFormat format, RecordReader reader, string? each, CancellationToken cancel)
    {
        var columns = new List<Column>();
        var byPath = new Dictionary<string, Column>(StringComparer.Ordinal);
        if (reader.Columns is { } names)
            for (var i = 0; i < names.Count; i++)
                columns.Add(new Column(names[i], names.Count(n => n == names[i]) > 1 || names[i].Length == 0 || JsonPath.IsPath(names[i]) ? $"@[{i}]" : names[i]));
        var rows = 0;
        while (rows < Rows)
        {
            if (!(await reader.NextAsync(cancel)).TryGet(out var more, out var problem))
            {
                if (rows == 0)
                    return problem;
                break;
            }

            if (!more)
                break;
            if (reader.Malformed is not null)
                continue;
            rows++;
            if (reader.Columns is not null)
                for (var i = 0; i < columns.Count && i < reader.Cells.Count; i++)
                    columns[i].See(reader.Cells[i]);
            else
                Flatten(reader.Document, columns, byPath);
        }

        return rows == 0 ? ImportProblems.FileUnreadable.Because("There is no row in the file that could be looked at.") : Guess(format, reader, columns, each, rows);
    }

    private static void Flatten(ReadOnlyMemory<byte> document, List<Column> columns, Dictionary<string, Column> byPath)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            Flatten(json.RootElement, "@", "", columns, byPath, 0);
        }
        catch (JsonException)
        {
            // A line that is no JSON says nothing about the others.
        }
    }

    private static void Flatten(JsonElement element, string path, string name, List<Column> columns, Dictionary<string, Column> byPath, int depth)
    {
        if (element.ValueKind == JsonValueKind.Object && depth < MostDepth && !(depth > 0 && element.TryGetProperty("coordinates"u8, out _)))
        {
            foreach (var member in element.EnumerateObject())
                Flatten(member.Value, path + Step(member.Name), member.Name, columns, byPath, depth + 1);
            return;
        }

        if (name.Length == 0 || columns.Count >= 500)
            return;
        if (!byPath.TryGetValue(path, out var column))
            columns.Add(byPath[path] = column = new Column(name, depth == 1 && !JsonPath.IsPath(name) ? name : path));
        var raw = Encoding.UTF8.GetBytes(element.GetRawText());
        column.See(element.ValueKind switch
        {
            JsonValueKind.Number => Cell.Number(raw),
            JsonValueKind.String => Cell.Words(element.GetString() ?? ""),
            JsonValueKind.True or JsonValueKind.False => Cell.Truth(element.GetBoolean()),
            JsonValueKind.Null => Cell.Null,
            _ => new Cell(CellKind.Json, raw),
        });
    }

    private static MappingGuess Guess(ImportFormat format, RecordReader reader, List<Column> columns, string? each, int rows)
    {
        var notes = new List<string>();
        var left = new List<Column>(columns);
        var point = Take(left, c => c.Points > 0 && c.Points == c.Filled);
        var longitude = point is null ? left.Find(c => KnownColumns.IsLongitude(c.Name) && c.IsNumber && Math.Abs(c.Least) <= 180 && Math.Abs(c.Most) <= 180) : null;
        var latitude = longitude is null ? null : left.Find(c => KnownColumns.IsLatitude(c.Name) && c.IsNumber && Math.Abs(c.Least) <= 90 && Math.Abs(c.Most) <= 90);
        if (longitude is not null && latitude is not null)
            left.RemoveAll(c => c == longitude || c == latitude);
        if (format == ImportFormat.GeoJson)
            left.RemoveAll(c => c.Path == "type");
        var time = Time(left, notes);
        left.RemoveAll(c => c.IsRowNumber);
        var id = left.Where(c => KnownColumns.IdRank(c.Name) >= 0 && c.Filled == rows && (!c.IsNumber || c.IsWhole)).OrderBy(c => KnownColumns.IdRank(c.Name)).FirstOrDefault();
        if (id is not null)
            left.Remove(id);
        var votes = left.Select(c => KnownColumns.Find(c.Name)?.Type).OfType<string>().GroupBy(t => t).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).FirstOrDefault();
        var type = left.Any(c => KnownColumns.Find(c.Name)?.Type == "AirQualityObserved") ? "AirQualityObserved" : votes?.Key ?? "Observation";
        if (type == "Observation")
            notes.Add("type: nothing in the file says what kind of thing this is; it is called Observation.");
        if (id is null)
            notes.Add("entity: no column names the thing, so that the whole file is about one, named by the file ({device}).");
        var attributes = new List<AttributeDeclaration>();
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var column in left)
        {
            missing.UnionWith(column.Missing);
            if (column.Filled == 0)
            {
                notes.Add($"{column.Name}: empty in the first {rows} rows; left out.");
                continue;
            }

            var known = KnownColumns.Find(column.Name);
            var name = known?.Attribute ?? KnownColumns.Term(column.Name);
            for (var n = 2; attributes.Exists(a => a.Name == name); n++)
                name = KnownColumns.Term(column.Name) + n.ToString(CultureInfo.InvariantCulture);
            var unit = column.IsNumber ? known?.Unit : null;
            if (unit is not null)
                notes.Add($"{column.Name}: taken for {name} in {unit}; is that its unit?");
            attributes.Add(new AttributeDeclaration
            {
                Name = name, From = column.Path == name ? null : column.Path, Unit = unit,
                As = column.IsNumber ? "number" : column.IsTruth ? "boolean" : column.Texts > 0 ? "text" : null,
            });
        }

        if (attributes.Count == 0 && id is not null)
            attributes.Add(new AttributeDeclaration { Name = KnownColumns.Term(id.Name), From = id.Path });
        var csv = reader as CsvRecords;
        return new MappingGuess(
            new MappingDeclaration
            {
                Format = csv is null ? "json" : "csv",
                Delimiter = csv is null or { Delimiter: ',' } ? null : csv.Delimiter.ToString(),
                Each = format == ImportFormat.GeoJson ? "$.features[*]" : each,
                Entity = $"urn:ngsi-ld:{type}:{{{id?.Path ?? "device"}}}",
                Type = type,
                Time = time,
                Location = point is not null ? new LocationDeclaration { GeoJson = point.Path }
                    : longitude is not null && latitude is not null ? new LocationDeclaration { Longitude = longitude.Path, Latitude = latitude.Path } : null,
                Attributes = attributes,
                Missing = [.. missing],
            },
            notes);
    }

    private static TimeDeclaration? Time(List<Column> left, List<string> notes)
    {
        string? Part(string name) => Take(left, c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && c.IsWhole)?.Path;
        if (left.Exists(c => c.Name.Equals("year", StringComparison.OrdinalIgnoreCase) && c.IsWhole) && left.Exists(c => c.Name.Equals("month", StringComparison.OrdinalIgnoreCase) && c.IsWhole))
        {
            notes.Add("time.zone: the columns carry no offset; Z is a guess. Whose clock was it? For example Asia/Shanghai.");
            return new TimeDeclaration { Year = Part("year"), Month = Part("month"), Day = Part("day"), Hour = Part("hour"), Minute = Part("minute"), Second = Part("second"), Zone = "Z" };
        }

        var column = left.Where(c => c.TimeFormat is not null).OrderBy(c => KnownColumns.IsTime(c.Name) ? 0 : c.IsNumber ? 2 : 1).FirstOrDefault();
        if (column?.TimeFormat is not { } format || (column.IsNumber && !KnownColumns.IsTime(column.Name)))
        {
            notes.Add("time: no column is a time; the time of the import is taken.");
            return null;
        }

        left.Remove(column);
        var zoneless = format == "iso" ? column.IsLocalTime : !format.StartsWith("unix", StringComparison.Ordinal);
        if (zoneless)
            notes.Add($"time.zone: {column.Name} carries no offset; Z is a guess. Whose clock was it? For example Asia/Shanghai.");
        return new TimeDeclaration { From = column.Path, Format = format, Zone = zoneless ? "Z" : null };
    }

    private static Column? Take(List<Column> columns, Predicate<Column> which)
    {
        var found = columns.Find(which);
        if (found is not null)
            columns.Remove(found);
        return found;
    }

    private static string Step(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') && !char.IsDigit(name[0])
        ? "." + name
        : $"['{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}']";

    /// <summary>What was seen of one column.</summary>
    private sealed class Column(string name, string path)
    {
        private static readonly string[] Patterns = ["yyyy/M/d H:mm", "yyyy/M/d H:mm:ss", "yyyy/M/d", "d/M/yyyy H:mm", "d/M/yyyy H:mm:ss", "M/d/yyyy H:mm", "M/d/yyyy H:mm:ss", "d.M.yyyy H:mm", "d.M.yyyy H:mm:ss", "yyyyMMddHHmmss", "yyyyMMddHH", "yyyyMMdd"];

        private List<string>? _formats;
        private double _next = double.NaN;
        private bool _counts = true;
        private int _numbers;
        private int _truths;
        private int _whole;

        public string Name { get; } = name;

        public string Path { get; } = path;

        public HashSet<string> Missing { get; } = [];

        public int Filled { get; private set; }

        public int Texts { get; private set; }

        public int Points { get; private set; }

        public double Least { get; private set; } = double.PositiveInfinity;

        public double Most { get; private set; } = double.NegativeInfinity;

        public bool IsLocalTime { get; private set; }

        public bool IsNumber => Filled > 0 && _numbers == Filled;

        public bool IsWhole => IsNumber && _whole == Filled;

        public bool IsTruth => Filled > 0 && _truths == Filled;

        /// <summary>1, 2, 3 … and no name that says more.</summary>
        public bool IsRowNumber => IsWhole && _counts && Filled > 2 && Name.ToLowerInvariant() is ("" or "no" or "index" or "row" or "rowid" or "unnamed: 0" or "序号");

        public string? TimeFormat => _formats is [var first, ..] ? first : null;

        public void See(in Cell cell)
        {
            var text = cell.Kind == CellKind.Json ? "" : Encoding.UTF8.GetString(cell.Characters.Trim(" \t"u8));
            if (cell.IsAbsent || (cell.Kind != CellKind.Json && text.Length == 0))
                return;
            if (KnownColumns.Missing.Contains(text))
            {
                Missing.Add(text);
                return;
            }

            Filled++;
            if (cell.Kind == CellKind.Json)
            {
                if (GeoJsonPoint.Read(cell, out _) is null)
                    Points++;
                _formats = [];
                return;
            }

            if (cell.Kind is CellKind.True or CellKind.False || text is "true" or "false")
                _truths++;
            else if (cell.Kind != CellKind.Words && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            {
                _numbers++;
                _whole += number == Math.Floor(number) ? 1 : 0;
                (Least, Most) = (Math.Min(Least, number), Math.Max(Most, number));
                _counts &= double.IsNaN(_next) ? number is 0 or 1 : number == _next;
                _next = number + 1;
            }
            else
                Texts++;

            _formats ??= ["iso", "unix", "unixMilliseconds", .. Patterns];
            _formats.RemoveAll(format => !Fits(format, text));
        }

        private bool Fits(string format, string text)
        {
            switch (format)
            {
                case "iso":
                    if (TimeReader.Of("iso", "Z").Value.Read(Encoding.UTF8.GetBytes(text), out _) is not null)
                        return false;
                    IsLocalTime |= TimeReader.Of("iso", null).Value.Read(Encoding.UTF8.GetBytes(text), out _) is not null;
                    return true;
                // 1980 to 2100, in seconds or milliseconds.
                case "unix":
                    return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 315532800 and <= 4102444800;
                case "unixMilliseconds":
                    return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds is >= 315532800e3 and <= 4102444800e3;
                default:
                    return DateTime.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is >= 1900 and <= 2100;
            }
        }
    }
}
