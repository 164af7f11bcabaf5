using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Releases;

/// <summary>What the ledger is told of releases. Offices, purposes and numbers; of the persons whom rows are about, only what is sealed under their keys.</summary>
internal static class ReleaseActs
{
    public const string Opened = "ReleaseOpened";
    public const string Closed = "ReleaseClosed";
    public const string Unclosed = "ReleaseUnclosed";
    public const string Seen = "SubjectsSeen";
    public const string Refused = "AccessRefused";

    /// <summary>The provider read entities of its own dataset: under no grant, and its people see it all the same.</summary>
    public const string Own = "OwnEntitiesRead";

    /// <summary>Persons in one act, at most.</summary>
    public const int MostSubjects = 500;

    private const int LongestWord = 200;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly ReadOnlyMemory<byte> Nothing = "{}"u8.ToArray();

    public static string ReceiverOf(Caller by) => Decider.DepartmentOf(by) ?? (by.Is(Roles.Citizen) ? "citizen" : Decider.Public);

    public static Act OpenedBy(Ask ask, ReleasePlan plan, string receiver, string digest, IReadOnlyList<string> subjects)
    {
        var (grant, dataset, obligations) = (plan.Permit.Grant, plan.Permit.Dataset, plan.Permit.Obligations);
        return new Act(Opened, Json(json =>
        {
            json.WriteString("grant"u8, grant.Id);
            json.WriteNumber("grantVersion"u8, grant.Version);
            json.WriteString("dataset"u8, dataset.Id);
            json.WriteNumber("datasetVersion"u8, dataset.Version);
            json.WriteString("provider"u8, dataset.Provider);
            Asked(json, ask, receiver);
            json.WriteString("basis"u8, grant.Basis);
            if (grant.Item is { } item)
                json.WriteString("item"u8, item);
            json.WriteStartArray("fields"u8);
            foreach (var column in plan.Released.Columns)
                json.WriteStringValue(column.Name);
            json.WriteEndArray();
            if (digest.Length > 0)
                json.WriteString("query"u8, digest);
            if (obligations.TellSubject)
                json.WriteBoolean("tellSubject"u8, true);
        }))
        {
            Subjects = [.. subjects.Select(id => new ActSubject(id, Nothing))],
        };
    }

    public static Act RefusedTo(Ask ask, string receiver, Problem problem) => new(Refused, Json(json =>
    {
        json.WriteString("dataset"u8, Cut(ask.Dataset));
        Asked(json, ask, receiver);
        if (ask.Grant is { } grant)
            json.WriteString("grant"u8, Cut(grant));
        json.WriteString("code"u8, problem.Code);
        if (problem.Rule is { } rule)
            json.WriteString("rule"u8, Cut(rule));
    }));

    public static Act ClosedAfter(long opening, string grant, string receiver, long rows, long bytes, ReadOnlySpan<byte> hash, string how, string? code)
    {
        var sha256 = Convert.ToHexStringLower(hash);
        return new Act(Closed, Json(json =>
        {
            json.WriteNumber("opening"u8, opening);
            json.WriteString("grant"u8, grant);
            json.WriteString("receiver"u8, receiver);
            json.WriteNumber("rows"u8, rows);
            json.WriteNumber("bytes"u8, bytes);
            json.WriteString("sha256"u8, sha256);
            json.WriteString("how"u8, how);
            if (code is not null)
                json.WriteString("code"u8, code);
        }));
    }

    public static Act SeenIn(long opening, IEnumerable<string> subjects) =>
        new(Seen, Json(json => json.WriteNumber("opening"u8, opening))) { Subjects = [.. subjects.Select(id => new ActSubject(id, Nothing))] };

    public static Act OwnBy(Caller by, Dataset dataset, string digest, int rows, IReadOnlyList<string> subjects) => new(Own, Json(json =>
    {
        json.WriteString("dataset"u8, dataset.Id);
        json.WriteString("provider"u8, dataset.Provider);
        json.WriteString("receiver"u8, dataset.Provider);
        json.WriteString("basis"u8, Cut(dataset.LegalBasis));
        json.WriteString("mode"u8, "api"u8);
        if (by.Person.Length > 0)
            json.WriteString("person"u8, Cut(by.Person));
        json.WriteNumber("rows"u8, rows);
        json.WriteString("query"u8, digest);
    }))
    {
        Subjects = [.. subjects.Select(id => new ActSubject(id, Nothing))],
    };

    public static Act UnclosedFor(UnclosedRelease release) => new(Unclosed, Json(json =>
    {
        json.WriteNumber("opening"u8, release.Opening);
        json.WriteString("grant"u8, release.Grant);
        json.WriteString("dataset"u8, release.Dataset);
        json.WriteString("receiver"u8, release.Receiver);
    }));

    private static void Asked(Utf8JsonWriter json, Ask ask, string receiver)
    {
        json.WriteString("purpose"u8, Cut(ask.Purpose));
        json.WriteString("right"u8, ask.Right.ToString().ToLowerInvariant());
        json.WriteString("mode"u8, ask.Mode.ToString().ToLowerInvariant());
        json.WriteString("receiver"u8, receiver);
        if (!ask.By.Is(Roles.Citizen) && ask.By.Person.Length > 0)
            json.WriteString("person"u8, Cut(ask.By.Person)); // an account of an office; a citizen asks about himself
        if (ask.By.System is { } system)
            json.WriteString("system"u8, Cut(system));
        if (ask.Case is { } matter)
            json.WriteString("case"u8, Cut(matter));
    }

    private static string Cut(string text) => text.Length <= LongestWord ? text : text[..LongestWord];

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
