using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Standards.Calibres;
using CityHub.Standards.Grains;
using CityHub.Standards.Models;
using CityHub.Standards.Units;
using CityHub.Standards.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards;

/// <summary>The room of the words that a city agrees on: data elements, code tables, units, calibres, schemas. Stands on the log alone.</summary>
public sealed class StandardsRoom : IDisposable
{
    internal static readonly RoomHttp Http = new(StandardsProblems.BadRequest, StandardsProblems.TooLarge);

    private readonly ConcurrentDictionary<string, (int Changes, JsonSchema Schema)> _compiled = new(StringComparer.Ordinal);

    private readonly Func<HttpContext, Result<string>> _authority;

    /// <param name="authority">Name of the person of the authority who asks, or the refusal of anybody else: words bind the whole city.</param>
    public StandardsRoom(IFactLog log, TimeProvider clock, Func<HttpContext, Result<string>> authority) => (Book, _authority) = (new StandardsBook(log, clock), authority);

    /// <summary>For mapping and quality.</summary>
    public ICodeTables CodeTables => Book;

    internal StandardsBook Book { get; }

    /// <summary>Reads what is known; once, before anything else.</summary>
    public void Start() => Book.Load();

    public Calibre? Calibre(string name) => Book.Calibres.Newest(name);

    /// <summary>The version of a data element that is in force; null when none is.</summary>
    public DataElement? Element(string id) => Book.Elements.Of(id).LastOrDefault(e => e.SupersededBy is null);

    /// <summary>A loaded schema ready for use, with what it refers to as that stands now.</summary>
    public Result<JsonSchema> Schema(string name)
    {
        if (Book.Schemas.Newest(name) is not { } stored)
            return LoadSchema.Unknown(name);
        var changes = Book.SchemaChanges;
        if (_compiled.TryGetValue(name, out var known) && known.Changes == changes)
            return known.Schema;
        if (!JsonSchema.Compile(stored.Document, Book.SchemaOf).TryGet(out var schema, out var problem))
            return problem;
        _compiled[name] = (changes, schema);
        return schema;
    }

    public void MapStandards(IEndpointRouteBuilder routes)
    {
        ShowElements.Map(routes, this);
        DraftWord.Map(routes, this);
        PublishWord.Map(routes, this);
        LoadCodeTable.Map(routes, this);
        ConvertUnits.Map(routes);
        DefineCalibre.Map(routes, this);
        CompareGrains.Map(routes);
        LoadSchema.Map(routes, this);
    }

    public void Dispose() => Book.Dispose();

    internal static string IdOf(HttpContext http) => http.Request.RouteValues["id"] as string ?? "";

    internal Result<string> MayChange(HttpContext http) => _authority(http);

    internal static async ValueTask<Problem?> ListAsync<T>(HttpContext http, string name, Func<string?, int, IReadOnlyList<T>> page, Func<T, string> id, Action<Utf8JsonWriter, T> write)
    {
        if (!Http.Page(http).TryGet(out var asked, out var problem))
            return problem;
        await RoomHttp.WritePageAsync(http, name, page(asked.After, asked.Limit), asked.Limit, id, write);
        return null;
    }

    internal static void Versions<T>(Utf8JsonWriter json, string id, IReadOnlyList<T> versions, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteStartArray("versions"u8);
        foreach (var version in versions)
            write(json, version);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
