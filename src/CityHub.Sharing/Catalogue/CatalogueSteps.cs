using System.Text;

namespace CityHub.Sharing.Catalogue;

public enum CatalogueStep
{
    Draft,
    Assess,
    Approve,
    Submit,
    Return,
    Publish,
    Withdraw,
    Supersede,
}

/// <param name="Who">Whose hands it is in, in plain words.</param>
public sealed record CatalogueMove(DatasetState From, CatalogueStep Step, DatasetState To, string Who);

/// <summary>The way of an entry, as a table: what is not in it cannot be done.</summary>
public static class CatalogueSteps
{
    private const string Officer = "data officer of the provider";
    private const string Reviewer = "officer of the provider who did not draft it";
    private const string Head = "head of the provider who did not draft it (art. 12)";
    private const string Sharing = "sharing officer of the provider";
    private const string Authority = "the authority, within 2 working days (art. 17)";
    private const string Withdrawer = "head or sharing officer of the provider";

    public static readonly IReadOnlyList<CatalogueMove> All =
    [
        new(DatasetState.Drafted, CatalogueStep.Draft, DatasetState.Drafted, Officer),
        new(DatasetState.Drafted, CatalogueStep.Assess, DatasetState.Assessed, Reviewer),
        new(DatasetState.Drafted, CatalogueStep.Withdraw, DatasetState.Withdrawn, Withdrawer),
        new(DatasetState.Assessed, CatalogueStep.Draft, DatasetState.Drafted, Officer + "; the assessments are made again"),
        new(DatasetState.Assessed, CatalogueStep.Assess, DatasetState.Assessed, Reviewer),
        new(DatasetState.Assessed, CatalogueStep.Approve, DatasetState.Approved, Head),
        new(DatasetState.Assessed, CatalogueStep.Withdraw, DatasetState.Withdrawn, Withdrawer),
        new(DatasetState.Approved, CatalogueStep.Draft, DatasetState.Drafted, Officer + "; it is assessed and approved again"),
        new(DatasetState.Approved, CatalogueStep.Submit, DatasetState.Submitted, Sharing),
        new(DatasetState.Approved, CatalogueStep.Withdraw, DatasetState.Withdrawn, Withdrawer),
        new(DatasetState.Submitted, CatalogueStep.Publish, DatasetState.Published, Authority),
        new(DatasetState.Submitted, CatalogueStep.Return, DatasetState.Drafted, Authority),
        new(DatasetState.Submitted, CatalogueStep.Withdraw, DatasetState.Withdrawn, Withdrawer),
        new(DatasetState.Published, CatalogueStep.Draft, DatasetState.Drafted, Officer + "; a new version beside the published one"),
        new(DatasetState.Published, CatalogueStep.Supersede, DatasetState.Superseded, "by itself, when the next version is published"),
        new(DatasetState.Published, CatalogueStep.Withdraw, DatasetState.Withdrawn, Withdrawer),
        new(DatasetState.Withdrawn, CatalogueStep.Draft, DatasetState.Drafted, Officer + "; a new version"),
    ];

    public static IEnumerable<CatalogueMove> From(DatasetState state) => All.Where(m => m.From == state);

    public static CatalogueMove? Find(DatasetState state, CatalogueStep step) => All.FirstOrDefault(m => m.From == state && m.Step == step);

    /// <summary>Every state and every step, for the reference.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder("| state | step | becomes | who |\n|---|---|---|---|\n");
        foreach (var move in All)
            text.Append("| ").Append(CatalogueNames.Of(move.From)).Append(" | ").Append(CatalogueNames.Of(move.Step)).Append(" | ").Append(CatalogueNames.Of(move.To)).Append(" | ").Append(move.Who).Append(" |\n");
        return text.ToString();
    }
}
