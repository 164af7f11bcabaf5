namespace CityHub.Privacy;

/// <summary>Hierarchies from and to CSV without a header: each line a value and its label at each level above, from fine to coarse.</summary>
public static class HierarchyFile
{
    /// <param name="separator">Null: whichever of <c>;</c>, <c>,</c> and tab the first line has most of.</param>
    /// <exception cref="PrivacyException">The file is not UTF-8, ragged, or no hierarchy: see <see cref="Hierarchy.Of"/>.</exception>
    public static Hierarchy Read(string path, string attribute, char? separator = null)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        return Read(file, attribute, separator);
    }

    /// <inheritdoc cref="Read(string, string, char?)"/>
    public static Hierarchy Read(Stream stream, string attribute, char? separator = null)
    {
        try
        {
            var lines = new List<IReadOnlyList<string>>();
            foreach (var line in CsvScanner.Headless(stream, new CsvOptions { Separator = separator }))
                lines.Add(line);
            return Hierarchy.Of(attribute, lines);
        }
        catch (PrivacyException refused) when (refused.Refusal.Code == PrivacyCodes.TableUnreadable)
        {
            throw new PrivacyException(
                refused.Refusal with { Code = PrivacyCodes.HierarchyUnusable, Detail = $"The hierarchy of {attribute}: {refused.Refusal.Detail}", Column = attribute }, refused);
        }
    }

    public static void Write(Hierarchy hierarchy, Stream stream, char separator = ';')
    {
        var writer = new CsvWriter(stream, separator);
        for (var leaf = 0; leaf < hierarchy.Leaves; leaf++)
        {
            for (var level = 0; level < hierarchy.Levels; level++)
                writer.Field(hierarchy.Label(level, hierarchy.Group(leaf, level)));
            writer.EndRow();
        }

        writer.Flush();
    }

    /// <summary>The file stands under its name only when it is complete and on the disk.</summary>
    public static void Write(Hierarchy hierarchy, string path, char separator = ';') => WholeFile.Write(path, file => Write(hierarchy, file, separator));
}
