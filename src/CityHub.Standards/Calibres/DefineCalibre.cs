using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Calibres;

/// <summary>Calibres: a figure is defined once; another definition of its name is refused unless it says which version it supersedes.</summary>
internal static class DefineCalibre
{
    public static readonly WordKind Kind = new("Calibre", "calibres", 64 << 10)
    {
        // In the one way in which it is written, so that the same definition in other words is the same.
        Read = (_, body) => StandardsJson.Read<CalibreDeclaration>(body.Span, StandardsProblems.NotACalibre)
            .Then(d => Calibre.Of("calibre", d).Map<ReadOnlyMemory<byte>>(c => StandardsJson.Write(c.Declaration with { Supersedes = d.Supersedes }))),
        Next = (book, word) => book.Calibres.Newest(word.Id) is var known && Decide(word.Id, Of(word), known, "", default).TryGet(out var calibre, out var problem)
            ? new WordVersion(calibre.Version, InForce: calibre == known) : problem,
        Enter = (book, word, record) => book.Calibres.Add(word.Id, Calibre.Of(word.Id, Of(word)).Value.Stand(record.Version, record.By, record.At)),
    };

    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        routes.MapGet("/standards/calibres", RoomHttp.Handle(http => StandardsRoom.ListAsync(http, "calibres", room.Book.Calibres.Page, c => c.Name, Write))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListCalibres").WithSummary("The statistical calibres, a page at a time (limit, after)").WithTags("Standards");
        routes.MapGet("/standards/calibres/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetCalibre").WithSummary("One statistical calibre in all its versions").WithTags("Standards");
    }

    public static Result<Calibre> Decide(string name, CalibreDeclaration declaration, Calibre? known, string by, DateTimeOffset now)
    {
        if (!Calibre.Of(name, declaration).TryGet(out var calibre, out var problem))
            return problem;
        if (known is null)
            return declaration.Supersedes is null or 0
                ? calibre.Stand(1, by, now)
                : StandardsProblems.CalibreUnknown.Because($"There is no calibre {name} whose version {declaration.Supersedes} could be superseded.", "Leave out supersedes.");
        var differences = known.DifferencesTo(calibre);
        if (differences.Count == 0 && known.Declaration.Title == calibre.Declaration.Title)
            return known;
        return declaration.Supersedes == known.Version
            ? calibre.Stand(known.Version + 1, by, now)
            : StandardsProblems.CalibreDiffers.Because(
                $"{name} stands for another figure since version {known.Version}: {(differences.Count == 0 ? "title" : string.Join("; ", differences))}.",
                $"Give it another name, or say \"supersedes\": {known.Version} to take its place.", "One figure, one calibre (一数一口径)");
    }

    private static CalibreDeclaration Of(Word word) => StandardsJson.Read<CalibreDeclaration>(word.Declaration.Span, StandardsProblems.NotACalibre).Value;

    private static async ValueTask<Problem?> GetAsync(HttpContext http, StandardsRoom room)
    {
        var name = StandardsRoom.IdOf(http);
        if (room.Book.Calibres.Of(name) is not { Count: > 0 } versions)
            return StandardsProblems.CalibreUnknown.Because($"There is no calibre {name}.", "GET /standards/calibres lists them.");
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => StandardsRoom.Versions(json, name, versions, Write));
        return null;
    }

    private static void Write(Utf8JsonWriter json, Calibre calibre)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, calibre.Name);
        json.WriteNumber("version"u8, calibre.Version);
        json.WritePropertyName("declaration"u8);
        json.WriteRawValue(StandardsJson.Write(calibre.Declaration));
        json.WriteString("by"u8, calibre.By);
        json.WriteString("at"u8, RoomHttp.Time(calibre.At));
        json.WriteEndObject();
    }
}
