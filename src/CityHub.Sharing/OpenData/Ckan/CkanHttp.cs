using System.Buffers;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>CKAN's envelope: help, success, result or error.</summary>
internal static class CkanHttp
{
    public static string HelpOf(OpenDataRoom room, HttpContext http, string action) => $"{room.BaseOf(http)}/api/3/action/help_show?name={action}";

    public static Task WriteAsync(HttpContext http, OpenDataRoom room, string action, Action<Utf8JsonWriter> result)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, ReleaseBody.JsonOptions))
        {
            Begin(json, room, http, action);
            result(json);
            json.WriteEndObject();
        }

        return RoomHttp.SendAsync(http, StatusCodes.Status200OK, "application/json;charset=utf-8", buffer.WrittenMemory);
    }

    /// <summary>Up to the result, which is to follow.</summary>
    public static void Begin(Utf8JsonWriter json, OpenDataRoom room, HttpContext http, string action)
    {
        json.WriteStartObject();
        json.WriteString("help"u8, HelpOf(room, http, action));
        json.WriteBoolean("success"u8, true);
        json.WritePropertyName("result"u8);
    }

    public static Task RefuseAsync(HttpContext http, OpenDataRoom room, string action, Problem problem)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        RoomHttp.ComeAgain(http, problem);
        var (type, status) = problem.Kind.Status switch
        {
            404 => ("Not Found Error", StatusCodes.Status404NotFound),
            401 or 403 => ("Authorization Error", StatusCodes.Status403Forbidden),
            413 => ("Validation Error", StatusCodes.Status413PayloadTooLarge),
            >= 500 => ("Internal Server Error", problem.Kind.Status),
            _ => ("Validation Error", StatusCodes.Status409Conflict),
        };
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, ReleaseBody.JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString("help"u8, HelpOf(room, http, action));
            json.WriteBoolean("success"u8, false);
            json.WriteStartObject("error"u8);
            json.WriteString("__type"u8, type);
            json.WriteString("message"u8, status switch { 404 => "Not found: ", 403 => "Access denied: ", _ => "" } + problem.Detail);
            json.WriteString("code"u8, problem.Code);
            if (problem.Hint is { } hint)
                json.WriteString("hint"u8, hint);
            if (problem.Rule is { } rule)
                json.WriteString("rule"u8, rule);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return RoomHttp.SendAsync(http, status, "application/json;charset=utf-8", buffer.WrittenMemory);
    }
}
