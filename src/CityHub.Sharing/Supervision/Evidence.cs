namespace CityHub.Sharing.Supervision;

/// <summary>Something that happened and that supervision looks at. Everything here is read from facts of the log; none of it is an opinion.</summary>
/// <param name="Department">Whose duty it concerns.</param>
/// <param name="Position">Of the fact that says so.</param>
internal abstract record Evidence(DateTimeOffset At, string Department, long Position)
{
    /// <summary>A statutory clock began (arts 17, 21, 22, 26, 28).</summary>
    /// <param name="Id">Of the clock: one for each matter and article.</param>
    public sealed record ClockBegan(DateTimeOffset At, string Department, long Position, string Id, string Article, DateTimeOffset Due) : Evidence(At, Department, Position);

    /// <summary>It was extended with the authority's consent, or moved by a calendar.</summary>
    public sealed record ClockMoved(DateTimeOffset At, string Department, long Position, string Id, DateTimeOffset Due) : Evidence(At, Department, Position);

    /// <summary>What was owed was done, or the matter ended.</summary>
    public sealed record ClockStopped(DateTimeOffset At, string Department, long Position, string Id) : Evidence(At, Department, Position);

    /// <summary>Rows of something that stands in no published catalogue entry.</summary>
    /// <param name="Department">Whose dataset it is: its officers delivered.</param>
    public sealed record DeliveredUncatalogued(DateTimeOffset At, string Department, long Position, string Dataset) : Evidence(At, Department, Position);

    public sealed record Published(DateTimeOffset At, string Department, long Position, string Dataset) : Evidence(At, Department, Position);

    /// <summary>A provider asked for, or refused because of, something that the catalogue does not list as a condition of this dataset.</summary>
    public sealed record ConditionAdded(DateTimeOffset At, string Department, long Position, string Request, string Condition) : Evidence(At, Department, Position);

    /// <summary>The condition was taken back, or the authority found it lawful.</summary>
    public sealed record ConditionLifted(DateTimeOffset At, string Department, long Position, string Request, string Condition) : Evidence(At, Department, Position);

    /// <summary>The lead source 数源部门 asked a department for what it has to contribute.</summary>
    /// <param name="Dataset">In which the item stands; null: in none yet.</param>
    public sealed record UpdateAsked(DateTimeOffset At, string Department, long Position, string Item, DateTimeOffset Due, string? Dataset = null) : Evidence(At, Department, Position);

    public sealed record UpdateGiven(DateTimeOffset At, string Department, long Position, string Item, string? Dataset = null) : Evidence(At, Department, Position);

    /// <summary>A lower department asked for the data of its own area.</summary>
    public sealed record FlowBackAsked(DateTimeOffset At, string Department, long Position, string Dataset, string Receiver, DateTimeOffset Due) : Evidence(At, Department, Position);

    public sealed record FlowBackOpened(DateTimeOffset At, string Department, long Position, string Dataset, string Receiver) : Evidence(At, Department, Position);

    /// <summary>A running service was ended or changed by its provider.</summary>
    /// <param name="Negotiated">With the receiver, before.</param>
    /// <param name="Filed">With the authority, before.</param>
    public sealed record ServiceEnded(DateTimeOffset At, string Department, long Position, string Grant, bool Negotiated, bool Filed) : Evidence(At, Department, Position);

    public sealed record ServiceRestored(DateTimeOffset At, string Department, long Position, string Grant) : Evidence(At, Department, Position);

    /// <summary>A department has a data platform of its own, which is to become part of the national system (art. 31).</summary>
    public sealed record PlatformRegistered(DateTimeOffset At, string Department, long Position, string Platform, DateTimeOffset Due) : Evidence(At, Department, Position);

    public sealed record PlatformIncorporated(DateTimeOffset At, string Department, long Position, string Platform) : Evidence(At, Department, Position);

    /// <summary>A department collects from people what it could have by sharing.</summary>
    /// <param name="Field">Of a form or a dataset: <c>form-7/address</c>.</param>
    /// <param name="PublishedItem">Where it is had: <c>population/address</c>.</param>
    public sealed record CollectedTwice(DateTimeOffset At, string Department, long Position, string Field, string PublishedItem) : Evidence(At, Department, Position);

    public sealed record CollectionEnded(DateTimeOffset At, string Department, long Position, string Field) : Evidence(At, Department, Position);

    /// <summary>使用记录 (art. 29): what a receiver says that it did with what it was given. What of it is permitted is the grant's to say, and worked out when it is recorded.</summary>
    /// <param name="WithinPurpose">The purpose it names is covered by the grant's.</param>
    /// <param name="ThirdParty">To whom it was handed on; null: to nobody.</param>
    /// <param name="OnwardPermitted">The grant permits handing on.</param>
    public sealed record Used(DateTimeOffset At, string Department, long Position, string Grant, string Purpose, bool WithinPurpose, string? ThirdParty, bool OnwardPermitted) : Evidence(At, Department, Position);

    /// <summary>A leaked sample was traced to this receiver by its watermark or its canaries.</summary>
    public sealed record LeakTraced(DateTimeOffset At, string Department, long Position, string Grant, double PValue) : Evidence(At, Department, Position);

    /// <summary>What was used beyond the grant or handed on was put right, and the authority is satisfied.</summary>
    public sealed record UseRectified(DateTimeOffset At, string Department, long Position, string Grant) : Evidence(At, Department, Position);

    /// <summary>Rows were released under a grant.</summary>
    public sealed record Released(DateTimeOffset At, string Department, long Position, string Grant) : Evidence(At, Department, Position);

    /// <summary>A grant is over, and what was received has to be disposed of.</summary>
    public sealed record GrantOver(DateTimeOffset At, string Department, long Position, string Grant, DateTimeOffset DisposeBy) : Evidence(At, Department, Position);

    public sealed record Disposed(DateTimeOffset At, string Department, long Position, string Grant) : Evidence(At, Department, Position);

    /// <summary>Records of art. 29 were destroyed.</summary>
    /// <param name="Until">The end of the time that they cover.</param>
    public sealed record RecordsDestroyed(DateTimeOffset At, string Department, long Position, string Grant, DateTimeOffset Until) : Evidence(At, Department, Position);

    /// <summary>A sign of negligence: a security review that was due, an account that several persons use, an incident that nobody reported.</summary>
    /// <param name="Kind"><c>review-overdue</c>, <c>shared-account</c>, <c>incident-unreported</c>, <c>unpatched</c>.</param>
    public sealed record DutyNeglected(DateTimeOffset At, string Department, long Position, string Id, string Kind) : Evidence(At, Department, Position);

    public sealed record DutyMet(DateTimeOffset At, string Department, long Position, string Id) : Evidence(At, Department, Position);

    /// <summary>Two departments or more collect one data item.</summary>
    /// <param name="Department">The authority.</param>
    public sealed record LeadSourceMissing(DateTimeOffset At, string Department, long Position, string Item, DateTimeOffset Due) : Evidence(At, Department, Position);

    public sealed record LeadSourceNamed(DateTimeOffset At, string Department, long Position, string Item) : Evidence(At, Department, Position);

    /// <summary>A dispute came to the authority or to who stands above it (art. 28).</summary>
    public sealed record DisputeBrought(DateTimeOffset At, string Department, long Position, string Dispute, DateTimeOffset Due) : Evidence(At, Department, Position);

    public sealed record DisputeHandled(DateTimeOffset At, string Department, long Position, string Dispute) : Evidence(At, Department, Position);

    /// <summary>Two departments opened an emergency access: who was given it answers for it, and somebody else looks at it afterwards.</summary>
    public sealed record EmergencyOpened(DateTimeOffset At, string Department, long Position, string Emergency) : Evidence(At, Department, Position);

    public sealed record EmergencyReviewed(DateTimeOffset At, string Department, long Position, string Emergency) : Evidence(At, Department, Position);
}

/// <summary>A breach of one concrete item of arts 39 to 41.</summary>
/// <param name="Item">e.g. <c>39(4)</c>.</param>
/// <param name="Department">Who is to put it right.</param>
/// <param name="Matter">The request, dataset, grant, dispute … it is about.</param>
/// <param name="Since">From when on it was one.</param>
/// <param name="Because">The facts that show it, by position.</param>
/// <param name="RectifiedAt">When the facts say that it is over; null: it goes on.</param>
/// <param name="Occurrence">1: the first time; done again after it was put right it is another violation, and another case.</param>
internal sealed record Violation(string Item, string Department, string Matter, DateTimeOffset Since, IReadOnlyList<long> Because, DateTimeOffset? RectifiedAt, int Occurrence = 1)
{
    /// <summary>The same violation has the same id however often it is looked for.</summary>
    public string Id => Occurrence == 1 ? $"{Item}/{Department}/{Matter}" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Item}/{Department}/{Matter}~{Occurrence}");
}
