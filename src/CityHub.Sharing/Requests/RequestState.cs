namespace CityHub.Sharing.Requests;

/// <summary>Where a request and the grant that answers it stand. That a deadline has passed is no state but a mark: it escalates and never grants.</summary>
public enum RequestState
{
    Draft,
    SignedOff,
    Submitted,
    Incomplete,
    Granted,
    Refused,
    Withdrawn,
    Delivering,
    Active,
    Suspended,
    Rectified,
    Terminated,
    Expired,
    Fulfilled,
    Unnecessary,
    Disposing,
    Disposed,
}

/// <summary>What can happen to a request.</summary>
public enum RequestEvent
{
    SignOff,
    Submit,
    AskMaterials,
    Supplement,
    AskExtension,
    Extend,
    Grant,
    Refuse,
    Withdraw,
    Acknowledge,
    Deliver,
    Suspend,
    Rectify,
    Resume,
    Terminate,
    Negotiate,
    File,
    ChangeService,
    EndService,
    Expire,
    Fulfil,
    Unneeded,
    Lapse,
    Dispose,
    ProveDisposal,
    DeadlinePassed,
}

/// <summary>Who lets an event happen.</summary>
public enum Side
{
    Applicant,
    Provider,

    /// <summary>Applicant or provider.</summary>
    Either,

    /// <summary>Provider or Authority.</summary>
    Supervising,
    Authority,

    /// <summary>The hub itself, by its clock.</summary>
    Clock,
}
