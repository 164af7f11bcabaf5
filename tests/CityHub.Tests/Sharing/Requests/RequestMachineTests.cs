using CityHub.Sharing.Requests;
using CityHub.Tests.Docs;

namespace CityHub.Tests.Sharing.Requests;

public sealed class RequestMachineTests
{
    /// <summary>Written down a second time, by hand, from decree 809: whatever is not here is refused.</summary>
    private static readonly string[] Lawful =
    [
        "Draft SignOff SignedOff", "Draft Withdraw Withdrawn", "SignedOff Submit Submitted", "SignedOff Withdraw Withdrawn",
        "Submitted AskMaterials Incomplete", "Submitted AskExtension Submitted", "Submitted Extend Submitted", "Submitted Grant Granted", "Submitted Refuse Refused", "Submitted Withdraw Withdrawn",
        "Submitted DeadlinePassed Submitted", "Incomplete Supplement Submitted", "Incomplete Withdraw Withdrawn",
        "Granted Acknowledge Delivering", "Granted Deliver Active", "Granted Negotiate Granted", "Granted File Granted", "Granted ChangeService Granted", "Granted EndService Terminated",
        "Granted Expire Expired", "Granted Unneeded Unnecessary", "Granted DeadlinePassed Granted",
        "Delivering Deliver Active", "Delivering Negotiate Delivering", "Delivering File Delivering", "Delivering ChangeService Delivering", "Delivering EndService Terminated", "Delivering Expire Expired",
        "Delivering Unneeded Unnecessary", "Delivering DeadlinePassed Delivering",
        "Active Suspend Suspended", "Active Negotiate Active", "Active File Active", "Active ChangeService Active", "Active EndService Terminated", "Active Expire Expired", "Active Fulfil Fulfilled",
        "Active Unneeded Unnecessary", "Active Lapse Unnecessary",
        "Suspended Rectify Rectified", "Suspended Terminate Terminated", "Suspended Expire Expired", "Rectified Resume Active", "Rectified Suspend Suspended", "Rectified Terminate Terminated", "Rectified Expire Expired",
        "Terminated Dispose Disposing", "Terminated DeadlinePassed Terminated", "Expired Dispose Disposing", "Expired DeadlinePassed Expired", "Fulfilled Dispose Disposing", "Fulfilled DeadlinePassed Fulfilled",
        "Unnecessary Dispose Disposing", "Unnecessary DeadlinePassed Unnecessary", "Disposing ProveDisposal Disposed", "Disposing DeadlinePassed Disposing",
    ];

    [Fact]
    public void Every_pair_of_state_and_event_is_in_the_table_and_leads_where_the_decree_says_or_is_refused_with_rule_and_way_forward()
    {
        var lawful = Lawful.Select(l => l.Split(' ')).ToDictionary(l => (Enum.Parse<RequestState>(l[0]), Enum.Parse<RequestEvent>(l[1])), l => Enum.Parse<RequestState>(l[2]));
        var pairs = 0;
        foreach (var state in Enum.GetValues<RequestState>())
            foreach (var happened in Enum.GetValues<RequestEvent>())
            {
                pairs++;
                var next = RequestMachine.Next(state, happened);
                if (lawful.TryGetValue((state, happened), out var to))
                    Assert.True(next.Ok && next.Value == to, $"{state} × {happened}: {next.Problem}");
                else
                {
                    Assert.Equal(RequestProblems.RequestEventNotPossible, next.Problem?.Kind);
                    Assert.False(string.IsNullOrEmpty(next.Problem?.Hint));
                    Assert.False(string.IsNullOrEmpty(next.Problem?.Rule));
                }
            }

        Assert.Equal((17 * 26, 17 * 26), (pairs, RequestMachine.Table.Count));
        Assert.All(Enum.GetValues<RequestState>(), s => Assert.Equal(s, RequestMachine.Of(s).State));
        Assert.All(Enum.GetValues<RequestEvent>(), e => Assert.Equal(e, RequestMachine.Of(e).Event));
        Assert.Equal(RequestMachine.Events.Count, RequestMachine.Events.Select(e => e.Fact).Distinct().Count());
    }

    [Fact]
    public void Nothing_but_the_providers_word_leads_to_a_grant()
    {
        foreach (var ((state, happened), cell) in RequestMachine.Table)
            if (cell.Next == RequestState.Granted && state != RequestState.Granted)
                Assert.Equal(RequestEvent.Grant, happened);
        Assert.All(RequestMachine.Events.Where(e => e.Side == Side.Clock), e => Assert.DoesNotContain(RequestMachine.Table, c => c.Key.Event == e.Event && c.Value.Next is { } n && n != c.Key.State && n is RequestState.Granted or RequestState.Active));
    }

    [Fact]
    public void The_page_in_the_docs_is_made_of_the_table()
    {
        var file = Repository.File("docs/reference/request-states.md");
        if (Environment.GetEnvironmentVariable("CITYHUB_RENDER") is not null)
            File.WriteAllText(file, MachinePage.Render());
        Assert.Equal(MachinePage.Render(), File.ReadAllText(file));
    }
}
