using System.Diagnostics.CodeAnalysis;
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
        new("cityhub verify evidence.zip --policy city.policy", "an evidence bundle; without a policy, by the one in it, which proves less: 3"),
    ];

    public Task<int> RunAsync(VerbCall call, CancellationToken cancel) => Task.FromResult(Run(call));

    private static int Run(VerbCall call)
    {
        if (call.Arguments.Count == 0)
            return call.Refuse(UsageProblems.BadCommandLine.Because("Which receipt or evidence? Give one file or more."));
        if (!TryPolicy(call, out var policy, out var problem) || !TryFile(call, Entry, out var entry, out problem) || !TryOpening(call, out var opening, out problem))
            return call.Refuse(problem);
        if ((entry is not null || opening is not null) && call.Arguments.Count > 1)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--entry and --fact belong to one receipt; give one file with them."));

        var exit = Exit.Done;
        foreach (var file in call.Arguments)
        {
            if (!ReadFile(call, file, EvidenceBundle.MaxBytes).TryGet(out var bytes, out problem))
                return call.Refuse(problem);
            VerifyReport report;
            if (EvidenceBundle.LooksLikeOne(bytes))
                report = VerifyReport.OfBundle(file, bytes, policy);
            else if (policy is null)
                return call.Refuse(UsageProblems.BadCommandLine.Because("--policy is missing: which log and which witnesses do you trust?", "A receipt cannot say that itself. With the log's key alone: --log VKEY."));
            else
                report = VerifyReport.OfReceipt(file, bytes, entry, opening, policy);
            if (call.Has(AsJson.Name))
                call.Out.WriteLine(report.Json());
            else
                report.Write(call.Out);
            if (!report.Accepted)
                exit = Exit.Failed;
            else if (report.ItsOwnWord && exit == Exit.Done)
                exit = Exit.Partly;
        }

        if (exit == Exit.Failed && !call.Has(AsJson.Name))
            call.Error.WriteLine($"  More: cityhub explain {EvidenceProblems.Refused.Code}");
        return exit;
    }

    /// <summary>False with a problem; null where none was named.</summary>
    private static bool TryPolicy(VerbCall call, out WitnessPolicy? policy, [NotNullWhen(false)] out Problem? problem)
    {
        (policy, problem) = (null, null);
        if (call.Text(Policy.Name) is { } file)
        {
            if (call.Has(Log.Name))
                problem = UsageProblems.BadCommandLine.Because("--policy names the log already; --log is for those who have no policy.");
            else if (ReadFile(call, file, Receipt.MaxBytes).TryGet(out var bytes, out problem) && !WitnessPolicy.TryParse(bytes, out policy, out var why))
                problem = LedgerProblems.PolicyUnusable.Because($"{file}: {why}");
        }
        else if (call.Has(Log.Name) && Following.OneLog(call, Log.Name).TryGet(out var keys, out problem))
        {
            policy = WitnessPolicy.Parse(string.Concat(keys.Select(key => $"log {key}\n")) + "quorum none\n");
        }

        return problem is null;
    }

    /// <summary>Salt and payload, as they were hashed; null where not asked for.</summary>
    private static bool TryOpening(VerbCall call, out byte[]? opening, [NotNullWhen(false)] out Problem? problem)
    {
        opening = null;
        if (call.Has(Fact.Name) != call.Has(Salt.Name))
        {
            problem = UsageProblems.BadCommandLine.Because("--fact and --salt go together: the entry commits to both.");
            return false;
        }

        if (!TryFile(call, Fact, out var payload, out problem))
            return false;
        if (payload is null || call.Text(Salt.Name) is not { } text)
            return true;
        var hex = text.Length == 64 && text.All(char.IsAsciiHexDigit);
        if (!(hex ? Convert.FromHexString(text) : ReadFile(call, text, Receipt.MaxBytes)).TryGet(out var salt, out problem))
            return false;
        if (salt.Length != Crypto.Commitment.SaltSize)
        {
            problem = UsageProblems.BadCommandLine.Because(string.Create(CultureInfo.InvariantCulture, $"A salt has {Crypto.Commitment.SaltSize} bytes; {text} has {salt.Length}."));
            return false;
        }

        opening = EvidenceEntry.OpeningOf(salt, payload);
        return true;
    }

    private static bool TryFile(VerbCall call, Option option, out byte[]? bytes, [NotNullWhen(false)] out Problem? problem)
    {
        (bytes, problem) = (null, null);
        return call.Text(option.Name) is not { } file || ReadFile(call, file, 1 << 30).TryGet(out bytes, out problem);
    }

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
