using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Ledger;
using CityHub.Server.CommandLine;
using CityHub.Server.Ledger;
using CityHub.Server.Witnessing;

namespace CityHub.Server.Verbs;

/// <summary>Checks receipts and evidence bundles. Needs no hub, no network and no data of the hub: a policy says who is trusted.</summary>
internal sealed class Verify : IVerb
{
    private static readonly Option Policy = new("--policy", "Which log and which witnesses you trust (c2sp.org/tlog-policy); get it from them rather than from whoever gave you the receipt") { Value = "FILE" };
    private static readonly Option Log = new("--log", "Without a policy: the log's verifier key, or a file with it; no witness is then asked for") { Value = "VKEY|FILE" };
    private static readonly Option Entry = new("--entry", "The entry, for a receipt of another log that does not bring it along") { Value = "FILE" };
    private static readonly Option Fact = new("--fact", "The content of the fact: shows that the entry stands for it; takes --salt") { Value = "FILE" };
    private static readonly Option Salt = new("--salt", "The salt of the fact, as a file of 32 bytes or as 64 hexadecimal digits") { Value = "FILE|HEX" };
    private static readonly Option AsJson = new("--json", "A line of JSON for each file, for a program");

    public string Name => "verify";

    public string Summary => "Check receipts and evidence, without a hub and without a network";

    public string Arguments => "FILE...";

    public IReadOnlyList<Option> Options => [Policy, Log, Entry, Fact, Salt, AsJson];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub verify fact-17.tlog-proof --policy city.policy", "what the receipt proves; 0 proven, 1 not"),
        new("cityhub verify fact-17.tlog-proof --policy city.policy --fact 17.json --salt 17.salt", "and that it stands for this content"),
    ];

    public Task<int> RunAsync(VerbCall call, CancellationToken cancel) => Task.FromResult(Run(call));

    private static int Run(VerbCall call)
    {
        if (call.Arguments.Count == 0)
            return call.Refuse(UsageProblems.BadCommandLine.Because("Which receipt? Give one file or more."));
        if (!PolicyOf(call).TryGet(out var policy, out var problem)
            || !OptionalFile(call, Entry).TryGet(out var entry, out problem)
            || !OpeningOf(call).TryGet(out var opening, out problem))
            return call.Refuse(problem);
        if ((entry.Length > 0 || opening.Length > 0) && call.Arguments.Count > 1)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--entry and --fact belong to one receipt; give one file with them."));

        var exit = Exit.Done;
        foreach (var file in call.Arguments)
        {
            if (!ReadFile(call, file, Receipt.MaxBytes).TryGet(out var bytes, out problem))
                return call.Refuse(problem);
            var report = VerifyReport.OfReceipt(file, bytes, entry.Length > 0 ? entry : null, opening.Length > 0 ? opening : null, policy);
            if (call.Has(AsJson.Name))
                call.Out.WriteLine(report.Json());
            else
                report.Write(call.Out);
            if (!report.Accepted)
                exit = Exit.Failed;
        }

        if (exit == Exit.Failed && !call.Has(AsJson.Name))
            call.Error.WriteLine($"  More: cityhub explain {EvidenceProblems.Refused.Code}");
        return exit;
    }

    private static Result<WitnessPolicy> PolicyOf(VerbCall call)
    {
        if (call.Text(Policy.Name) is { } file)
        {
            if (call.Has(Log.Name))
                return UsageProblems.BadCommandLine.Because("--policy names the log already; --log is for those who have no policy.");
            if (!ReadFile(call, file, Receipt.MaxBytes).TryGet(out var bytes, out var problem))
                return problem;
            return WitnessPolicy.TryParse(bytes, out var policy, out var why) ? policy : LedgerProblems.PolicyUnusable.Because($"{file}: {why}");
        }

        if (!call.Has(Log.Name))
            return UsageProblems.BadCommandLine.Because("--policy is missing: which log and which witnesses do you trust?", "A receipt cannot say that itself. With the log's key alone: --log VKEY.");
        if (!Following.OneLog(call, Log.Name).TryGet(out var keys, out var unusable))
            return unusable;
        return WitnessPolicy.Parse(string.Concat(keys.Select(key => $"log {key}\n")) + "quorum none\n");
    }

    /// <summary>Salt and payload, as they were hashed; empty where not asked for.</summary>
    private static Result<byte[]> OpeningOf(VerbCall call)
    {
        if (call.Has(Fact.Name) != call.Has(Salt.Name))
            return UsageProblems.BadCommandLine.Because("--fact and --salt go together: the entry commits to both.");
        if (call.Text(Salt.Name) is not { } text)
            return Array.Empty<byte>();
        if (!OptionalFile(call, Fact).TryGet(out var payload, out var problem))
            return problem;
        var hex = text.Length == 64 && text.All(char.IsAsciiHexDigit);
        if (!(hex ? Convert.FromHexString(text) : ReadFile(call, text, Receipt.MaxBytes)).TryGet(out var salt, out problem))
            return problem;
        if (salt.Length != Crypto.Commitment.SaltSize)
            return UsageProblems.BadCommandLine.Because(string.Create(CultureInfo.InvariantCulture, $"A salt has {Crypto.Commitment.SaltSize} bytes; {text} has {salt.Length}."));
        return (byte[])[.. salt, .. payload];
    }

    private static Result<byte[]> OptionalFile(VerbCall call, Option option) =>
        call.Text(option.Name) is { } file ? ReadFile(call, file, 1 << 30) : Array.Empty<byte>();

    private static Result<byte[]> ReadFile(VerbCall call, string file, long most)
    {
        try
        {
            var path = call.Surroundings.PathOf(file);
            if (new FileInfo(path).Length > most)
                return UsageProblems.BadCommandLine.Because(string.Create(CultureInfo.InvariantCulture, $"{file} has more than {most} bytes; this is not what was asked for."));
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return UsageProblems.BadCommandLine.Because($"{file} cannot be read: {e.Message}");
        }
    }
}
