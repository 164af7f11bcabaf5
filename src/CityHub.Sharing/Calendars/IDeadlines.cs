namespace CityHub.Sharing.Calendars;

/// <summary>A date by which something is owed, stored when it begins: a calendar that changes later is a new fact, and does not move it by itself.</summary>
/// <param name="Article">e.g. <c>809/21</c>.</param>
/// <param name="Profile">Jurisdiction and version, e.g. <c>decree-809@1</c>.</param>
/// <param name="Due">End of the last day, in the time zone of the jurisdiction.</param>
public sealed record Deadline(string Article, string Profile, DateTimeOffset Began, DateTimeOffset Due, bool Extendable);
