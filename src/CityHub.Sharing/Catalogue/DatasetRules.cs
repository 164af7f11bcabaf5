using System.Text.RegularExpressions;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Catalogue;

/// <summary>Something that an entry lacks or says wrongly.</summary>
public sealed record EntryFault(string Member, string Why, string Rule);

/// <summary>What an entry has to say (arts 13 to 15). Everything that is wrong is told at once.</summary>
internal static partial class DatasetRules
{
    private const int MostFields = 2000;

    /// <summary>Null: nothing is wrong.</summary>
    public static Problem? Refuse(Dataset entry, CatalogueState catalogue, Func<string, bool> departmentKnown)
    {
        var faults = Faults(entry, catalogue, departmentKnown).ToList();
        if (faults.Count == 0)
            return null;
        var kind = faults.Any(f => f.Member == "legalBasis") ? CatalogueProblems.WithheldWithoutLaw : CatalogueProblems.EntryFaulty;
        var rules = string.Join("; ", faults.Select(f => f.Rule).Distinct());
        return kind.Because(
            string.Join(" ", faults.Select(f => $"{f.Member}: {f.Why}.")),
            kind == CatalogueProblems.WithheldWithoutLaw ? "Cite the law and its article, e.g. 《中华人民共和国档案法》第二十八条; without one the data are shared conditionally." : "Put all of it right and send the entry again.",
            rules);
    }

    public static IEnumerable<EntryFault> Faults(Dataset entry, CatalogueState catalogue, Func<string, bool> departmentKnown)
    {
        const string Content = "decree 809, art. 13";
        if (!IdForm().IsMatch(entry.Id))
            yield return new("id", "lower-case letters, digits and hyphens, at most 100", Content);
        if (!departmentKnown(entry.Provider))
            yield return new("provider", $"{entry.Provider} is no registered department", Content);
        if (string.IsNullOrWhiteSpace(entry.Title.Zh) || string.IsNullOrWhiteSpace(entry.Title.En))
            yield return new("title", "it has to be in both languages", Content);
        if (string.IsNullOrWhiteSpace(entry.Abstract.Zh))
            yield return new("abstract", "it is missing", Content);
        if (entry.Modes == DeliveryModes.None)
            yield return new("modes", "there has to be a way of sharing", Content);
        if (string.IsNullOrWhiteSpace(entry.Format))
            yield return new("format", "it is missing", Content);
        foreach (var fault in OfFields(entry).Concat(OfClass(entry)).Concat(OfNames(entry)).Concat(OfSource(entry, catalogue)))
            yield return fault;
    }

    /// <summary>A structured citation: the title of the law in its brackets and the article, or "Act/Law/Decree/Regulation …, art. n".</summary>
    public static bool IsCitation(string text) => ChineseCitation().IsMatch(text) || EnglishCitation().IsMatch(text);

    private static IEnumerable<EntryFault> OfFields(Dataset entry)
    {
        const string Content = "decree 809, art. 13";
        if (entry.Fields.Count is 0 or > MostFields)
            yield return new("fields", $"there are {entry.Fields.Count}; an entry has 1 to {MostFields}", Content);
        foreach (var field in entry.Fields)
        {
            if (string.IsNullOrWhiteSpace(field.Name) || field.Name.Length > 100 || field.Name.Any(char.IsControl) || field.Name != field.Name.Trim())
                yield return new("fields", $"\"{field.Name}\" cannot be the name of a field", Content);
            if (string.IsNullOrWhiteSpace(field.Title.Zh))
                yield return new("fields", $"{field.Name} has no title", Content);
            if (field.Sensitivity > entry.Sensitivity && field.Sensitivity > Sensitivity.Internal) // Internal is what nobody said anything about.
                yield return new("sensitivity", $"{field.Name} is {CatalogueNames.Of(field.Sensitivity)}, the dataset only {CatalogueNames.Of(entry.Sensitivity)}", "GB/T 43697: the highest level of what is in it");
        }

        foreach (var field in entry.Fields.Where(f => f.Tolerance is not null))
        {
            if (field.Type is not (Core.Tables.ColumnType.Integer or Core.Tables.ColumnType.Number) || field.Name == entry.Key || field.Name == entry.Subject)
                yield return new("fields", $"{field.Name} is no measurement: it has no tolerance", "sharing, exact fields are never altered");
            else if (!(field.Tolerance >= (field.Type == Core.Tables.ColumnType.Integer ? 2 : 1e-9)) || !double.IsFinite(field.Tolerance ?? 0))
                yield return new("fields", $"{field.Name} has a tolerance of {field.Tolerance}: a number's is above 0, a whole number's at least 2", "sharing, exact fields are never altered");
        }

        foreach (var twice in entry.Fields.GroupBy(f => f.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
            yield return new("fields", $"{twice.Key} stands there {twice.Count()} times", Content);
    }

    private static IEnumerable<EntryFault> OfClass(Dataset entry)
    {
        if (entry.Class == SharingClass.Withheld && !IsCitation(entry.LegalBasis))
            yield return new("legalBasis", entry.LegalBasis.Length == 0 ? "withheld, and no law is cited" : $"\"{entry.LegalBasis}\" cites no article of a law", "decree 809, art. 15");
        if (entry.Class == SharingClass.Conditional && !(ScopeNamed().IsMatch(entry.Conditions) && UsesNamed().IsMatch(entry.Conditions)))
            yield return new("conditions", "shared conditionally, and the conditions do not name scope and uses (范围：…；用途：…)", "decree 809, art. 14");
        if (entry.Open && string.IsNullOrWhiteSpace(entry.Licence))
            yield return new("licence", "open to the public, and there is no licence", "GB/T 38664");
        if (entry.Open && entry.Class != SharingClass.Unconditional)
            yield return new("open", $"what is shared {CatalogueNames.Of(entry.Class)} is not open to the public", "decree 809, art. 14");
        if (entry.Open && entry.Fields.FirstOrDefault(f => f.Personal) is { } personal)
            yield return new("open", $"{personal.Name} is personal", "Personal Information Protection Law, art. 25");
        if (entry.Open && entry.Protected)
            yield return new("open", "what is protected is not open", "decree 809, art. 14");
        if (entry.Sensitivity == Sensitivity.Core && !entry.Protected)
            yield return new("protected", "core data are kept encrypted under the provider's key", "GB/T 43697");
    }

    private static IEnumerable<EntryFault> OfNames(Dataset entry)
    {
        foreach (var (member, name) in new[] { ("key", entry.Key), ("subject", entry.Subject), ("area", entry.Area), ("time", entry.Time), ("longitude", entry.Longitude), ("latitude", entry.Latitude) })
            if (name is not null && !entry.Fields.Any(f => f.Name == name))
                yield return new(member, $"{name} is no field of the dataset", "decree 809, art. 13");
        if (entry.Key is { } key && entry.Fields.FirstOrDefault(f => f.Name == key) is { Nullable: true })
            yield return new("key", $"{key} names a row, and may be missing", "decree 809, art. 13");
        if (entry.Longitude is null != entry.Latitude is null)
            yield return new("longitude", "longitude and latitude go together", "decree 809, art. 13");
        if (entry.Subject is null && entry.Fields.Any(f => f.Personal) && entry.Grain.Entity == Core.Grains.EntityGrain.Individual)
            yield return new("subject", "it is about single persons, and no field names them: nobody could see who looked at his data", "decree 809, art. 37");
    }

    private static IEnumerable<EntryFault> OfSource(Dataset entry, CatalogueState catalogue)
    {
        if (entry.Source == DatasetSource.Entities && string.IsNullOrWhiteSpace(entry.EntityType))
            yield return new("entityType", "a dataset of entities names their type", "decree 809, art. 13");
        if (entry.Source == DatasetSource.Entities && entry.EntityType is { } type && catalogue.Holder(entry.Tenant, type) is { } holder && holder != entry.Id)
            yield return new("entityType", $"{type} is the type of {holder} already", "decree 809, art. 19: one source for one item");
        if (entry.Source == DatasetSource.Entities && !entry.Fields.Any(f => f.Name == entry.Key && f is { Type: Core.Tables.ColumnType.Text, Attribute: null }))
            yield return new("key", "a dataset of entities has a text as its key, which is their id", "decree 809, art. 13");
        if (entry.Source == DatasetSource.Entities)
            foreach (var field in entry.Fields.Where(f => f.Name != entry.Key && !(f.Attribute?.Contains(':', StringComparison.Ordinal) == true)))
                yield return new("fields", $"{field.Name} names no attribute of the entities by its IRI", "decree 809, art. 13");
        foreach (var from in entry.DerivedFrom)
        {
            if (from == entry.Id || catalogue.Find(from) is not { } source)
                yield return new("derivedFrom", $"{from} is no other dataset of the catalogue", "decree 809, art. 25");
            else if (source.Sensitivity > entry.Sensitivity)
                yield return new("sensitivity", $"it is made from {from}, which is {CatalogueNames.Of(source.Sensitivity)}", "decree 809, art. 25: what is derived inherits the strictest rule");
        }
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex IdForm();

    [GeneratedRegex("《[^《》]{2,60}》\\s*第\\s*[0-9一二三四五六七八九十百零〇]{1,8}\\s*条", RegexOptions.CultureInvariant)]
    private static partial Regex ChineseCitation();

    [GeneratedRegex("\\b(Act|Law|Decree|Regulations?|Code)\\b[^.;]{0,80}[,\\s](art\\.|article|section|§)\\s*\\d+", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex EnglishCitation();

    [GeneratedRegex("(范围|\\bscope)\\s*[：:]\\s*[^\\s；;]", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ScopeNamed();

    [GeneratedRegex("(用途|\\buses?)\\s*[：:]\\s*[^\\s；;]", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex UsesNamed();
}
