using CityHub.Core.Problems;

namespace CityHub.Sharing.Catalogue;

/// <summary>Every way of saying no to an entry of the catalogue.</summary>
public static class CatalogueProblems
{
    public static readonly ProblemKind EntryFaulty = new("catalogue-entry-faulty", "The catalogue entry does not say what it has to", 422);
    public static readonly ProblemKind WithheldWithoutLaw = new("withheld-without-law", "What is withheld needs a law, not a reason", 422);
    public static readonly ProblemKind NotAssessed = new("catalogue-not-assessed", "An impact assessment is missing", 409);
    public static readonly ProblemKind StepNotPossible = new("catalogue-step-not-possible", "The catalogue entry is not at this step", 409);
    public static readonly ProblemKind ClockNotRunning = new("catalogue-clock-not-running", "No update of this entry is due", 409);
    public static readonly ProblemKind LeadSourceDisputed = new("lead-source-disputed", "Two departments collect this item, and neither is its source", 409);
    public static readonly ProblemKind CollectedTwice = new("collected-twice", "Another department has this already", 409);

    /// <summary>For a step that needs an entry that is being worked on.</summary>
    internal static Problem NoDraft(string id, CatalogueEntry? entry, CatalogueStep step) => entry?.Newest is { } last ? NotPossible(id, last.State, step) : Unknown(id);

    public static Problem Unknown(string id) => SharingProblems.DatasetUnknown.Because($"There is no dataset {id} for you.", "GET /catalogue lists them.", "decree 809, art. 12");

    public static Problem NotPossible(string id, DatasetState state, CatalogueStep step) => StepNotPossible.Because(
        $"{id} is {CatalogueNames.Of(state)}; \"{CatalogueNames.Of(step)}\" is no step from there.",
        string.Join("; ", CatalogueSteps.From(state).Select(s => $"{CatalogueNames.Of(s.Step)}: {s.Who}")) is { Length: > 0 } ways ? $"From there: {ways}." : "Draft a new version.",
        "decree 809, arts 12 to 17");
}
