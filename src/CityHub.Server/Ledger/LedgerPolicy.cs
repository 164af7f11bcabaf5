using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Server.Http;

namespace CityHub.Server.Ledger;

/// <summary>Who has to have seen a checkpoint: the operator's file with the log's own keys put before it, as others need it to check receipts.</summary>
internal sealed class LedgerPolicy
{
    public const string Set = "LedgerPolicySet";

    private const string NoWitnesses = "quorum none\n";

    private readonly string _rules;

    private LedgerPolicy(string rules) => _rules = rules;

    /// <summary>Reads the file; a change of it is a fact before it counts.</summary>
    public static async Task<Result<LedgerPolicy>> OpenAsync(string? file, IFactLog log, TimeProvider time, CancellationToken cancel)
    {
        var rules = NoWitnesses;
        if (file is not null)
        {
            try
            {
                rules = await File.ReadAllTextAsync(file, cancel);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return LedgerProblems.PolicyUnusable.Because($"ledger.policy is {file}; it cannot be read: {e.Message}");
            }

            if (!WitnessPolicy.TryParse(Encoding.UTF8.GetBytes(rules), out var policy, out var why))
                return LedgerProblems.PolicyUnusable.Because($"{file}: {why}");
            if (policy.Logs.Count > 0)
                return LedgerProblems.PolicyUnusable.Because($"{file} names the log {policy.Logs[0].Origin}; here it has witnesses, groups and a quorum only, and the hub puts its own keys before them.");
            if (policy.Witnesses.FirstOrDefault(w => w.Url is null) is { } nowhere)
                return LedgerProblems.PolicyUnusable.Because($"{file}: the witness {nowhere.Name} has no address, so it cannot be asked.", "witness NAME VKEY https://witness.example");
        }

        var before = NoWitnesses;
        foreach (var fact in log.Read(0, LedgerKeys.Stream))
        {
            if (fact.Type != Set)
                continue;
            using var json = System.Text.Json.JsonDocument.Parse(fact.Payload);
            before = json.RootElement.GetProperty("policy").GetString() ?? "";
        }

        if (rules != before)
        {
            var payload = Json.Bytes(json =>
            {
                json.WriteStartObject();
                json.WriteString("policy", rules);
                json.WriteEndObject();
            });
            if ((await log.AppendAsync(new Append(LedgerKeys.Stream, [new NewFact(Set, payload)], time.GetUtcNow()), cancel)).Problem is { } refused)
                return refused;
        }

        return new LedgerPolicy(rules);
    }

    /// <summary>The whole policy as a file: the log with the keys that sign now, the witnesses, the quorum.</summary>
    public string Text(IEnumerable<LedgerKey> keys) => string.Concat(keys.Select(k => $"log {k.Verifier}\n")) + _rules;

    public WitnessPolicy With(IEnumerable<LedgerKey> keys) => WitnessPolicy.Parse(Text(keys));
}
