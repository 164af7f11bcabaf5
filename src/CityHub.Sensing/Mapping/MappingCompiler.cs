using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Mapping;

/// <summary>The words of a mapping as IRIs, kept with it so that a start needs no context.</summary>
/// <param name="Attributes">In the order of the declaration.</param>
public sealed record MappingNames(string Type, IReadOnlyList<string> Attributes);

internal sealed record MappingParts(
    MappingDeclaration Declaration,
    PathTree Paths,
    EntityTemplate? Entity,
    string Type,
    TimeReader? Time,
    CellPlace? TimeFrom,
    CellPlace?[]? TimeParts,
    CellPlace? Longitude,
    CellPlace? Latitude,
    CellPlace? Point,
    PayloadMapping.Attribute[] Attributes,
    int[]? Columns);

/// <summary>Declaration → <see cref="PayloadMapping"/>, or the reason why not, by the name of the member.</summary>
public static class MappingCompiler
{
    private const int MostAttributes = 512;
    private static readonly string[] Reserved = ["id", "type", "@context", "@id", "@type", "scope", "location"];

    public static async ValueTask<Result<(PayloadMapping Mapping, MappingNames Names)>> CompileAsync(MappingDeclaration declaration, IVocabulary vocabulary, CancellationToken cancel)
    {
        // Everything else first: what is wrong in the declaration needs no dictionary to be found.
        var placeholders = new MappingNames("type:", [.. declaration.Attributes.Select(_ => "attribute:")]);
        if (Compile(declaration, placeholders) is { Ok: false, Problem: { } wrong })
            return wrong;
        if (!(await vocabulary.ExpandAsync(declaration.Type, declaration.Context, cancel)).TryGet(out var type, out var problem))
            return problem;
        var attributes = new string[declaration.Attributes.Count];
        for (var i = 0; i < attributes.Length; i++)
        {
            if (!(await vocabulary.ExpandAsync(declaration.Attributes[i].Name, declaration.Context, cancel)).TryGet(out var iri, out problem))
                return problem;
            var first = Array.IndexOf(attributes, iri, 0, i);
            if (first >= 0)
                return MappingProblems.NotAMapping.Because($"attributes[{i}].name is \"{declaration.Attributes[i].Name}\", the same as attributes[{first}].");
            attributes[i] = iri;
        }

        var names = new MappingNames(type, attributes);
        return Compile(declaration, names).Map(mapping => (mapping, names));
    }

    public static Result<PayloadMapping> Compile(MappingDeclaration declaration, MappingNames names)
    {
        if (declaration.Format is not ("json" or "csv" or "value"))
            return Wrong($"format is \"{declaration.Format}\"; it is json, csv or value.");
        if (declaration.Type.Length is 0 or > 1024)
            return Wrong("type is empty or too long.");
        if (declaration.Attributes.Count is 0 or > MostAttributes)
            return Wrong($"attributes has {declaration.Attributes.Count} entries; a mapping has 1 to {MostAttributes}.");
        if (names.Attributes.Count != declaration.Attributes.Count)
            return Wrong("The names do not belong to this declaration.");
        if (declaration.Missing.Count > 100)
            return Wrong($"missing has {declaration.Missing.Count} entries; 100 are the most.");
        JsonPath? each = null;
        if (declaration.Each is { } eachText)
        {
            if (declaration.Format != "json")
                return Wrong("each belongs to the format json; every line of csv is a reading already.");
            if (!JsonPath.Parse(eachText, "each").TryGet(out each, out var problem))
                return problem;
            if (each.FromReading)
                return Wrong($"each is \"{eachText}\"; it leads from the payload to its readings and begins with $.");
            if (each.Segments.Count == 0)
                return Wrong("each is \"$\"; that is the payload itself. Leave it out.");
        }

        return Build(declaration, names, new PathTree(each));
    }

    private static Result<PayloadMapping> Build(MappingDeclaration declaration, MappingNames names, PathTree paths)
    {
        if (!Attributes(declaration, names, paths).TryGet(out var attributes, out var problem))
            return problem;
        // The cell of a plain value is the first; nothing else can be asked of one.
        var isValue = declaration.Format == "value";
        if (isValue && (attributes.Length != 1 || declaration.Attributes[0].From is not (null or "$")))
            return Wrong("A payload of one value gives one attribute, without from.");
        if (isValue && (declaration.Location is not null || declaration.Time is { Format: not "arrival" }))
            return Wrong("A payload of one value carries neither time nor location.");
        EntityTemplate? entity = null;
        if (declaration.Entity is { } template && !EntityTemplate.Parse(template, isValue ? null : paths).TryGet(out entity, out problem))
            return problem;
        var time = Time(declaration.Time, paths);
        if (!time.TryGet(out var timing, out problem))
            return problem;
        if (!Location(declaration.Location, paths).TryGet(out var location, out problem))
            return problem;
        if (declaration.Delimiter is { } delimiter && (declaration.Format != "csv" || delimiter.Length != 1 || delimiter[0] is > '\x7e' or '"' or '\n' or '\r'))
            return Wrong($"delimiter is \"{delimiter}\"; it is one character between the fields of csv.");
        var parts = new MappingParts(declaration, paths, entity, names.Type, timing.Reader, timing.From, timing.Parts, location.Longitude, location.Latitude, location.Point, attributes, null);
        if (declaration.Columns is not { } columns)
            return new PayloadMapping(parts);
        if (declaration.Format != "csv")
            return Wrong("columns belongs to the format csv.");
        if (columns.Count is 0 or > 2000 || columns.Distinct(StringComparer.Ordinal).Count() != columns.Count)
            return Wrong("columns is empty, or names a column twice.");
        return new PayloadMapping(parts).Bind(columns).Map(bound => new PayloadMapping(parts with { Columns = bound }));
    }

    private static Result<PayloadMapping.Attribute[]> Attributes(MappingDeclaration declaration, MappingNames names, PathTree paths)
    {
        var attributes = new PayloadMapping.Attribute[declaration.Attributes.Count];
        for (var i = 0; i < attributes.Length; i++)
        {
            var (attribute, where) = (declaration.Attributes[i], $"attributes[{i}]");
            if (attribute.Name.Length is 0 or > 1024 || Reserved.Contains(attribute.Name))
                return Wrong($"{where}.name is \"{attribute.Name}\"; that is no name of an attribute.");
            if (attribute.Unit is { Length: 0 or > 16 })
                return Wrong($"{where}.unit is \"{attribute.Unit}\"; it takes a UN/CEFACT common code such as CEL or GQ.");
            var scaled = attribute.Scale is not null || attribute.Offset is not null;
            var form = attribute.As switch
            {
                null => scaled || attribute.Unit is not null ? ValueForm.Number : ValueForm.Auto,
                "auto" => ValueForm.Auto,
                "number" => ValueForm.Number,
                "text" => ValueForm.Text,
                "boolean" => ValueForm.Boolean,
                "json" => ValueForm.Json,
                _ => (ValueForm?)null,
            };
            if (form is not { } known)
                return Wrong($"{where}.as is \"{attribute.As}\"; it is auto, number, text, boolean or json.");
            if (scaled && known != ValueForm.Number)
                return Wrong($"{where} has scale or offset; only a number can be scaled.");
            if (attribute.Scale == 0)
                return Wrong($"{where}.scale is 0; every value would become the offset.");
            var text = declaration.Format == "value" ? "$" : attribute.From ?? attribute.Name;
            if (!JsonPath.Parse(text, $"{where}.from").TryGet(out var path, out var problem))
                return problem;
            if (!path.IsSingular)
                return Wrong($"{where}.from is \"{text}\"; it may give many values.", "each takes the path to the readings; from leads on from one of them and begins with @.");
            attributes[i] = new PayloadMapping.Attribute(names.Attributes[i], paths.Add(path), new ValueReader(known, attribute.Scale, attribute.Offset), attribute.Unit, attribute.Required);
        }

        return attributes;
    }

    private static Result<(TimeReader? Reader, CellPlace? From, CellPlace?[]? Parts)> Time(TimeDeclaration? time, PathTree paths)
    {
        if (time is null || time.Format == "arrival")
            return time is { From: not null } or { Year: not null } ? Wrong("time.format is arrival; then there is no from.") : default((TimeReader?, CellPlace?, CellPlace?[]?));
        if (!TimeReader.Of(time.Format, time.Zone).TryGet(out var reader, out var problem))
            return problem;
        string?[] columns = [time.Year, time.Month, time.Day, time.Hour, time.Minute, time.Second];
        string[] names = ["year", "month", "day", "hour", "minute", "second"];
        if (time.From is { } from)
        {
            if (columns.Any(c => c is not null))
                return Wrong("time has from and parts (year, month, …); it takes one or the other.");
            return Singular(from, "time.from", paths).Map(place => ((TimeReader?)reader, (CellPlace?)place, (CellPlace?[]?)null));
        }

        if (time.Year is null)
            return Wrong("time has neither from nor year.", "It takes from, or year, month, day, hour …, or the format arrival.");
        if (time.Format != "iso" || time.Zone is null)
            return Wrong("time is made of parts; then time.zone says in which zone, and there is no format.", "time.zone takes Z, an offset such as +08:00, or a name such as Asia/Shanghai.");
        var parts = new CellPlace?[6];
        for (var i = 0; i < parts.Length; i++)
        {
            if (columns[i] is not { } column)
                continue;
            if (!Singular(column, $"time.{names[i]}", paths).TryGet(out var place, out problem))
                return problem;
            parts[i] = place;
        }

        return ((TimeReader?)reader, (CellPlace?)null, (CellPlace?[]?)parts);
    }

    private static Result<(CellPlace? Longitude, CellPlace? Latitude, CellPlace? Point)> Location(LocationDeclaration? location, PathTree paths)
    {
        switch (location)
        {
            case null:
                return default((CellPlace?, CellPlace?, CellPlace?));
            case { GeoJson: { } geoJson, Longitude: null, Latitude: null }:
                return Singular(geoJson, "location.geoJson", paths).Map(place => ((CellPlace?)null, (CellPlace?)null, (CellPlace?)place));
            case { GeoJson: null, Longitude: { } longitude, Latitude: { } latitude }:
                return Singular(longitude, "location.longitude", paths).Then(x => Singular(latitude, "location.latitude", paths).Map(y => ((CellPlace?)x, (CellPlace?)y, (CellPlace?)null)));
            default:
                return Wrong("location takes longitude and latitude, or geoJson.");
        }
    }

    private static Result<CellPlace> Singular(string text, string where, PathTree paths)
    {
        if (!JsonPath.Parse(text, where).TryGet(out var path, out var problem))
            return problem;
        return path.IsSingular ? paths.Add(path) : Wrong($"{where} is \"{text}\"; it may give many values.");
    }

    private static Problem Wrong(string detail, string? hint = null) => MappingProblems.NotAMapping.Because(detail, hint);
}
