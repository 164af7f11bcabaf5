using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Access;

/// <summary>What is said when the answer is no: the rule, the reason and the way forward. Nothing in it comes from a grant that the asker does not hold.</summary>
internal static class Refusals
{
    private const string NewRequest = "Ask for it: a request for this dataset with this purpose (decree 809, art. 20).";

    /// <param name="dataset">Looked at only where the asker may know of it.</param>
    public static Refuse Before(ProblemKind failed, Ask ask, Dataset? dataset) => failed.Code switch
    {
        "ask-not-clear" => new(failed.Code, "sharing, the ask", "An ask names one right, one way of delivery that the right can use, at least one field where it names any, and a period that begins before it ends.",
            "Ask once for each right and each way. Rows are obtained by api, batch, file or subscription; verification and the enclave answer questions: that is the right to use."),
        "roles-in-conflict" => new(failed.Code, "GB/T 39477, separation of duties", "The account holds two of the roles authority, auditor and operator.", "Use an account that holds one of them."),
        "operator-reads-nothing" => new(failed.Code, "GB/T 39477, separation of duties", "Who runs the platform reads no row, whatever was granted.", "Ask the department that needs the data; for an emergency there is break-glass with two departments."),
        "dataset-unknown" => new(failed.Code, "decree 809, art. 13", $"There is no dataset {ask.Dataset} for you.", "The catalogue lists what you may know of; what is missing there can be put on the demand list."),
        "dataset-not-published" => new(failed.Code, "decree 809, art. 12", $"The dataset {ask.Dataset} is {State(dataset)}, not published.", "Publish it first, or ask for a dataset that is published."),
        "dataset-negative" => new(failed.Code, "negative list", $"The dataset {ask.Dataset}, or one that it was made from, is on the negative list.", "The sharing authority keeps the list; ask it to review the entry."),
        "dataset-withheld" => new(failed.Code, dataset is { LegalBasis.Length: > 0 } ? "decree 809, art. 15; " + dataset.LegalBasis : "decree 809, art. 15",
            $"The dataset {ask.Dataset}, or one that it was made from, is not shared by law.", "Ask for another dataset, or for a statement of the department itself."),
        _ => new(AccessProblems.PurposeUnknown.Code, "list of purposes", $"The purpose {ask.Purpose} is not listed, or was withdrawn.", "GET /sharing/purposes lists them; the authority decides on new ones, with four eyes."),
    };

    /// <summary>The same whether others hold grants or nobody does, and whether a grant that was named is another's or none at all.</summary>
    public static Refuse NoGrant(Ask ask) => ask.Grant is { } grant
        ? new(AccessProblems.GrantUnknown.Code, "decree 809, art. 20", $"You hold no grant {grant} of the dataset {ask.Dataset}.", "Leave the grant out: the hub finds the one that permits. " + NewRequest)
        : new(SharingProblems.AccessRefused.Code, "decree 809, art. 20", $"You hold no grant of the dataset {ask.Dataset}.", NewRequest);

    public static Refuse Of(GrantTest test, in Question question, Grant grant)
    {
        var ask = question.Ask;
        var id = grant.Id;
        return test switch
        {
            GrantTest.State => new(AccessProblems.GrantNotActive.Code, StateRule(grant), $"The grant {id} is {Name(grant.State)}.", StateWay(grant.State)),
            GrantTest.Validity => new(AccessProblems.GrantNotInForce.Code, $"grant {id}, term",
                question.Now < grant.From ? $"The grant {id} begins at {Time(grant.From)}." : $"The grant {id} ended at {Time(End(question, grant))}.",
                question.Now < grant.From ? "Wait until it begins." : "Ask for a new one in time; what was obtained is to be destroyed as the grant says."),
            GrantTest.Right => new(AccessProblems.RightNotGranted.Code, $"grant {id}, rights",
                $"The grant {id} gives the right to {Name(grant.Rights)}, not to {Name(ask.Right)}; none of the three is in another.", NewRequest),
            GrantTest.Mode => new(AccessProblems.ModeNotGranted.Code, $"grant {id}, ways of delivery",
                (grant.Modes & ask.Mode) != 0 ? $"The dataset {ask.Dataset} is no longer offered by {Name(ask.Mode)}." : $"The grant {id} is for {Name(grant.Modes)}, not for {Name(ask.Mode)}.",
                "Use the way that was granted, or ask for another (decree 809, art. 20)."),
            GrantTest.Purpose => new(AccessProblems.PurposeNotCovered.Code, "decree 809, art. 25",
                $"The grant {id} is for {grant.Purpose} and what is below it; {ask.Purpose} is not.", "Another purpose is a new request on the same dataset (decree 809, art. 25)."),
            GrantTest.Fields => new(AccessProblems.FieldsNotGranted.Code, $"grant {id}, fields",
                ask.Fields is null ? $"Of the fields of the grant {id} none may leave for this purpose." : $"Not among what the grant {id} may give: {string.Join(", ", question.FieldsBeyond(grant))}.",
                "Leave these fields out, or ask for them with the reason why they are needed (decree 809, art. 20)."),
            GrantTest.Area => new(AccessProblems.AreaNotGranted.Code, $"grant {id}, area",
                question.Dataset.Area is null ? $"The dataset {ask.Dataset} has no field that tells areas apart." : $"The area {ask.Area} is not within what the grant {id} gives, or the grant does not let you tell areas apart.",
                "Leave the area out for all that the grant reaches, or ask for an area within it."),
            _ => new(AccessProblems.PeriodNotGranted.Code, $"grant {id}, period",
                question.Dataset.Time is null ? $"The dataset {ask.Dataset} has no field that tells times apart." : $"The period asked for is not within what the grant {id} gives, or the grant does not let you tell times apart.",
                "Leave the period out for all that the grant reaches, or ask for a period within it."),
        };
    }

    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static DateTimeOffset End(in Question question, Grant grant) => grant.Obligations.Expires is { } end && end < grant.Until && question.Now >= end ? end : grant.Until;

    private static string State(Dataset? dataset) => dataset is null ? "unknown" : Name(dataset.State);

    private static string StateRule(Grant grant) => grant.State switch
    {
        GrantState.Delivering => "decree 809, art. 22",
        GrantState.Suspended or GrantState.Terminated => "decree 809, art. 27",
        _ => $"grant {grant.Id}, state",
    };

    private static string StateWay(GrantState state) => state switch
    {
        GrantState.Delivering => "The provider delivers within 20 working days; it becomes active then.",
        GrantState.Suspended => "Put right what it was suspended for and report it: then it becomes active again.",
        GrantState.Terminated => "It does not come back. A new request is possible.",
        _ => "It has ended; what was obtained is to be destroyed and the proof handed in. A new request is possible.",
    };
}
