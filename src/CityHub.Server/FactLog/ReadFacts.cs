using System.Globalization;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.Doors;
using CityHub.Server.Http;
using CityHub.Server.Ledger;

namespace CityHub.Server.FactLog;

/// <summary><c>GET /facts</c>: the log itself, from a position on, as lines of JSON; with <c>follow=true</c> it goes on as facts happen.</summary>
internal static class ReadFacts
{
    public const string FactsRead = "FactsRead";

    private static readonly ReadOnlyMemory<byte> Withheld = "{\"withheld\":true}"u8.ToArray();

    /// <param name="withheld">A fact that is told without what it says.</param>
    public static IEndpointRouteBuilder MapFacts(this IEndpointRouteBuilder routes, IFactLog log, IActs acts, Func<Fact, bool> withheld)
    {
        routes.MapGet("/facts", http => HandleAsync(http, log, acts, withheld)).RequireAuthorization(Permissions.FactsRead).DisableRequestTimeout()
            .WithName("ReadFacts").WithSummary("The fact log from a position on, as lines of JSON").WithTags("Facts")
            .WithMetadata(
                new Parameter("from", "Position of the first fact; 1 is the beginning", "integer"),
                new Parameter("stream", "Only this stream, e.g. entities or entities@tenant"),
                new Parameter("type", "Only facts of this name, e.g. EntityCreated"),
                new Parameter("limit", "At most so many", "integer"),
                new Parameter("follow", "Go on with facts as they happen", "boolean"));
        return routes;
    }

    private static async Task HandleAsync(HttpContext http, IFactLog log, IActs acts, Func<Fact, bool> withheld)
    {
        if (!Query(http.Request.Query).TryGet(out var query, out var problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        if (!(await acts.RecordAsync(Act(query, Bearer.NameOf(http)), http.RequestAborted)).TryGet(out var recorded, out problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        LedgerRoutes.Receipted(http, recorded.Position);

        http.Response.ContentType = FactLines.ContentType;
        http.Response.Headers["Fact-Head"] = log.Head.ToString(CultureInfo.InvariantCulture);
        var cancel = http.RequestAborted;
        var unsent = 0;
        await http.Response.StartAsync(cancel);
        await foreach (var fact in FactLines.ReadAsync(log, query, cancel))
        {
            FactLines.Write(http.Response.BodyWriter, withheld(fact) ? fact with { Payload = Withheld } : fact);
            // One flush for many facts of a long log, yet none waits while somebody follows.
            if (++unsent >= 64 || fact.Position >= log.Head)
            {
                await http.Response.BodyWriter.FlushAsync(cancel);
                unsent = 0;
            }
        }

        await http.Response.BodyWriter.FlushAsync(cancel);
    }

    /// <summary>Whoever reads the log sees everything that the city knows and does not keep under grants: that he did is in it before he does.</summary>
    public static Act Act(FactQuery query, string by) => new(FactsRead, Json.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("by", by);
        json.WriteNumber("from", query.After + 1);
        if (query.Stream is not null)
            json.WriteString("stream", query.Stream);
        if (query.Type is not null)
            json.WriteString("type", query.Type);
        if (query.Limit < long.MaxValue)
            json.WriteNumber("limit", query.Limit);
        json.WriteBoolean("follow", query.Follow);
        json.WriteEndObject();
    }));

    public static Result<FactQuery> Query(IQueryCollection query)
    {
        foreach (var name in query.Keys)
            if (name is not ("from" or "stream" or "type" or "limit" or "follow"))
                return ServerProblems.BadQuery.Because($"{name} is no parameter here.", "There are from, stream, type, limit, follow.");
        var from = 1L;
        if (query.TryGetValue("from", out var text) && !(long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out from) && from >= 1))
            return ServerProblems.BadQuery.Because($"from is {text}; it takes a position, 1 or more.");
        var limit = long.MaxValue;
        if (query.TryGetValue("limit", out text) && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit))
            return ServerProblems.BadQuery.Because($"limit is {text}; it takes a number.");
        var follow = false;
        if (query.TryGetValue("follow", out text) && !bool.TryParse(text, out follow))
            return ServerProblems.BadQuery.Because($"follow is {text}; it takes true or false.");
        return new FactQuery(from - 1, query.TryGetValue("stream", out text) ? text.ToString() : null, query.TryGetValue("type", out text) ? text.ToString() : null, limit, follow);
    }
}
