using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Calendars;

/// <summary>Calendars and profiles as people write them, and those that come with the hub.</summary>
internal static class CalendarFiles
{
    /// <summary>The notices that were known when this hub was built, each as version 1.</summary>
    public static IReadOnlyList<CalendarYear> Years { get; } = [.. Texts("Calendars/cn-").Select(t => ReadYear(t, 1).Value)];

    public static JurisdictionProfile Decree809 { get; } = ReadProfile(Texts("Calendars/decree-809").Single(), 1).Value;

    public static Result<CalendarYear> ReadYear(ReadOnlyMemory<byte> utf8, int version)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return Year(document.RootElement, version);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            return CalendarProblems.Unusable($"It cannot be read: {e.Message}");
        }
    }

    public static Result<JurisdictionProfile> ReadProfile(ReadOnlyMemory<byte> utf8, int version)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return Profile(document.RootElement, version);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            return CalendarProblems.BadProfile($"It cannot be read: {e.Message}");
        }
    }

    public static void Write(Utf8JsonWriter json, CalendarYear year)
    {
        json.WriteString("jurisdiction"u8, year.Jurisdiction);
        json.WriteNumber("year"u8, year.Year);
        json.WriteNumber("version"u8, year.Version);
        json.WriteString("source"u8, year.Source);
        json.WriteStartArray("daysOff"u8);
        foreach (var (day, name) in year.DaysOff)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            json.WriteString("from"u8, Text(day));
            json.WriteString("to"u8, Text(day));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("workdays"u8);
        foreach (var day in year.Workdays)
            json.WriteStringValue(Text(day));
        json.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter json, JurisdictionProfile profile)
    {
        json.WriteString("id"u8, profile.Id);
        json.WriteNumber("version"u8, profile.Version);
        json.WriteString("jurisdiction"u8, profile.Jurisdiction);
        json.WriteString("zone"u8, profile.Zone);
        json.WriteString("source"u8, profile.Source);
        json.WriteNumber("unusedDays"u8, profile.UnusedDays);
        json.WriteStartArray("deadlines"u8);
        foreach (var rule in profile.Deadlines)
        {
            json.WriteStartObject();
            json.WriteString("article"u8, rule.Article);
            json.WriteNumber("workingDays"u8, rule.WorkingDays);
            json.WriteNumber("extensionDays"u8, rule.ExtensionDays);
            json.WriteString("afterSupplement"u8, rule.AfterSupplement == AfterSupplement.Restart ? "restart"u8 : "resume"u8);
            json.WriteStartObject("what"u8);
            json.WriteString("zh"u8, rule.What.Zh);
            json.WriteString("en"u8, rule.What.En);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static Result<CalendarYear> Year(JsonElement root, int version)
    {
        var (jurisdiction, year, source) = (TextOf(root, "jurisdiction"), root.GetProperty("year"u8).GetInt32(), TextOf(root, "source"));
        var off = ImmutableSortedDictionary.CreateBuilder<DateOnly, string>();
        foreach (var span in root.GetProperty("daysOff"u8).EnumerateArray())
        {
            var (from, to) = (Day(TextOf(span, "from")), Day(TextOf(span, "to")));
            if (to < from || to.DayNumber - from.DayNumber > 31)
                return CalendarProblems.Unusable($"{TextOf(span, "name")} goes from {Text(from)} to {Text(to)}.");
            for (var day = from; day <= to; day = day.AddDays(1))
                off[day] = TextOf(span, "name");
        }

        ImmutableSortedSet<DateOnly> work = [.. root.GetProperty("workdays"u8).EnumerateArray().Select(d => Day(d.GetString() ?? ""))];
        if (jurisdiction.Length == 0 || source.Length == 0)
            return CalendarProblems.Unusable("jurisdiction and source are missing.");
        if (off.Count == 0)
            return CalendarProblems.Unusable("A year without a day off is no notice.");
        foreach (var day in off.Keys.Concat(work))
            if (day.Year != year && !(day.Year == year - 1 && day.Month == 12))
                return CalendarProblems.Unusable($"{Text(day)} is not in {year.ToString(CultureInfo.InvariantCulture)}, nor in the December before it.");
        foreach (var day in work)
        {
            if (off.ContainsKey(day))
                return CalendarProblems.Unusable($"{Text(day)} is both off and worked.");
            if (day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
                return CalendarProblems.Unusable($"{Text(day)} is worked anyway; only a Saturday or a Sunday is swapped.");
        }

        return new CalendarYear(jurisdiction, year, version, source, off.ToImmutable(), work);
    }

    private static Result<JurisdictionProfile> Profile(JsonElement root, int version)
    {
        var rules = new List<DeadlineRule>();
        foreach (var rule in root.GetProperty("deadlines"u8).EnumerateArray())
        {
            var after = rule.TryGetProperty("afterSupplement"u8, out var text) ? text.GetString() : "restart";
            if (after is not ("restart" or "resume"))
                return CalendarProblems.BadProfile($"afterSupplement is {after}; it takes restart or resume.");
            var what = rule.GetProperty("what"u8);
            var read = new DeadlineRule(
                TextOf(rule, "article"),
                rule.GetProperty("workingDays"u8).GetInt32(),
                rule.TryGetProperty("extensionDays"u8, out var extension) ? extension.GetInt32() : 0,
                after == "restart" ? AfterSupplement.Restart : AfterSupplement.Resume,
                new Words(TextOf(what, "zh"), TextOf(what, "en")));
            if (read.WorkingDays is < 1 or > 260 || read.ExtensionDays is < 0 or > 260)
                return CalendarProblems.BadProfile($"{read.Article}: a deadline has 1 to 260 working days, an extension 0 to 260.");
            rules.Add(read);
        }

        if (rules.GroupBy(r => r.Article).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return CalendarProblems.BadProfile($"{twice.Key} is there twice.");
        if (JurisdictionProfile.Needed.Except(rules.Select(r => r.Article)).FirstOrDefault() is { } missing)
            return CalendarProblems.BadProfile($"The deadline {missing} is missing.");
        var unused = root.GetProperty("unusedDays"u8).GetInt32();
        if (unused < 1)
            return CalendarProblems.BadProfile("unusedDays is at least 1.");
        return new JurisdictionProfile(TextOf(root, "id"), version, TextOf(root, "jurisdiction"), TextOf(root, "zone"), TextOf(root, "source"), unused, rules);
    }

    private static string TextOf(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static IEnumerable<ReadOnlyMemory<byte>> Texts(string prefix)
    {
        var assembly = typeof(CalendarFiles).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the assembly.");
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            yield return copy.ToArray();
        }
    }
}
