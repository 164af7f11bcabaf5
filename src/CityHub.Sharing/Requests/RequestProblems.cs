using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Requests;

/// <summary>What requests and grants refuse, each with its rule and its way forward.</summary>
public static class RequestProblems
{
    public static readonly ProblemKind RequestUnknown = new("request-unknown", "There is no such request for you", 404);
    public static readonly ProblemKind RequestEventUnknown = new("request-event-unknown", "No such thing can happen to a request", 404);
    public static readonly ProblemKind RequestEventNotPossible = new("request-event-not-possible", "The request is not where this could happen", 409);
    public static readonly ProblemKind RequestDetailsMissing = new("request-details-missing", "The request does not say all that it has to", 422);
    public static readonly ProblemKind RequestBeyondCatalogue = new("request-beyond-catalogue", "The catalogue does not offer this", 422);
    public static readonly ProblemKind RequestDatasetWithheld = new("request-dataset-withheld", "This dataset is not shared", 403);
    public static readonly ProblemKind RequestMaterialsAlreadyAsked = new("request-materials-already-asked", "What is missing was asked for already", 409);
    public static readonly ProblemKind RequestExtensionNotAsked = new("request-extension-not-asked", "Nobody asked for an extension", 409);
    public static readonly ProblemKind RequestExtendedAlready = new("request-extended-already", "The answer was extended already", 409);
    public static readonly ProblemKind RequestTooLateToExtend = new("request-too-late-to-extend", "The time for the answer has passed already", 409);
    public static readonly ProblemKind RequestRefusalIncomplete = new("request-refusal-incomplete", "A refusal has to say why, by which law, and what would make it pass", 422);
    public static readonly ProblemKind RequestNotNegotiated = new("request-not-negotiated", "A service is changed only after negotiation and filing", 409);
    public static readonly ProblemKind GrantUnknown = AccessProblems.GrantUnknown;
    public static readonly ProblemKind GrantBeyondRequest = new("grant-beyond-request", "The grant gives more than was asked for", 422);
    public static readonly ProblemKind GrantUnusable = new("grant-unusable", "This is not a grant", 422);
    public static readonly ProblemKind GrantStands = new("grant-stands", "A grant of that name stands already", 409);

    public static Problem Unknown(string id) => RequestUnknown.Because(
        $"There is no request {id}, or it is not yours to see.", "GET /sharing/requests lists those that you see.", "A request is seen by its two departments, the Authority and auditors");

    public static Problem NoEvent(string name) => RequestEventUnknown.Because(
        $"\"{name}\" is nothing that can happen to a request.", "GET /sharing/requests/{id} lists under events what you can do with it now.", "The table of states and events: docs/reference/request-states.md");

    public static Problem NotPossible(RequestState state, RequestEvent happened)
    {
        var possible = string.Join(", ", RequestMachine.PossibleIn(state).Where(e => RequestMachine.Of(e).Path.Length > 0).Select(e => RequestMachine.Of(e).Path));
        return RequestEventNotPossible.Because(
            $"A request that is {RequestMachine.Of(state).Name.En} does not take \"{RequestMachine.Of(happened).Name.En}\".",
            possible.Length == 0 ? "It is at its end; make a new request: POST /sharing/requests." : $"Possible now: {possible}.",
            RequestMachine.Of(happened).Rule.En);
    }

    public static Problem NotYours(RequestEvent happened, ShareRequest request)
    {
        var (words, who) = (RequestMachine.Of(happened), RequestMachine.Of(happened).Side switch
        {
            Side.Applicant => request.Applicant,
            Side.Provider => request.Provider,
            Side.Either => $"{request.Applicant} or {request.Provider}",
            Side.Supervising => $"{request.Provider} or the Authority",
            Side.Authority => "the Authority",
            Side.Clock => "the hub's clock",
            _ => "somebody else",
        });
        return SharingProblems.NotYours.Because($"To {words.Name.En} is for {who} ({words.Roles}).", "Ask that office; GET /sharing/requests/{id} names the owner.", words.Rule.En);
    }

    public static Problem NotApplicant() => SharingProblems.NotYours.Because(
        "A request is drafted by a data officer of the department that needs the data.", "Log in as a data officer or sharing officer of your department.", "decree 809, art. 20");

    public static Problem Missing(string what, string rule = "decree 809, art. 20") => RequestDetailsMissing.Because(
        $"Missing or unusable: {what}.", "Give it and send again; nothing was recorded.", rule);

    public static Problem BeyondCatalogue(string dataset, string why) => RequestBeyondCatalogue.Because(
        $"{dataset}: {why}", "Look at the entry (GET /sharing/catalogue/{id}) and ask for what it offers; what is not listed goes on the demand list.", "decree 809, arts 13, 20");

    public static Problem Withheld(string dataset, string basis) => RequestDatasetWithheld.Because(
        $"{dataset} is not shared: {basis}.", "Raise a dispute if the law named does not say so: POST /sharing/disputes. A verification (yes or no) may be on offer.", "decree 809, art. 15");

    public static Problem AskedAlready(IEnumerable<string> missing) => RequestMaterialsAlreadyAsked.Because(
        $"The one notice asked for: {string.Join("; ", missing)}.", "Decide on what has been handed in: grant, or refuse with reason, basis and what would make it pass.", "decree 809, art. 21: everything missing is told at once");

    public static Problem ExtensionNotAsked() => RequestExtensionNotAsked.Because(
        "The provider has not asked for an extension of this answer.", "Let the provider's sharing officer ask first: POST /sharing/requests/{id}/ask-extension.", "decree 809, art. 21");

    public static Problem ExtendedAlready() => RequestExtendedAlready.Because(
        "An answer is extended once.", "Answer by the date that the request shows: grant or refuse.", "decree 809, art. 21: at most 10 working days, once");

    public static Problem TooLate(string due) => RequestTooLateToExtend.Because(
        $"The answer was due by {due}.", "Answer now; the delay is on record and went to the next owner.", "decree 809, arts 21, 39(4)");

    public static Problem RefusalIncomplete(string what) => RequestRefusalIncomplete.Because(
        $"The refusal lacks {what}.", "Give code, text, basis (law and article) and wayForward: what would have to change for it to pass.", "decree 809, art. 21");

    public static Problem NotNegotiated(bool negotiated, bool filed) => RequestNotNegotiated.Because(
        $"{(negotiated ? "" : "No negotiation with the applicant is recorded. ")}{(filed ? "" : "It is not filed with the Authority.")}".Trim(),
        "Record the negotiation (POST …/negotiate) and let the Authority file it (POST …/file); then change or end the service.",
        "decree 809, art. 27");

    public static Problem NoGrant(string id) => GrantUnknown.Because(
        $"There is no grant {id}, or it is not yours to see.", "GET /sharing/grants lists those that you see.", "A grant is seen by its two departments, the Authority and auditors");

    public static Problem BeyondRequest(string what) => GrantBeyondRequest.Because(
        $"The grant gives {what}, which the request does not ask for.", "Grant at most what is asked; for more the applicant makes a new request on this grant.", "decree 809, arts 20, 25");

    public static Problem Unusable(string why) => GrantUnusable.Because(why, "Correct it and send again; nothing was recorded.", "decree 809, arts 20, 21");

    public static Problem Stands(string id) => GrantStands.Because(
        $"The grant {id} stands already.", "Make a new version of it, or a grant under another name.", "A grant is immutable; every change is a new version");

    public static Problem NotSigned(string provider) => SharingProblems.NotYours.Because(
        $"A grant is signed by the sharing officer of {provider}.", "Let that officer grant it; GET /sharing/requests/{id} names the owner.", "decree 809, arts 11, 21");
}
