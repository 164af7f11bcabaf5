using CityHub.Core.Problems;

namespace CityHub.Sharing.OpenData.Tracker;

/// <summary>The refusals of the Data Tracker door.</summary>
public static class TrackerProblems
{
    public static readonly ProblemKind NotYourself = new("tracker-not-yourself", "A person asks about himself alone", 403);
    public static readonly ProblemKind NotKept = new("tracker-not-kept", "Accesses are not kept here", 503);
}
