using System.Globalization;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Server.Doors;
using CityHub.Server.Http;

namespace CityHub.Server.Ledger;

/// <summary>
/// <c>GET /ledger/evidence</c>: facts as an evidence bundle, which a court checks without the hub. What is in the facts goes along for whoever may read the
/// log, but for what the log withholds. That it was released is an act before it leaves.
/// </summary>
internal static class ReleaseEvidence
{
    public const string Released = "EvidenceReleased";

    /// <summary>A bundle takes as many as ten times that; an answer should come within a second.</summary>
    public const int MostFacts = 1_000;

    /// <summary>The bundle is made in memory.</summary>
    private const long MostContent = 32 << 20;

    /// <param name="withheld">A fact that is proven without what it says.</param>
    public static IEndpointRouteBuilder MapEvidence(this IEndpointRouteBuilder routes, LedgerRoom room, IFactLog log, IActs acts, Func<Fact, bool> withheld)
    {
        routes.MapGet("/ledger/evidence", http => HandleAsync(http, room, log, acts, withheld)).RequireAuthorization(Permissions.LedgerRead)
            .WithName("ReleaseEvidence").WithSummary("Facts as an evidence bundle (zip): proofs, witnessed checkpoint, what was recorded; checked with sh and openssl, without the hub").WithTags("Ledger")
            .WithMetadata(
                new Parameter("facts", "Positions of facts, e.g. 17,20-25; at most 1000"),
                new Parameter("content", "false: proofs alone, without what the facts hold; true asks for facts:read. Without it: what the token may see", "boolean"));
        return routes;
    }

    private static async Task HandleAsync(HttpContext http, LedgerRoom room, IFactLog log, IActs acts, Func<Fact, bool> withheld)
    {
        if (!Query(http, log.Head).TryGet(out var asked, out var problem)
            || !(await acts.RecordAsync(Act(asked, Bearer.NameOf(http)), http.RequestAborted)).TryGet(out var recorded, out problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        LedgerRoutes.Receipted(http, recorded.Position);
        if (!(await MakeAsync(room, log, asked, withheld, http.RequestAborted)).TryGet(out var bundle, out problem))
        {
            await ProblemWriter.WriteAsync(http, problem);
            return;
        }

        http.Response.ContentType = "application/zip";
        http.Response.ContentLength = bundle.Length;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentDisposition = string.Create(CultureInfo.InvariantCulture, $"attachment; filename=\"evidence-{asked.Positions[0]}.zip\"");
        await http.Response.Body.WriteAsync(bundle, http.RequestAborted);
    }

    private static async Task<Result<byte[]>> MakeAsync(LedgerRoom room, IFactLog log, Asked asked, Func<Fact, bool> withheld, CancellationToken cancel)
    {
        // One checkpoint, witnessed, covers them all.
        if (!(await room.ReceiptAsync(asked.Positions[^1], 0, witnessed: true, cancel)).TryGet(out var last, out var problem))
            return problem;
        var (entries, facts) = (new List<EvidenceEntry>(), new List<Fact>());
        var (size, told) = (0L, new HashSet<long>());
        try
        {
            foreach (var position in asked.Positions)
            {
                cancel.ThrowIfCancellationRequested();
                var fact = log.Read(position - 1).First();
                var content = asked.Content && !withheld(fact);
                if (content)
                    told.Add(position);
                size += content ? fact.Payload.Length : 0;
                if (size > MostContent)
                    return ServerProblems.BadQuery.Because($"The content of these facts has more than {MostContent >> 20} MiB.", "Ask for fewer at a time, or with content=false.");
                var proof = room.Receipt(position, 0, last.Checkpoint);
                facts.Add(fact);
                entries.Add(new EvidenceEntry(position - 1, proof.Extra ?? [], proof.Hashes, content ? EvidenceEntry.OpeningOf(fact.Salt.Span, fact.Payload.Span) : null));
            }

            using var bundle = new MemoryStream();
            EvidenceBundle.Write(bundle, new EvidenceContents
            {
                Hash = last.Hash,
                Checkpoint = last.Checkpoint,
                Policy = System.Text.Encoding.UTF8.GetBytes(room.PolicyText),
                Entries = entries,
                FactsEnglish = FactWords.English(facts, told),
                FactsChinese = FactWords.Chinese(facts, told),
            });
            return bundle.ToArray();
        }
        catch (LedgerException e)
        {
            return LedgerProblems.Damaged.Because(e.Message);
        }
    }

    private static Act Act(Asked asked, string by) => new(Released, Json.Bytes(json =>
    {
        json.WriteStartObject();
        json.WriteString("by", by);
        json.WriteString("facts", asked.Text);
        json.WriteBoolean("content", asked.Content);
        json.WriteEndObject();
    }));

    private static Result<Asked> Query(HttpContext http, long head)
    {
        var query = http.Request.Query;
        foreach (var name in query.Keys)
            if (name is not ("facts" or "content"))
                return ServerProblems.BadQuery.Because($"{name} is no parameter here.", "There are facts, content.");
        if (!query.TryGetValue("facts", out var text) || text.ToString() is not { Length: > 0 and < 10_000 } list)
            return ServerProblems.BadQuery.Because("facts is missing: which facts?", "facts=17,20-25");

        var positions = new SortedSet<long>();
        foreach (var part in list.Split(','))
        {
            var ends = part.Split('-', 2);
            if (!Number(ends[0], out var first) || !Number(ends[^1], out var last) || first < 1 || last < first)
                return ServerProblems.BadQuery.Because($"{part} is no position and no range of positions.", "facts=17,20-25");
            if (last > head)
                return LedgerProblems.NotYet.Because($"The log has {head} facts; there is none at {last}.");
            if (last - first >= MostFacts || positions.Count + (last - first) >= MostFacts)
                return ServerProblems.BadQuery.Because($"These are more than {MostFacts} facts.", "Ask for fewer at a time.");
            for (var position = first; position <= last; position++)
                positions.Add(position);
        }

        // An open hub asks nobody.
        var may = http.Features.Get<Bearer>() is not { } bearer || bearer.Permissions.Has(PermissionSet.BitOf(Permissions.FactsRead));
        var content = may;
        if (query.TryGetValue("content", out text) && !bool.TryParse(text, out content))
            return ServerProblems.BadQuery.Because($"content is {text}; it takes true or false.");
        return content && !may
            ? ServerProblems.NotPermitted.Because($"What the facts hold asks for {Permissions.FactsRead}.", "With content=false the bundle has the proofs alone.")
            : new Asked([.. positions], list, content);

        static bool Number(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <param name="Text">As it was asked, for the act.</param>
    private sealed record Asked(IReadOnlyList<long> Positions, string Text, bool Content);
}
