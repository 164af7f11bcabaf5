using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Import.Files;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Import;

/// <summary>A mapping bound to a file: record in, observations out.</summary>
internal sealed class RecordMapper
{
    private readonly PayloadMapping _mapping;
    private readonly RecordReader _reader;
    private readonly MappingSource _source;
    private readonly int[]? _columns;

    private RecordMapper(PayloadMapping mapping, RecordReader reader, MappingSource source, int[]? columns) => (_mapping, _reader, _source, _columns) = (mapping, reader, source, columns);

    /// <param name="name">Of the file without its extension: the mapping's {device}.</param>
    /// <param name="vocabulary">Makes IRIs of the mapping's words.</param>
    public static async ValueTask<Result<RecordMapper>> BindAsync(
        MappingDeclaration declaration, RecordReader reader, ImportFormat format, string name, string? entity, IVocabulary vocabulary, CancellationToken cancel)
    {
        var elements = format is ImportFormat.Json or ImportFormat.GeoJson;
        if (reader.Columns is null ? declaration.Format != "json" : declaration.Format == "value")
            return MappingProblems.NotAMapping.Because($"The mapping is for the format {declaration.Format}, and the file is {Said(format)}.", "cityhub import --suggest FILE writes a mapping for it.");
        if (entity is not null && !EntityTemplate.IsUri(entity))
            return MappingProblems.NotAMapping.Because($"--entity is \"{entity}\"; that is no URI.", "For example urn:ngsi-ld:WeatherObserved:roof");
        if (elements && declaration.Each is not null && Rooted(declaration) is { } rooted)
            return MappingProblems.NotAMapping.Because($"\"{rooted}\" begins at the document, of which only the readings are read, one by one.", "Begin it with @, the reading.");
        // The readings of a document are read one by one: each is its own payload then.
        var own = elements ? declaration with { Each = null } : declaration;
        own = reader.Columns is null ? own : own with { Columns = null };
        if (!(await MappingCompiler.CompileAsync(own, vocabulary, cancel)).TryGet(out var compiled, out var problem))
            return problem;
        var mapping = compiled.Mapping;
        if (entity is null && own.Entity is null)
            return MappingProblems.NotAMapping.Because("Nothing says which thing the rows are about.", "Give the mapping an entity, such as urn:ngsi-ld:AirQualityObserved:{station}, or the command --entity.");
        if (entity is null && own.Entity?.Contains("{topic[", StringComparison.Ordinal) == true)
            return MappingProblems.NotAMapping.Because($"entity is \"{own.Entity}\"; a file has no topic.", "{device} is the name of the file without its extension; {station} the column station.");
        int[]? columns = null;
        if (reader.Columns is { } names)
        {
            if (!mapping.Bind(names).TryGet(out columns, out problem))
                return problem;
            foreach (var column in columns)
                if (column >= 0 && names.Count(n => n == names[column]) > 1)
                    return MappingProblems.NotAMapping.Because($"There are several columns {names[column]}.", $"Name it by its place, counted from 0: @[{column}]");
            (reader as ParquetRecords)?.Need(columns);
        }

        return new RecordMapper(mapping, reader, new MappingSource(name) { Entity = entity }, columns);
    }

    /// <summary>The record at which the reader stands.</summary>
    /// <returns>Why it is refused; null when it is not.</returns>
    public MappingFault? Map(DateTimeOffset arrival, List<Observation> into, out int empty)
    {
        empty = 0;
        if (_reader.Malformed is { } wrong)
            return new MappingFault("", wrong);
        if (_columns is null)
            return _mapping.Map(_reader.Document, _source, arrival, into, out empty);
        var fault = _mapping.MapRow(_columns, _reader.Cells, _source, arrival, into, out var none);
        empty = none ? 1 : 0;
        return fault;
    }

    /// <summary>A fault as it is written down.</summary>
    public Reject Refuse(string file, MappingFault fault)
    {
        var column = _columns is null ? -1 : _mapping.ColumnOf(fault, _columns);
        var value = column >= 0 && column < _reader.Cells.Count ? _reader.Cells[column].ToString().Trim('"') : fault.Value ?? "";
        return new Reject(file, _reader.Row, column >= 0 && _reader.Columns is { } names ? names[column] : fault.Path, value, fault.Reason);
    }

    private static string? Rooted(MappingDeclaration mapping)
    {
        var location = mapping.Location;
        var time = mapping.Time;
        IEnumerable<string?> paths = [.. mapping.Attributes.Select(a => a.From), location?.GeoJson, location?.Longitude, location?.Latitude, time?.From, time?.Year, time?.Month, time?.Day, time?.Hour];
        return paths.FirstOrDefault(p => p is ['$', ..]) ?? (mapping.Entity?.Contains("{$", StringComparison.Ordinal) == true ? mapping.Entity : null);
    }

    private static string Said(ImportFormat format) => format switch
    {
        ImportFormat.Csv => "CSV",
        ImportFormat.Json => "JSON",
        ImportFormat.NdJson => "NDJSON",
        ImportFormat.GeoJson => "GeoJSON",
        _ => "Parquet",
    };
}
