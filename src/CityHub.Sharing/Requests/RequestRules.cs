using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Requests;

/// <summary>What a decision about a request knows of the rest of the city.</summary>
internal sealed record RequestWorld(ICatalogue Catalogue, IDepartments Departments, IResponsibilities Responsibilities, IPurposes Purposes, IGrantUse Use, IDeadlines Deadlines);

/// <summary>What an event does: the next state and clock, and a changed grant where there is one.</summary>
/// <param name="Clock">The clock after the event; null: none runs.</param>
internal sealed record Decided(RequestState To, Deadline? Clock)
{
    public Grant? Grant { get; init; }

    public Owner? EscalatedTo { get; init; }

    /// <summary>The clock of destruction could not be counted: the calendar lacks the year.</summary>
    public Problem? Uncounted { get; init; }
}

/// <summary>The guards of the machine: pure functions of the request, the event, who asks, what he says and what time it is.</summary>
internal static class RequestRules
{
    /// <summary>The disposal clock counts from the grant, not from the profile.</summary>
    public const string Disposal = "grant/destroy-within";

    /// <summary>What a refusal has to say, all of it.</summary>
    private static readonly string[] RefusalSays = ["code", "text", "basis", "wayForward"];

    public static Result<Dataset> Draft(Wanted wanted, Caller caller, RequestWorld world, DateTimeOffset now)
    {
        if (caller.Department is not { } applicant || !caller.Is(Roles.DataOfficer | Roles.SharingOfficer) || world.Departments.Find(applicant) is null)
            return RequestProblems.NotApplicant();
        if (!InCatalogue(wanted.Dataset, wanted.Fields, wanted.Modes, world).TryGet(out var dataset, out var problem))
            return problem;
        if (dataset.Provider == applicant)
            return RequestProblems.BeyondCatalogue(dataset.Id, "it is your own department's; nothing has to be asked for.");
        if (wanted.Until <= now)
            return RequestProblems.Missing($"until: {RoomHttp.Time(wanted.Until)} has passed");
        if (wanted.Area is not null && dataset.Area is null)
            return RequestProblems.BeyondCatalogue(dataset.Id, "it names no area of its rows, so that none can be asked for.");
        return dataset;
    }

    public static Result<Decided> Decide(ShareRequest request, RequestEvent happened, Caller caller, Details said, RequestWorld world, DateTimeOffset now)
    {
        if (!MayCall(request, happened, caller))
            return RequestProblems.NotYours(happened, request);
        // Asked again after the materials came, this has an answer of its own: there is one notice.
        if (!RequestMachine.Next(request.State, happened).TryGet(out var to, out var problem))
            return happened == RequestEvent.AskMaterials && request.Missing is { } asked ? RequestProblems.AskedAlready(asked) : problem;
        var clock = request.Clock?.Deadline;
        switch (happened)
        {
            case RequestEvent.SignOff or RequestEvent.Acknowledge or RequestEvent.Withdraw:
                return new Decided(to, happened == RequestEvent.Acknowledge ? clock : null);
            case RequestEvent.Submit:
                return InCatalogue(request.Wanted.Dataset, request.Wanted.Fields, request.Wanted.Modes, world)
                    .Then<Deadline>(d => world.Deadlines.Start(d.Class == SharingClass.Unconditional ? JurisdictionProfile.AnswerUnconditional : JurisdictionProfile.AnswerConditional, now))
                    .Map<Decided>(d => new Decided(to, d));
            case RequestEvent.AskMaterials:
                if (request.Missing is { } told)
                    return RequestProblems.AskedAlready(told);
                return said.Missing.Count == 0 ? RequestProblems.Missing("missing: everything that has to be handed in, in one list", "decree 809, art. 21") : new Decided(to, null);
            case RequestEvent.Supplement:
                if (!said.HasDocuments && said.Text("text").Length == 0)
                    return RequestProblems.Missing("documents or text: what was asked for", "decree 809, art. 21");
                return request.Stopped is not { } stopped || request.MaterialsAskedAt is not { } askedAt
                    ? RequestProblems.Missing("a notice of missing materials", "decree 809, art. 21")
                    : world.Deadlines.Supplemented(stopped, askedAt, now).Map<Decided>(d => new Decided(to, d));
            case RequestEvent.AskExtension:
                if (Extendable(request, now) is { } no)
                    return no;
                return said.Text("reason").Length == 0 ? RequestProblems.Missing("reason", "decree 809, art. 21") : new Decided(to, clock);
            case RequestEvent.Extend:
                if (Extendable(request, now) is { } cannot)
                    return cannot;
                if (!request.ExtensionAsked || clock is null)
                    return RequestProblems.ExtensionNotAsked();
                return world.Deadlines.Extend(clock).Map<Decided>(d => new Decided(to, d));
            case RequestEvent.Grant:
                return Granted(request, caller, said, world, now)
                    .Then<Decided>(g => world.Deadlines.Start(JurisdictionProfile.Delivery, now).Map<Decided>(d => new Decided(to, d) { Grant = g }));
            case RequestEvent.Refuse:
                string[] lacking = [.. RefusalSays.Where(m => said.Text(m).Length == 0)];
                return lacking.Length > 0 ? RequestProblems.RefusalIncomplete(string.Join(", ", lacking)) : new Decided(to, null);
            case RequestEvent.Suspend or RequestEvent.Rectify or RequestEvent.Resume or RequestEvent.Terminate:
                if (said.Text("reason").Length == 0)
                    return RequestProblems.Missing("reason", "decree 809, art. 27");
                return happened == RequestEvent.Terminate ? Ended(request, to, world, now) : new Decided(to, null);
            case RequestEvent.Negotiate or RequestEvent.File:
                return said.Text("text").Length == 0 && !said.HasDocuments ? RequestProblems.Missing("text or documents: what was agreed or filed", "decree 809, art. 27") : new Decided(to, clock);
            case RequestEvent.ChangeService:
                if (!request.Negotiated || !request.Filed)
                    return RequestProblems.NotNegotiated(request.Negotiated, request.Filed);
                return Granted(request, caller, said, world, now).Map<Decided>(g => new Decided(to, clock) { Grant = g });
            case RequestEvent.EndService:
                return !request.Negotiated || !request.Filed ? RequestProblems.NotNegotiated(request.Negotiated, request.Filed) : Ended(request, to, world, now);
            case RequestEvent.Deliver:
                return new Decided(to, null);
            case RequestEvent.Fulfil or RequestEvent.Unneeded or RequestEvent.Expire or RequestEvent.Lapse:
                return Ended(request, to, world, now);
            case RequestEvent.Dispose:
                return new Decided(to, clock);
            case RequestEvent.ProveDisposal:
                if (!said.HasDocuments || said.Text("method").Length == 0)
                    return RequestProblems.Missing("method, and documents with the proof", "decree 809, art. 29");
                return new Decided(to, null);
            case RequestEvent.DeadlinePassed:
                return request.Clock is not { Missed: false } running || running.Deadline.Due >= now
                    ? RequestProblems.NotPossible(request.State, happened)
                    : new Decided(to, clock) { EscalatedTo = Owners.Above(Owners.Of(request, world.Departments), world.Departments) };
            default:
                throw new InvalidOperationException($"{happened} has no rule.");
        }
    }

    /// <summary>What the clock has to say about a request now; null: nothing.</summary>
    public static RequestEvent? Due(ShareRequest request, RequestWorld world, DateTimeOffset now)
    {
        if (request.Grant is { } grant && grant.Until < now && RequestMachine.Table[(request.State, RequestEvent.Expire)].Possible)
            return RequestEvent.Expire;
        if (request.Clock is { Missed: false } running && running.Deadline.Due < now && RequestMachine.Table[(request.State, RequestEvent.DeadlinePassed)].Possible)
            return RequestEvent.DeadlinePassed;
        if (request is { State: RequestState.Active, Grant: { } used, ActiveSince: { } since } && now - Later(since, world.Use.LastUse(used.Id)) > TimeSpan.FromDays(world.Deadlines.Profile.UnusedDays))
            return RequestEvent.Lapse;
        return null;
    }

    /// <summary>The running deadline by the calendar as it is now, for the explicit fact that moves it.</summary>
    public static Result<Deadline> Anew(ShareRequest request, Deadline deadline, IDeadlines deadlines)
    {
        if (request is not { SupplementedAt: { } supplemented, Stopped: { } stopped, MaterialsAskedAt: { } asked })
            return deadlines.Anew(deadline);
        if (deadline.Article != stopped.Article)
            return deadlines.Anew(deadline);
        var resumed = deadlines.Anew(stopped).Then<Deadline>(d => deadlines.Supplemented(d, asked, supplemented));
        return resumed.Then<Deadline>(d => d.Extendable && !deadline.Extendable ? deadlines.Extend(d) : d);
    }

    /// <summary>As the grant follows from where its request stands.</summary>
    public static GrantState? StateOf(RequestState state) => state switch
    {
        RequestState.Granted or RequestState.Delivering => GrantState.Delivering,
        RequestState.Active => GrantState.Active,
        RequestState.Suspended or RequestState.Rectified => GrantState.Suspended,
        RequestState.Terminated => GrantState.Terminated,
        RequestState.Expired => GrantState.Expired,
        RequestState.Fulfilled => GrantState.Fulfilled,
        RequestState.Unnecessary => GrantState.Unnecessary,
        RequestState.Disposing => GrantState.Disposing,
        RequestState.Disposed => GrantState.Disposed,
        _ => null,
    };

    public static bool MayCall(ShareRequest request, RequestEvent happened, Caller caller)
    {
        var words = RequestMachine.Of(happened);
        var applicant = caller.IsOf(request.Applicant, words.Roles);
        var provider = caller.IsOf(request.Provider, words.Roles);
        return words.Side switch
        {
            Side.Applicant => applicant,
            Side.Provider => provider,
            Side.Either => applicant || provider,
            Side.Supervising => caller.Is(Roles.Authority) || caller.IsOf(request.Provider, Roles.SharingOfficer),
            Side.Authority => caller.Is(Roles.Authority),
            Side.Clock => caller == TheClock,
            _ => false,
        };
    }

    /// <summary>The hub itself; no door makes this caller.</summary>
    public static readonly Caller TheClock = new("clock", null, Roles.None) { System = "cityhub" };

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    private static Problem? Extendable(ShareRequest request, DateTimeOffset now) =>
        request.Extended ? RequestProblems.ExtendedAlready()
        : request.Clock is { } clock && clock.Deadline.Due < now ? RequestProblems.TooLate(RoomHttp.Time(clock.Deadline.Due))
        : request.Clock is { Deadline.Extendable: false } ? CalendarProblems.NotExtendable(request.Clock.Deadline.Article)
        : null;

    private static Result<Dataset> InCatalogue(string id, IReadOnlyList<string> fields, DeliveryModes modes, RequestWorld world)
    {
        if (world.Catalogue.Find(id) is not { State: DatasetState.Published } dataset)
            return RequestProblems.BeyondCatalogue(id, "there is no published entry of that name.");
        if (dataset.Class == SharingClass.Withheld)
            return RequestProblems.Withheld(id, dataset.LegalBasis);
        if (world.Catalogue.IsNegative(id))
            return RequestProblems.Withheld(id, "it is on the negative list");
        if (fields.Except(dataset.Fields.Select(f => f.Name), StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            return RequestProblems.BeyondCatalogue(id, $"it has no field {unknown}.");
        if ((modes & ~dataset.Modes) != 0)
            return RequestProblems.BeyondCatalogue(id, $"it is not offered as {modes & ~dataset.Modes}.");
        return dataset;
    }

    /// <summary>The grant that is made of a request: what was asked, met with what the provider binds it to; never more.</summary>
    private static Result<Grant> Granted(ShareRequest request, Caller caller, Details said, RequestWorld world, DateTimeOffset now)
    {
        var wanted = request.Wanted;
        if (!caller.IsOf(request.Provider, Roles.SharingOfficer))
            return RequestProblems.NotSigned(request.Provider);
        if (!InCatalogue(wanted.Dataset, wanted.Fields, wanted.Modes, world).TryGet(out var dataset, out var problem))
            return problem;
        if (dataset.Provider != request.Provider)
            return RequestProblems.BeyondCatalogue(dataset.Id, $"it is {dataset.Provider}'s now; the request went to {request.Provider}.");
        var (terms, modes, rights) = (Obligations.Nothing, wanted.Modes, wanted.Rights);
        if (said.Json.TryGetProperty("obligations"u8, out var bound) && !ObligationsJson.Read(bound).TryGet(out terms, out problem))
            return problem;
        if (said.Json.TryGetProperty("modes"u8, out var some) && !GrantJson.Flags<DeliveryModes>(some).TryGet(out modes, out problem))
            return problem;
        if (said.Json.TryGetProperty("rights"u8, out var part) && !GrantJson.Flags<Rights>(part).TryGet(out rights, out problem))
            return problem;
        // A time that cannot be read is not the longest one that was asked for.
        if (IsUnread(said.Json, "from") || IsUnread(said.Json, "until"))
            return RequestProblems.Missing("from, until: times such as 2026-12-31T00:00:00Z");
        var (from, until) = (Time(said.Json, "from") ?? now, Time(said.Json, "until") ?? wanted.Until);
        if (terms.Fields is { } fields && fields.Except(wanted.Fields) is { Count: > 0 } more)
            return RequestProblems.BeyondRequest($"the field {more.Order(StringComparer.Ordinal).First()}");
        if ((modes & ~wanted.Modes) != 0 || (rights & ~wanted.Rights) != 0)
            return RequestProblems.BeyondRequest($"{modes & ~wanted.Modes} {rights & ~wanted.Rights}");
        if (until > wanted.Until)
            return RequestProblems.BeyondRequest($"time until {RoomHttp.Time(until)}");
        if (until <= from || until <= now || modes == DeliveryModes.None || rights == Rights.None)
            return RequestProblems.Unusable("Its time ends before it begins, or it gives no mode or no right.");
        var obligations = terms.Meet(new Obligations
        {
            Fields = ImmutableSortedSet.CreateRange(StringComparer.Ordinal, wanted.Fields),
            Rows = wanted.Area is { } area && dataset.Area is { } field ? [new RowRule(field, RowTest.Under, [AdminCodes.Prefix(area)])] : [],
            Grain = dataset.Grain, // nothing is finer than the dataset itself
            Expires = until,
            Onward = false, // art. 25: handing on is a request of its own.
        });
        if (obligations.Fields is { Count: 0 })
            return RequestProblems.Unusable("It gives no field.");
        var grant = new Grant
        {
            Id = GrantId(request.Id),
            Version = (request.Grant?.Version ?? 0) + 1,
            Request = request.Id,
            Dataset = dataset.Id,
            Provider = request.Provider,
            Receiver = request.Applicant,
            Rights = rights,
            Purpose = wanted.Purpose,
            Modes = modes,
            Obligations = obligations,
            From = from,
            Until = until,
            Basis = wanted.Basis,
            Item = said.Text("item") is { Length: > 0 } item ? item : null,
            State = StateOf(request.State) ?? GrantState.Delivering,
            SignedBy = caller.Person,
        };
        if (world.Responsibilities.Beyond(grant) is { } beyond)
            return beyond;
        return GrantCheck.Executable(grant, dataset, world.Purposes) is { } cannot ? cannot : grant;
    }

    public static string GrantId(string request) => "g-" + (request.StartsWith("r-", StringComparison.Ordinal) ? request[2..] : request);

    /// <summary>
    /// Where data were delivered and the grant says within how long they are destroyed, that clock begins. Ending waits for nothing: where the calendar lacks the year, the clock is
    /// set when it has it, counted from now.
    /// </summary>
    private static Decided Ended(ShareRequest request, RequestState to, RequestWorld world, DateTimeOffset now)
    {
        if (request is not { ActiveSince: not null, Grant.Obligations.DestroyWithin: { } within })
            return new Decided(to, null);
        return world.Deadlines.Within(Disposal, now, within).TryGet(out var destroyBy, out var uncounted) ? new Decided(to, destroyBy) : new Decided(to, null) { Uncounted = uncounted };
    }

    private static bool IsUnread(JsonElement json, string name) => json.TryGetProperty(name, out _) && Time(json, name) is null;

    private static DateTimeOffset? Time(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var at) ? at : null;
}
