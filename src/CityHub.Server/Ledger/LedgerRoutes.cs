using System.Globalization;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Ledger;
using CityHub.Server.Doors;
using CityHub.Server.Http;

namespace CityHub.Server.Ledger;

/// <summary>
/// <c>/ledger</c>: the log as static files (C2SP tlog-tiles), who watches it, and receipts. Hash tiles and checkpoints are for anyone; entries, which show what kind
/// of thing happened when, ask for <c>ledger:read</c>.
/// </summary>
internal static class LedgerRoutes
{
    private const string Text = "text/plain; charset=utf-8", Octets = "application/octet-stream";

    /// <summary>A full tile never changes, and a partial one never either: another width has another name.</summary>
    private const string Forever = "public, max-age=31536000, immutable";

    public static IEndpointRouteBuilder MapLedger(this IEndpointRouteBuilder routes, LedgerRoom room, IFactLog log)
    {
        routes.MapGet("/ledger", http => StateAsync(http, room, log)).RequireAuthorization(Permissions.Public)
            .WithName("Ledger").WithSummary("The state of the ledger: its size, its keys, who has seen it, who is missing").WithTags("Ledger");
        routes.MapGet("/ledger/policy", http => TextAsync(http, room.PolicyText)).RequireAuthorization(Permissions.Public)
            .WithName("LedgerPolicy").WithSummary("What receipts are checked against: the log's keys, the witnesses and their quorum (C2SP tlog-policy)").WithTags("Ledger");
        routes.MapGet("/ledger/checkpoint", http => TextAsync(http, room.NewestCheckpoint?.ToString())).RequireAuthorization(Permissions.Public)
            .WithName("LedgerCheckpoint").WithSummary("The newest signed checkpoint (C2SP tlog-checkpoint)").WithTags("Ledger");
        routes.MapGet("/ledger/checkpoint.witnessed", http => TextAsync(http, room.Witnesses.Last?.Note.ToString())).RequireAuthorization(Permissions.Public)
            .WithName("LedgerWitnessedCheckpoint").WithSummary("The newest checkpoint that a quorum of witnesses has cosigned").WithTags("Ledger");
        routes.MapGet("/ledger/tile/entries/{**name}", http => FileAsync(http, room, "tile/entries/")).RequireAuthorization(Permissions.LedgerRead)
            .WithName("LedgerEntries").WithSummary("A bundle of entries (C2SP tlog-tiles)").WithTags("Ledger");
        routes.MapGet("/ledger/tile/{level:int}/{**name}", http => FileAsync(http, room, $"tile/{http.Request.RouteValues["level"]}/")).RequireAuthorization(Permissions.Public)
            .WithName("LedgerTile").WithSummary("A tile of hashes (C2SP tlog-tiles)").WithTags("Ledger");
        routes.MapGet("/ledger/sm3/checkpoint", http => TextAsync(http, room.Ledger.Head.Notes.ElementAtOrDefault(1)?.ToString())).RequireAuthorization(Permissions.Public)
            .WithName("LedgerSm3Checkpoint").WithSummary("The newest checkpoint of the SM3 tree, signed with SM2").WithTags("Ledger");
        routes.MapGet("/ledger/sm3/tile/{level:int}/{**name}", http => FileAsync(http, room, $"tile/{http.Request.RouteValues["level"]}/", "sm3/")).RequireAuthorization(Permissions.Public)
            .WithName("LedgerSm3Tile").WithSummary("A tile of SM3 hashes over the same entries").WithTags("Ledger");
        routes.MapGet("/ledger/receipts/{position}", http => ReceiptAsync(http, room)).RequireAuthorization(Permissions.LedgerRead)
            .WithName("LedgerReceipt").WithSummary("The receipt of a fact (C2SP tlog-proof): verifies offline").WithTags("Ledger")
            .WithMetadata(
                new Parameter("witnessed", "false: do not wait for witnesses; the receipt then shows the log's own signature only", "boolean"),
                new Parameter("suite", "intl (SHA-256, the default) or gm (SM3)"));
        routes.MapPost("/ledger/keys", http => IntroduceAsync(http, room)).RequireAuthorization(Permissions.Operate)
            .WithName("IntroduceLedgerKey").WithSummary("A new key signs checkpoints beside the ones there are: the first half of a rotation").WithTags("Ledger")
            .WithMetadata(new Parameter("algorithm", "ed25519, ml-dsa-44 or sm2: one that signs already"));
        routes.MapDelete("/ledger/keys/{name}", http => RetireAsync(http, room)).RequireAuthorization(Permissions.Operate)
            .WithName("RetireLedgerKey").WithSummary("From now on the key signs nothing: the second half of a rotation").WithTags("Ledger");
        return routes;
    }

    private static Task StateAsync(HttpContext http, LedgerRoom room, IFactLog log)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Json.WriteAsync(http, 200, json => State(json, room, log.Head));
    }

    private static void State(Utf8JsonWriter json, LedgerRoom room, long facts)
    {
        var head = room.Ledger.Head;
        json.WriteStartObject();
        json.WriteString("origin", room.Keys.Origin);
        json.WriteNumber("size", head.Size);
        json.WriteNumber("behind", Math.Max(0, facts - head.Size));
        if (room.Ledger.Trouble is { } trouble)
            json.WriteString("trouble", trouble);
        json.WriteStartArray("keys");
        foreach (var key in room.Keys.Active)
        {
            json.WriteStartObject();
            json.WriteString("name", key.Name);
            json.WriteString("vkey", key.Verifier.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("witnesses");
        json.WriteString("quorum", room.Policy.Quorum);
        if (room.Witnesses.Last is { } last)
        {
            json.WriteNumber("size", last.Size);
            json.WriteString("at", last.At.UtcDateTime);
        }

        json.WriteBoolean("met", !room.Witnesses.Asked || (room.Witnesses.Last?.Size ?? 0) >= head.Size);
        json.WriteStartArray("asked");
        foreach (var outcome in room.Witnesses.Outcomes)
        {
            json.WriteStartObject();
            json.WriteString("name", outcome.Witness.Name);
            json.WriteBoolean("cosigned", outcome.Cosigned);
            if (outcome.Why is not null)
                json.WriteString("why", outcome.Why);
            if (outcome.Serious)
                json.WriteBoolean("contradicts", true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static async Task TextAsync(HttpContext http, string? text)
    {
        if (text is null)
        {
            await ProblemWriter.WriteAsync(http, LedgerProblems.NotYet.Because("There is no such checkpoint yet.", "GET /ledger says what there is."));
            return;
        }

        http.Response.ContentType = Text;
        http.Response.Headers.CacheControl = "no-cache";
        await http.Response.WriteAsync(text, http.RequestAborted);
    }

    /// <summary>Only names that the layout has: nothing of the request reaches the file system as it came.</summary>
    private static async Task FileAsync(HttpContext http, LedgerRoom room, string prefix, string folder = "")
    {
        var name = prefix + http.Request.RouteValues["name"];
        var file = TilePath.TryParse(name, out var path) ? Path.Combine(room.Ledger.Folder, folder, path.ToString()) : null;
        if (file is null || !File.Exists(file))
        {
            await ProblemWriter.WriteAsync(http, ServerProblems.RouteNotFound.Because($"The log has no file {name}.", "Its layout is that of C2SP tlog-tiles; GET /ledger/checkpoint says how many entries there are."));
            return;
        }

        http.Response.ContentType = Octets;
        http.Response.Headers.CacheControl = Forever;
        await http.Response.SendFileAsync(file, http.RequestAborted);
    }

    private static async Task ReceiptAsync(HttpContext http, LedgerRoom room)
    {
        if (!long.TryParse(http.Request.RouteValues["position"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var position))
        {
            await ProblemWriter.WriteAsync(http, ServerProblems.RouteNotFound.Because("A receipt is asked for by the position of a fact, a number.", "/ledger/receipts/17"));
            return;
        }

        if (!Query(http, room).TryGet(out var asked, out var problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        if (!(await room.ReceiptAsync(position, asked.Tree, asked.Witnessed, http.RequestAborted)).TryGet(out var receipt, out problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        http.Response.ContentType = Text;
        http.Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"inline; filename=\"{position}.tlog-proof\"");
        await http.Response.WriteAsync(receipt.ToString(), http.RequestAborted);
    }

    private static Result<(int Tree, bool Witnessed)> Query(HttpContext http, LedgerRoom room)
    {
        var query = http.Request.Query;
        foreach (var name in query.Keys)
            if (name is not ("witnessed" or "suite"))
                return ServerProblems.BadQuery.Because($"{name} is no parameter here.", "There are witnessed, suite.");
        var witnessed = true;
        if (query.TryGetValue("witnessed", out var text) && !bool.TryParse(text, out witnessed))
            return ServerProblems.BadQuery.Because($"witnessed is {text}; it takes true or false.");
        if (!query.TryGetValue("suite", out text))
            return (0, witnessed);
        if (!CryptoSuite.TryParse(text, out var suite))
            return ServerProblems.BadQuery.Because($"suite is {text}; it takes intl or gm.");
        var tree = suite == CryptoSuite.Intl ? 0 : 1;
        return tree < room.Ledger.Trees.Count ? (tree, witnessed) : ServerProblems.BadQuery.Because("This hub has no tree of the suite gm.", "ledger.suites=gm+intl adds one, over the same entries from the beginning.");
    }

    /// <summary>The answer says where the receipt of what was recorded for it is.</summary>
    public static void Receipted(HttpContext http, long position) =>
        http.Response.Headers.Append("Link", string.Create(CultureInfo.InvariantCulture, $"</ledger/receipts/{position}>; rel=\"receipt\""));

    private static async Task IntroduceAsync(HttpContext http, LedgerRoom room)
    {
        var word = http.Request.Query["algorithm"].ToString();
        if (!SignatureAlgorithms.TryParse(word, out var algorithm) || !room.Keys.Active.Any(k => k.Verifier.Key.Algorithm == algorithm))
        {
            await ProblemWriter.WriteAsync(http, ServerProblems.BadQuery.Because(
                $"algorithm is {(word.Length == 0 ? "missing" : word)}.", "It takes one of those that sign already: " + string.Join(", ", room.Keys.Active.Select(k => k.Verifier.Key.Algorithm.Word()).Distinct())));
            return;
        }

        var introduced = await room.Keys.IntroduceAsync(algorithm, Bearer.NameOf(http), http.RequestAborted);
        if (!introduced.TryGet(out var key, out var problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        room.KeysChanged();
        Receipted(http, key.Position);
        await Json.WriteAsync(http, 201, json =>
        {
            json.WriteStartObject();
            json.WriteString("name", key.Name);
            json.WriteString("vkey", key.Verifier.ToString());
            json.WriteEndObject();
        });
    }

    private static async Task RetireAsync(HttpContext http, LedgerRoom room)
    {
        if (!(await room.Keys.RetireAsync(http.Request.RouteValues["name"]?.ToString() ?? "", Bearer.NameOf(http), http.RequestAborted)).TryGet(out var position, out var problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        room.KeysChanged();
        Receipted(http, position);
        http.Response.StatusCode = 204;
    }
}
