namespace CityHub.Sharing.OpenData.Tracker;

/// <summary>One access to what is kept about a person.</summary>
/// <param name="Action">What was done and why, in plain words.</param>
/// <param name="Receiver">Identifier of the department that was given it.</param>
/// <param name="System">What it was asked with.</param>
/// <param name="Receipt">Position of the act in the ledger.</param>
public sealed record Usage(DateTimeOffset At, string Action, string Receiver, string ReceiverName, string System, long Receipt);

/// <summary>Who looked at a person's data, newest first; from is inclusive, to is not.</summary>
public interface IWhoLooked
{
    IReadOnlyList<Usage> Of(string subject, DateTimeOffset? from, DateTimeOffset? to, int offset, int limit);

    /// <summary>All that <see cref="Of"/> would find without offset and limit.</summary>
    int Count(string subject, DateTimeOffset? from, DateTimeOffset? to);

    /// <summary>Since when accesses are kept.</summary>
    DateTimeOffset Since { get; }
}
