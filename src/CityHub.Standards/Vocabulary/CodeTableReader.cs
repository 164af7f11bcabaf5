using System.Globalization;
using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Standards.Vocabulary;

/// <summary>A code table as people write it.</summary>
public sealed record CodeTableDeclaration
{
    public required Wording Title { get; init; }

    public required IReadOnlyList<CodeEntry> Entries { get; init; }
}

/// <summary>Reads code tables out of files and says what keeps one from being used.</summary>
internal static class CodeTableReader
{
    public const int MostEntries = 100_000;

    private static readonly string[] Columns = ["code", "zh", "en", "parent", "validFrom", "validTo"];

    /// <summary>RFC 4180 with a first line of names: code, zh, and any of en, parent, validFrom, validTo.</summary>
    public static Result<IReadOnlyList<CodeEntry>> Csv(ReadOnlySpan<byte> utf8)
    {
        if (!Records(Encoding.UTF8.GetString(utf8).TrimStart('\uFEFF')).TryGet(out var records, out var problem))
            return problem;
        if (records.Count == 0)
            return Wrong("It is empty.");
        var names = records[0].ConvertAll(n => n.Trim());
        if (names.FirstOrDefault(n => !Columns.Contains(n)) is { } unknown)
            return Wrong($"There is no column {unknown}.");
        if (!names.Contains("code") || !names.Contains("zh"))
            return Wrong("The columns code and zh are not both there.");
        var entries = new List<CodeEntry>(records.Count - 1);
        for (var row = 1; row < records.Count; row++)
        {
            var record = records[row];
            if (record.Count != names.Count)
                return Wrong($"Row {row} has {record.Count} fields, the first line {names.Count}.");
            if (!Day(At("validFrom")).TryGet(out var from, out problem) || !Day(At("validTo")).TryGet(out var to, out problem))
                return Wrong($"Row {row}: {problem.Detail}");
            entries.Add(new(At("code") ?? "", At("zh") ?? "", At("en") ?? "", At("parent"), from.At, to.At));

            string? At(string name) => names.IndexOf(name) is var i and >= 0 && record[i].Trim() is { Length: > 0 } text ? text : null;
        }

        return entries;
    }

    public static Result<Done> Check(string id, CodeTableDeclaration table)
    {
        if (!StandardsIds.IsValid(id))
            return Wrong($"\"{id}\" cannot be the name of a code table.", StandardsIds.Rule);
        if (string.IsNullOrWhiteSpace(table.Title.Zh) || string.IsNullOrWhiteSpace(table.Title.En))
            return Wrong("The title is not said in both languages.");
        if (table.Entries.Count is 0 or > MostEntries)
            return Wrong($"It has {table.Entries.Count} codes; it takes 1 to {MostEntries}.");
        var parents = new Dictionary<string, string?>(table.Entries.Count, StringComparer.Ordinal);
        foreach (var entry in table.Entries)
        {
            if (entry.Code.Length is 0 or > 64)
                return Wrong($"\"{entry.Code}\" is no code: 1 to 64 characters.");
            if (entry.Zh.Length == 0)
                return Wrong($"The code {entry.Code} has no meaning in Chinese.");
            if (!parents.TryAdd(entry.Code, entry.Parent))
                return Wrong($"The code {entry.Code} is there twice.");
            if (entry.ValidFrom > entry.ValidTo)
                return Wrong($"The code {entry.Code} ends before it begins.");
        }

        // Each path upwards is walked once: what was seen to end stays so.
        var ends = new HashSet<string>(StringComparer.Ordinal);
        foreach (var code in parents.Keys)
        {
            var path = new HashSet<string>(StringComparer.Ordinal);
            for (var at = code; at is not null && !ends.Contains(at); at = parents[at])
            {
                if (!path.Add(at))
                    return Wrong($"The code {at} lies in itself.");
                if (parents[at] is { } parent && !parents.ContainsKey(parent))
                    return Wrong($"The code {at} lies in {parent}, which is not there.");
            }

            ends.UnionWith(path);
        }

        return Done.Value;
    }

    private static Result<(DateOnly? At, bool _)> Day(string? text)
    {
        if (text is null)
            return (null, true);
        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? ((DateOnly?)day, true)
            : StandardsProblems.NotACodeTable.Because($"\"{text}\" is no day such as 2026-03-01.");
    }

    private static Result<List<List<string>>> Records(string text)
    {
        var (records, record, field) = (new List<List<string>>(), new List<string>(), new StringBuilder());
        var (quoted, any) = (false, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted && c == '"' && i + 1 < text.Length && text[i + 1] == '"')
                field.Append(text[++i]);
            else if (c == '"')
                (quoted, any) = (!quoted, true);
            else if (quoted || c is not (',' or '\n' or '\r'))
                field.Append(c);
            else if (c == ',')
                (record, any) = (Add(record, field), true);
            else if (c == '\n')
                End();
        }

        if (quoted)
            return Wrong("A quote is not closed.");
        End();
        return records;

        void End()
        {
            if (any || field.Length > 0)
                records.Add(Add(record, field));
            (record, any) = ([], false);
        }

        static List<string> Add(List<string> record, StringBuilder field)
        {
            record.Add(field.ToString());
            field.Clear();
            return record;
        }
    }

    private static Problem Wrong(string detail, string? hint = null) =>
        StandardsProblems.NotACodeTable.Because(detail, hint ?? $"As CSV: {string.Join(",", Columns)}; as JSON: {{\"title\": {{\"zh\", \"en\"}}, \"entries\": [{{\"code\", \"zh\", \"en\", …}}]}}.");
}
