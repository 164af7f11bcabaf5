using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Says which model stands in the way where no generalisation passes, and what would help.</summary>
internal static class NoSolution
{
    public static PrivacyException NotInTime(long nodes) => new PrivacyRefusal(
        PrivacyCodes.NoSolution, string.Create(CultureInfo.InvariantCulture, $"No generalisation that passes was found in time; {nodes} were looked at."),
        "Give the search more time, or allow more records to be suppressed.").ToException();

    public static PrivacyException Explain(SearchProblem problem)
    {
        int[] top = [.. problem.Attributes.Select(one => one.Levels - 1)];
        var classes = new NodeClasses(problem, top, CancellationToken.None);
        var models = problem.Request.Models.OfType<ClassModel>().ToArray();
        var worst = Array.IndexOf(classes.Failing, classes.Failing.DefaultIfEmpty(0).Max());
        var open = problem.Attributes.Where(one => one.GroupCount(one.Levels - 1) > 1).Select(one => one.Column.Name).ToArray();
        var beyond = classes.Beyond;
        var (text, why) = beyond is { } none ? (none.Model.Text, string.Create(
                CultureInfo.InvariantCulture,
                $"{none.Records} of the population stay apart from all of the table, so that it is known that none of them is in it, and {none.Model.Text} refuses that even where everything is generalised as far as it may be"))
            : models.Length > 0 && classes.Failing[worst] > problem.Limit ? (models[worst].Text, string.Create(
                CultureInfo.InvariantCulture,
                $"{models[worst].Text} fails for {classes.Failing[worst]} of {problem.Records} records even where everything is generalised as far as it may be; {problem.Limit} may be suppressed"))
            : (string.Join(", ", problem.Request.Models), string.Create(
                CultureInfo.InvariantCulture, $"the models {string.Join(", ", problem.Request.Models)} do not pass together with at most {problem.Limit} of {problem.Records} records suppressed"));
        var hint = beyond is not null ? "Let all quasi-identifiers be generalised up to one group for all, or ask for a lower bound of 0."
            : open.Length > 0 ? $"Let {string.Join(", ", open)} be generalised further, up to one group for all, or allow more records to be suppressed."
            : "Ask for less of this model, or allow more records to be suppressed.";
        return new PrivacyRefusal(PrivacyCodes.NoSolution, $"No generalisation passes: {why}.", hint, text).ToException();
    }
}
