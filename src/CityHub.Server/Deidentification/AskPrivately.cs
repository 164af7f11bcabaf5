using System.Globalization;
using CityHub.Privacy;
using CityHub.Server.CommandLine;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary><c>dp FILE</c>: an answer with differential privacy, paid from a budget before a random bit is drawn; <c>--grant</c> sets the budget.</summary>
internal static class AskPrivately
{
    public static async Task<int> RunAsync(DeidentifyCall call, CancellationToken cancel)
    {
        call.Required(Budget);
        var account = new BudgetAccount(call.DatasetName, call.Required(Purpose), call.Required(Receiver));
        using var ledger = BudgetLedger.Open(call.PathOf(Budget) ?? "", call.Verb.Surroundings.Time);
        if (call.Text(Grant) is { } limit)
        {
            ledger.Grant(account, PrivacyCost.Parse(limit), call.Required(Purpose));
            if (!call.Has(Cost))
            {
                Say(call, ledger, account);
                return Exit.Done;
            }
        }

        var query = Read(call);
        DpPlan.For(query); // what cannot be answered is refused before the file is read
        var table = await call.ReadAsync(call.File, cancel);
        var release = new DpAnswers(ledger, new CryptoEntropy()).Answer(account, table, query);
        if (call.Json)
        {
            call.Out.WriteLine(JsonLine.Of(json =>
            {
                json.WritePropertyName("release");
                release.Write(json);
                json.WriteString("left", ledger.State(account)?.Left.ToString());
            }));
            return Exit.Done;
        }

        foreach (var cell in release.Cells)
        {
            call.Out.WriteLine($"{string.Join(", ", cell.Key)}{(cell.Key.Count > 0 ? ": " : "")}{cell.Of} {cell.Value.ToText(6)}"
                + (cell.Lower is { } lower && cell.Upper is { } upper ? $"  ({lower.ToText(6)} to {upper.ToText(6)})" : $"  {cell.Accuracy}"));
        }

        call.Out.WriteLine($"{release.Mechanism}; cost {release.Cost}; the intervals hold with a probability of {release.Confidence.ToText(3)} each.");
        Say(call, ledger, account);
        return Exit.Done;
    }

    private static void Say(DeidentifyCall call, BudgetLedger ledger, BudgetAccount account)
    {
        if (ledger.State(account) is not { } state)
            return;
        call.Out.WriteLine(call.Json
            ? JsonLine.Of(json =>
            {
                json.WriteString("limit", state.Limit.ToString());
                json.WriteString("spent", state.Spent.ToString());
                json.WriteString("left", state.Left.ToString());
            })
            : $"Budget of {account}: {state.Limit}, spent {state.Spent}, left {state.Left}.");
    }

    private static DpQuery Read(DeidentifyCall call)
    {
        var by = call.Names(By);
        return new DpQuery
        {
            Dataset = call.DatasetName,
            Unit = call.Required(Unit),
            Statistic = ReadStatistic(call.Text(Statistic) ?? "count"),
            Cost = PrivacyCost.Parse(call.Required(Cost)),
            Value = call.Text(DeidentifyOptions.Value),
            Bounds = call.Text(Bounds) is { } bounds ? ReadBounds(bounds) : null,
            GroupBy = by,
            Keys = call.All(Keys) is { Count: > 0 } keys ? [.. keys.Select(key => key.Split(','))] : null,
            RowsPerUnit = call.Count(RowsPerUnit, 1),
            GroupsPerUnit = call.Count(GroupsPerUnit, 1),
        };
    }

    private static DpStatistic ReadStatistic(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (word, parameter) = colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
        return word switch
        {
            "count" => new DpCount(),
            "sum" => new DpSum(),
            "mean" => new DpMean(),
            "variance" => new DpVariance(),
            "quantile" => new DpQuantile(ExactRational.Parse(parameter)),
            "top" when int.TryParse(parameter, NumberStyles.None, CultureInfo.InvariantCulture, out var k) => new DpTopK(k),
            _ => throw new CommandLineException($"--statistic is {text}; it takes count, sum, mean, variance, quantile:0.5 or top:3."),
        };
    }

    private static DpBounds ReadBounds(string text)
    {
        var ends = text.Split("..");
        return ends.Length == 2 ? new DpBounds(ExactRational.Parse(ends[0]), ExactRational.Parse(ends[1])) : throw new CommandLineException($"--bounds is {text}; it takes 0..120.");
    }
}
