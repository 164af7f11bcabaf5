using System.Collections.Frozen;
using CityHub.Core.Problems;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Requests;

/// <summary>A state in words, and as the Dataspace Protocol calls it.</summary>
/// <param name="Dsp">State of the negotiation or of the transfer; null: nothing of it is on that wire.</param>
public sealed record StateWords(RequestState State, Words Name, string? Dsp);

/// <summary>An event in words, with who may and the clause it stands on.</summary>
/// <param name="Path">Last segment of its address; empty for what the clock does.</param>
/// <param name="Fact">The fact that records it.</param>
/// <param name="Roles">One of them is enough.</param>
public sealed record EventWords(RequestEvent Event, string Path, string Fact, Words Name, Side Side, Roles Roles, Words Rule);

/// <summary>One cell of the table: the next state, or that the event is not possible here.</summary>
public readonly record struct Cell(RequestState? Next)
{
    public bool Possible => Next is not null;
}

/// <summary>The life of a request as one table: state × event. What is not in it is refused; what its guards ask beside is in <see cref="RequestRules"/>.</summary>
public static class RequestMachine
{
    private static readonly Roles Officers = Roles.SharingOfficer;
    private static readonly Roles People = Roles.DataOfficer | Roles.SharingOfficer;
    private static readonly Words Article20 = new("《政务数据共享条例》第二十条", "decree 809, art. 20");
    private static readonly Words Article21 = new("《政务数据共享条例》第二十一条", "decree 809, art. 21");
    private static readonly Words Article22 = new("《政务数据共享条例》第二十二条", "decree 809, art. 22");
    private static readonly Words Article25 = new("《政务数据共享条例》第二十五条", "decree 809, art. 25");
    private static readonly Words Article27 = new("《政务数据共享条例》第二十七条", "decree 809, art. 27");
    private static readonly Words Article29 = new("《政务数据共享条例》第二十九条", "decree 809, art. 29");

    public static readonly IReadOnlyList<StateWords> States =
    [
        new(RequestState.Draft, new("草拟", "drafted"), null),
        new(RequestState.SignedOff, new("已审签", "signed off"), null),
        new(RequestState.Submitted, new("已提交", "submitted"), "REQUESTED"),
        new(RequestState.Incomplete, new("待补正", "incomplete"), "REQUESTED"),
        new(RequestState.Granted, new("已同意", "granted"), "AGREED"),
        new(RequestState.Refused, new("已拒绝", "refused"), "TERMINATED"),
        new(RequestState.Withdrawn, new("已撤回", "withdrawn"), "TERMINATED"),
        new(RequestState.Delivering, new("提供中", "being delivered"), "VERIFIED, FINALIZED"),
        new(RequestState.Active, new("使用中", "active"), "STARTED"),
        new(RequestState.Suspended, new("已中止", "suspended"), "SUSPENDED"),
        new(RequestState.Rectified, new("已整改", "rectified"), "SUSPENDED"),
        new(RequestState.Terminated, new("已终止", "terminated"), "TERMINATED"),
        new(RequestState.Expired, new("已到期", "expired"), "COMPLETED"),
        new(RequestState.Fulfilled, new("目的已实现", "fulfilled"), "COMPLETED"),
        new(RequestState.Unnecessary, new("不再必要", "no longer necessary"), "COMPLETED"),
        new(RequestState.Disposing, new("处置中", "being disposed of"), null),
        new(RequestState.Disposed, new("已处置", "disposed of"), null),
    ];

    public static readonly IReadOnlyList<EventWords> Events =
    [
        new(RequestEvent.SignOff, "sign-off", "ShareSignedOff", new("审签", "sign off"), Side.Applicant, Officers, Article20),
        new(RequestEvent.Submit, "submit", "ShareSubmitted", new("提交", "submit"), Side.Applicant, People, Article20),
        new(RequestEvent.AskMaterials, "ask-materials", "MaterialsAsked", new("一次性告知补正", "ask for materials"), Side.Provider, People, new("《政务数据共享条例》第二十一条：一次性告知", "decree 809, art. 21: all at once")),
        new(RequestEvent.Supplement, "supplement", "MaterialsSupplemented", new("补正", "supplement"), Side.Applicant, People, Article21),
        new(RequestEvent.AskExtension, "ask-extension", "ExtensionAsked", new("申请延期", "ask for an extension"), Side.Provider, Officers, Article21),
        new(RequestEvent.Extend, "extend", "AnswerExtended", new("同意延期", "consent to an extension"), Side.Authority, Roles.Authority, new("《政务数据共享条例》第二十一条：经主管部门同意，只一次", "decree 809, art. 21: once, with the Authority's consent")),
        new(RequestEvent.Grant, "grant", "ShareGranted", new("同意共享", "grant"), Side.Provider, Officers, Article21),
        new(RequestEvent.Refuse, "refuse", "ShareRefused", new("不同意共享", "refuse"), Side.Provider, Officers, new("《政务数据共享条例》第二十一条：说明理由和依据", "decree 809, art. 21: with reason and basis")),
        new(RequestEvent.Withdraw, "withdraw", "ShareWithdrawn", new("撤回", "withdraw"), Side.Applicant, People, Article20),
        new(RequestEvent.Acknowledge, "acknowledge", "GrantAcknowledged", new("确认", "acknowledge"), Side.Applicant, People, Article22),
        new(RequestEvent.Deliver, "deliver", "ServiceDelivered", new("提供", "deliver"), Side.Provider, People, Article22),
        new(RequestEvent.Suspend, "suspend", "GrantSuspended", new("中止共享", "suspend"), Side.Supervising, Officers | Roles.Authority, Article27),
        new(RequestEvent.Rectify, "rectify", "GrantRectified", new("整改", "rectify"), Side.Applicant, Officers, Article27),
        new(RequestEvent.Resume, "resume", "GrantResumed", new("恢复共享", "resume"), Side.Supervising, Officers | Roles.Authority, Article27),
        new(RequestEvent.Terminate, "terminate", "GrantTerminated", new("终止共享", "terminate"), Side.Supervising, Officers | Roles.Authority, Article27),
        new(RequestEvent.Negotiate, "negotiate", "ServiceNegotiated", new("协商", "record a negotiation"), Side.Either, Officers, Article27),
        new(RequestEvent.File, "file", "ServiceFiled", new("备案", "file with the Authority"), Side.Authority, Roles.Authority, Article27),
        new(RequestEvent.ChangeService, "change-service", "ServiceChanged", new("变更服务", "change the service"), Side.Provider, Officers, new("《政务数据共享条例》第二十七条：先协商并备案", "decree 809, art. 27: negotiated and filed")),
        new(RequestEvent.EndService, "end-service", "ServiceEnded", new("终止服务", "end the service"), Side.Provider, Officers, new("《政务数据共享条例》第二十七条：先协商并备案", "decree 809, art. 27: negotiated and filed")),
        new(RequestEvent.Expire, "", "GrantExpired", new("到期", "expire"), Side.Clock, Roles.None, new("《政务数据共享条例》第二十条：使用时限", "decree 809, art. 20: term of use")),
        new(RequestEvent.Fulfil, "fulfilled", "PurposeFulfilled", new("目的已实现", "say that the purpose is fulfilled"), Side.Applicant, People, Article25),
        new(RequestEvent.Unneeded, "unnecessary", "GrantUnnecessary", new("不再必要", "say that it is no longer necessary"), Side.Applicant, People, Article25),
        new(RequestEvent.Lapse, "", "GrantLapsed", new("闲置失效", "lapse unused"), Side.Clock, Roles.None, new("本地期限规则 unusedDays", "profile of the jurisdiction, unusedDays")),
        new(RequestEvent.Dispose, "dispose", "DisposalBegun", new("开始处置", "begin to dispose"), Side.Applicant, People, Article29),
        new(RequestEvent.ProveDisposal, "disposal-proof", "DisposalProved", new("销毁证明", "prove the disposal"), Side.Applicant, Officers, Article29),
        new(RequestEvent.DeadlinePassed, "", "DeadlineMissed", new("逾期", "miss a deadline"), Side.Clock, Roles.None, new("《政务数据共享条例》第三十九条第四项", "decree 809, art. 39(4)")),
    ];

    /// <summary>Every pair; the refused ones, too.</summary>
    public static readonly FrozenDictionary<(RequestState State, RequestEvent Event), Cell> Table = Build();

    public static StateWords Of(RequestState state) => States[(int)state];

    public static EventWords Of(RequestEvent happened) => Events[(int)happened];

    public static EventWords? ByPath(string path) => path.Length == 0 ? null : Events.FirstOrDefault(e => e.Path == path);

    public static EventWords? ByFact(string fact) => Events.FirstOrDefault(e => e.Fact == fact);

    public static Result<RequestState> Next(RequestState state, RequestEvent happened) =>
        Table[(state, happened)].Next is { } next ? next : RequestProblems.NotPossible(state, happened);

    public static IEnumerable<RequestEvent> PossibleIn(RequestState state) => Enum.GetValues<RequestEvent>().Where(e => Table[(state, e)].Possible);

    private static FrozenDictionary<(RequestState, RequestEvent), Cell> Build()
    {
        var table = new Dictionary<(RequestState, RequestEvent), Cell>();
        foreach (var state in Enum.GetValues<RequestState>())
            foreach (var happened in Enum.GetValues<RequestEvent>())
                table[(state, happened)] = new Cell(Follow(state, happened));
        return table.ToFrozenDictionary();
    }

    private static RequestState? Follow(RequestState state, RequestEvent happened) => (state, happened) switch
    {
        (RequestState.Draft, RequestEvent.SignOff) => RequestState.SignedOff,
        (RequestState.SignedOff, RequestEvent.Submit) => RequestState.Submitted,
        (RequestState.Submitted, RequestEvent.AskMaterials) => RequestState.Incomplete,
        (RequestState.Incomplete, RequestEvent.Supplement) => RequestState.Submitted,
        (RequestState.Submitted, RequestEvent.AskExtension or RequestEvent.Extend) => RequestState.Submitted,
        (RequestState.Submitted, RequestEvent.Grant) => RequestState.Granted,
        (RequestState.Submitted, RequestEvent.Refuse) => RequestState.Refused,
        (RequestState.Draft or RequestState.SignedOff or RequestState.Submitted or RequestState.Incomplete, RequestEvent.Withdraw) => RequestState.Withdrawn,
        (RequestState.Granted, RequestEvent.Acknowledge) => RequestState.Delivering,
        (RequestState.Granted or RequestState.Delivering, RequestEvent.Deliver) => RequestState.Active,
        (RequestState.Active, RequestEvent.Suspend) => RequestState.Suspended,
        (RequestState.Suspended, RequestEvent.Rectify) => RequestState.Rectified,
        (RequestState.Rectified, RequestEvent.Resume) => RequestState.Active,
        (RequestState.Rectified, RequestEvent.Suspend) => RequestState.Suspended,
        (RequestState.Suspended or RequestState.Rectified, RequestEvent.Terminate) => RequestState.Terminated,
        (RequestState.Granted or RequestState.Delivering or RequestState.Active, RequestEvent.Negotiate or RequestEvent.File or RequestEvent.ChangeService) => state,
        (RequestState.Granted or RequestState.Delivering or RequestState.Active, RequestEvent.EndService) => RequestState.Terminated,
        (RequestState.Granted or RequestState.Delivering or RequestState.Active or RequestState.Suspended or RequestState.Rectified, RequestEvent.Expire) => RequestState.Expired,
        (RequestState.Active, RequestEvent.Fulfil) => RequestState.Fulfilled,
        (RequestState.Granted or RequestState.Delivering or RequestState.Active, RequestEvent.Unneeded) => RequestState.Unnecessary,
        (RequestState.Active, RequestEvent.Lapse) => RequestState.Unnecessary,
        (RequestState.Terminated or RequestState.Expired or RequestState.Fulfilled or RequestState.Unnecessary, RequestEvent.Dispose) => RequestState.Disposing,
        (RequestState.Disposing, RequestEvent.ProveDisposal) => RequestState.Disposed,
        (RequestState.Submitted or RequestState.Granted or RequestState.Delivering or RequestState.Terminated or RequestState.Expired or RequestState.Fulfilled or RequestState.Unnecessary
            or RequestState.Disposing, RequestEvent.DeadlinePassed) => state,
        _ => null,
    };
}
