using System.Globalization;
using System.Text;

namespace CityHub.Sharing.Requests;

/// <summary>The machine as a page for people, docs/reference/request-states.md: made of the same table that decides.</summary>
public static class MachinePage
{
    public static string Render()
    {
        var page = new StringBuilder();
        page.Append("""
            # Requests: states and events 共享申请状态机

            Rendered from `RequestMachine.Table`; a test compares. What is not in the table is refused by [request-event-not-possible](../problems/request-event-not-possible.md).
            How a request goes, step by step: [for departments](../guide/departments.md).

            ## States 状态

            | state | 中文 | in words | owner | Dataspace Protocol | possible |
            |---|---|---|---|---|---|

            """);
        foreach (var state in RequestMachine.States)
            page.Append(CultureInfo.InvariantCulture,
                $"| `{GrantJson.Word(state.State)}` | {state.Name.Zh} | {state.Name.En} | {OwnerOf(state.State)} | {state.Dsp ?? "–"} | {Possible(state.State)} |\n");
        page.Append("""

            A deadline that passes is no state but a mark: `DeadlineMissed` is recorded once, the request goes to the next owner (head of the department, then the Authority), and nothing is granted by silence.
            The applicant's acknowledgement is the Dataspace Protocol's VERIFIED; delivery under way is FINALIZED.

            ## Events 事件

            | event | 中文 | in words | who | fact | rule |
            |---|---|---|---|---|---|

            """);
        foreach (var happened in RequestMachine.Events)
            page.Append(CultureInfo.InvariantCulture,
                $"| `{NameOf(happened)}` | {happened.Name.Zh} | {happened.Name.En} | {Who(happened)} | `{happened.Fact}` | {happened.Rule.En} |\n");
        page.Append("""

            ## The table 状态 × 事件

            The cell is the next state; a dot is a refusal.

            | event |
            """);
        foreach (var state in RequestMachine.States)
            page.Append(CultureInfo.InvariantCulture, $" {state.Name.Zh} |");
        page.Append("\n|---|");
        foreach (var _ in RequestMachine.States)
            page.Append("---|");
        page.Append('\n');
        foreach (var happened in RequestMachine.Events)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {happened.Name.Zh} `{NameOf(happened)}` |");
            foreach (var state in RequestMachine.States)
                page.Append(CultureInfo.InvariantCulture, $" {(RequestMachine.Table[(state.State, happened.Event)].Next is { } next ? RequestMachine.Of(next).Name.Zh : "·")} |");
            page.Append('\n');
        }

        return page.ToString();
    }

    private static string NameOf(EventWords words) => words.Path.Length > 0 ? words.Path : GrantJson.Word(words.Event);

    private static string Possible(RequestState state) =>
        string.Join(", ", RequestMachine.PossibleIn(state).Select(e => $"`{NameOf(RequestMachine.Of(e))}`")) is { Length: > 0 } some ? some : "nothing";

    private static string Who(EventWords words) => words.Side switch
    {
        Side.Applicant => "applicant",
        Side.Provider => "provider",
        Side.Either => "applicant or provider",
        Side.Supervising => "provider or Authority",
        Side.Authority => "Authority",
        _ => "the hub's clock",
    } + words.Roles switch
    {
        Parties.Roles.SharingOfficer => ", sharing officer",
        Parties.Roles.DataOfficer | Parties.Roles.SharingOfficer => ", data or sharing officer",
        _ => "",
    };

    private static string OwnerOf(RequestState state) => state switch
    {
        RequestState.SignedOff or RequestState.Incomplete => "who drafted it",
        RequestState.Submitted or RequestState.Granted or RequestState.Delivering or RequestState.Rectified or RequestState.Disposed => "provider's sharing officer",
        _ => "applicant's sharing officer",
    };
}
