using CityHub.Core.Problems;

namespace CityHub.Sharing.Calendars;

/// <summary>A date by which something is owed, stored when it begins: a calendar that changes later is a new fact, and does not move it by itself.</summary>
/// <param name="Article">e.g. <c>809/21</c>.</param>
/// <param name="Profile">Jurisdiction and version, e.g. <c>decree-809@1</c>.</param>
/// <param name="Due">End of the last day, in the time zone of the jurisdiction.</param>
public sealed record Deadline(string Article, string Profile, DateTimeOffset Began, DateTimeOffset Due, bool Extendable);

/// <summary>Clocks of the profile in force: for whatever slice owes something by law.</summary>
public interface IDeadlines
{
    /// <param name="article">Of the profile, e.g. <see cref="JurisdictionProfile.Update"/>.</param>
    Result<Deadline> Start(string article, DateTimeOffset began);

    /// <summary>Once, where the article knows an extension.</summary>
    Result<Deadline> Extend(Deadline deadline);

    /// <summary>After materials that were asked for have come.</summary>
    Result<Deadline> Supplemented(Deadline deadline, DateTimeOffset asked, DateTimeOffset supplemented);

    /// <summary>What is not counted in working days, moved off a rest day.</summary>
    Result<Deadline> Within(string article, DateTimeOffset began, TimeSpan span);

    /// <summary>The deadline as the calendar is now; for the explicit fact that moves one.</summary>
    Result<Deadline> Anew(Deadline deadline);

    JurisdictionProfile Profile { get; }
}

/// <summary>A book that has clocks: looks whether one has passed, and records it, once.</summary>
public interface IDeadlineKeeper
{
    /// <returns>How many facts were recorded.</returns>
    ValueTask<Result<int>> RecordPassedAsync();
}
