using System.Collections.Immutable;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Access;

/// <summary>One thing that a decision looked at, and how it went.</summary>
/// <param name="Test">Kebab-case name of the test: <c>state</c>, <c>validity</c>, <c>right</c>, <c>mode</c>, <c>purpose</c>, <c>fields</c>, <c>area</c>, <c>period</c> …</param>
public sealed record TracedTest(string Test, bool Passed, Words Said);

/// <summary>One grant that was considered, with every test of it.</summary>
public sealed record TracedGrant(string Grant, int Version, bool Permits, ImmutableArray<TracedTest> Tests);

/// <summary>A decision with its reasons, for people.</summary>
/// <param name="Before">What was looked at before any grant: the caller, the dataset, the lists, the purpose.</param>
public sealed record DecisionTrace(Decision Decision, Words Summary, ImmutableArray<TracedTest> Before, ImmutableArray<TracedGrant> Grants);
