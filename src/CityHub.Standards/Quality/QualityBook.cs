using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Standards.Mapping;

namespace CityHub.Standards.Quality;

/// <summary>What one delivery was found to be: figures, never a value.</summary>
/// <param name="RulesVersion">0: no rules.</param>
/// <param name="Counts">How often each rule was broken.</param>
internal sealed record JudgedDelivery(
    string Dataset, string? Rules, int RulesVersion, DateTimeOffset At, DateTimeOffset AsOf, long Rows, long Refused,
    IReadOnlyDictionary<string, double> Scores, double? Score, IReadOnlyDictionary<string, long> Counts);

/// <summary>Quality rules and what deliveries were found to be: a view over the stream <c>quality</c>.</summary>
internal sealed class QualityBook(IFactLog log, TimeProvider clock) : DeclaredBook<QualityRules>(log, clock, StreamName, "QualityRulesDeclared", "rules")
{
    public const string StreamName = "quality";
    public const string Judged = "DeliveryJudged";

    /// <summary>Of each dataset so many deliveries are kept at hand; older ones stand in the log.</summary>
    public const int MostKept = 1000;

    private readonly ConcurrentDictionary<string, JudgedDelivery[]> _history = new(StringComparer.Ordinal);

    /// <summary>Newest last.</summary>
    public IReadOnlyList<JudgedDelivery> History(string dataset) => _history.GetValueOrDefault(dataset) ?? [];

    public ValueTask<Result<Declared<QualityRules>>> DeclareAsync(string id, QualityRules rules, string by, Func<QualityRules, Problem?>? taken = null) =>
        DeclareAsync(id, by, taken, () => Check(rules) is { } problem ? problem : rules);

    /// <summary>Records what a delivery was found to be, once its last row has gone by.</summary>
    public ValueTask<Result<JudgedDelivery>> RecordAsync(string dataset, string? rules, DateTimeOffset asOf, ICheckedRows rows) => RecordAsync<JudgedDelivery>(now =>
    {
        var result = rows.Result;
        var judged = new JudgedDelivery(dataset, rules, rules is null ? 0 : Find(rules)?.Version ?? 0, now, asOf, result.Rows, result.Refused, result.Scores, result.Score,
            rows is JudgedRows own ? own.Counts.ToDictionary(c => c.Key, c => c.Value) : result.Faults.GroupBy(f => f.Rule, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.LongCount()));
        var fact = Fact(Judged, to =>
        {
            to.WriteString("dataset"u8, judged.Dataset);
            if (judged.Rules is { } name)
                to.WriteString("rules"u8, name);
            to.WriteNumber("rulesVersion"u8, judged.RulesVersion);
            to.WriteString("asOf"u8, judged.AsOf);
            to.WriteNumber("rows"u8, judged.Rows);
            to.WriteNumber("refused"u8, judged.Refused);
            to.WriteStartObject("scores"u8);
            foreach (var (dimension, score) in judged.Scores)
                to.WriteNumber(dimension, score);
            to.WriteEndObject();
            if (judged.Score is { } all)
                to.WriteNumber("score"u8, all);
            to.WriteStartObject("counts"u8);
            foreach (var (rule, count) in judged.Counts)
                to.WriteNumber(rule, count);
            to.WriteEndObject();
        });
        return ((IReadOnlyList<NewFact>)[fact], judged);
    });

    public static Problem UnknownRules(string id) => QualityProblems.Unknown.Because($"There are no quality rules {id}.", "GET /standards/quality-rules lists them; PUT /standards/quality-rules/{id} declares some.");

    /// <summary>What can be said of rules without the columns that they are for.</summary>
    public static Problem? Check(QualityRules rules)
    {
        if (rules.Rules.Count > 500)
            return QualityProblems.Malformed.Because("There are more than 500 rules.");
        foreach (var rule in rules.Rules)
            if (RuleCompiler.TextOf(rule).Problem is { } problem)
                return problem;
        if (rules.Rules.GroupBy(r => r.Id, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return QualityProblems.Malformed.Because($"The id {twice.Key} is used twice.");
        return RuleCompiler.Weights(rules).Problem;
    }

    public override byte[] Write(QualityRules what) => what.ToJson();

    protected override Result<QualityRules> Read(ReadOnlySpan<byte> utf8) => QualityRules.Read(utf8);

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        base.Apply(type, payload, at);
        if (type != Judged)
            return;
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        var dataset = root.GetProperty("dataset"u8).GetString() ?? "";
        var judged = new JudgedDelivery(
            dataset, root.TryGetProperty("rules"u8, out var rules) ? rules.GetString() : null, root.GetProperty("rulesVersion"u8).GetInt32(), at, root.GetProperty("asOf"u8).GetDateTimeOffset(),
            root.GetProperty("rows"u8).GetInt64(), root.GetProperty("refused"u8).GetInt64(),
            root.GetProperty("scores"u8).EnumerateObject().ToDictionary(s => s.Name, s => s.Value.GetDouble()),
            root.TryGetProperty("score"u8, out var score) ? score.GetDouble() : null,
            root.GetProperty("counts"u8).EnumerateObject().ToDictionary(s => s.Name, s => s.Value.GetInt64()));
        // Only the book's gate writes; readers see the array before or the one after.
        var before = _history.GetValueOrDefault(dataset) ?? [];
        _history[dataset] = [.. before.Skip(Math.Max(0, before.Length - MostKept + 1)), judged];
    }
}
