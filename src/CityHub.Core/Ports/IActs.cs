using CityHub.Core.Problems;

namespace CityHub.Core.Ports;

/// <summary>
/// The door for what is about to be done with data or with the hub itself: accesses, releases, rulings, changes of keys and rules. Recorded before its
/// effect: who gets a problem here does not do it.
/// </summary>
public interface IActs
{
    /// <summary>Durable on return; its leaf is in the ledger's next checkpoint.</summary>
    ValueTask<Result<RecordedAct>> RecordAsync(Act act, CancellationToken cancel = default);

    /// <summary>
    /// What was done with a person's data, oldest first. Empty when the person is not known, or was forgotten: then nobody can tell any more which acts
    /// were about them.
    /// </summary>
    /// <param name="after">A position in the log; 0 for the beginning.</param>
    IEnumerable<SubjectAct> Of(string subject, long after = 0);

    /// <summary>The same, newest first: at most so many, of those before a position (<see cref="long.MaxValue"/>: the newest of all).</summary>
    IEnumerable<SubjectAct> Newest(string subject, long before, int most) => Of(subject).Where(act => act.Position < before).Reverse().Take(most);

    /// <summary>
    /// Destroys the person's key: what acts say of them can never be read again, their tags belong to nobody, and every proof stays valid. Recorded first.
    /// False when the person is not known.
    /// </summary>
    ValueTask<Result<bool>> ForgetAsync(string subject, CancellationToken cancel = default);
}

/// <param name="Type">Past tense, e.g. <c>DataAccessed</c>.</param>
/// <param name="What">A JSON object in plain sight of auditors: the office, the purpose, the basis. Nothing personal.</param>
public sealed record Act(string Type, ReadOnlyMemory<byte> What)
{
    /// <summary>Empty for the default tenant.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The persons that it is about, at most 500; each once.</summary>
    public IReadOnlyList<ActSubject> Subjects { get; init; } = [];
}

/// <param name="Id">However the city names the person; it is stored nowhere.</param>
/// <param name="Fields">A JSON object with what the act says of the person; sealed under the person's key.</param>
public sealed record ActSubject(string Id, ReadOnlyMemory<byte> Fields);

public readonly record struct RecordedAct(long Position, DateTimeOffset At);

/// <param name="Fields">What the act says of this person, opened.</param>
public sealed record SubjectAct(long Position, DateTimeOffset At, string Type, ReadOnlyMemory<byte> What, ReadOnlyMemory<byte> Fields);

public static class ActProblems
{
    public static readonly ProblemKind NotAnAct = new("act-malformed", "This cannot be recorded as an act", 400, "BadRequestData");
}
